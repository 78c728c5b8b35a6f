/** How far the system has started, and whether it waits to be started anew. */

import { outputOf, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface FirstBoot {
  /** systemd's word: `initializing`, `starting`, `running`, `degraded`, `maintenance`, `stopping`. */
  readonly systemState: string
  /** cloud-init's word: `not started`, `running`, `done`, `degraded`, `error`, `disabled`; null where it is not installed. */
  readonly cloudInit: string | null
}

export interface RebootState {
  /** Packages that asked for a reboot; null when none has. Empty when one asked without a name. */
  readonly requestedBy: readonly string[] | null
  /** `uname -r` and `uname -v` of the kernel that runs. */
  readonly runningRelease: string
  readonly runningBuild: string
  /** Releases of the kernels in /boot. */
  readonly installedReleases: readonly string[]
  /** Version of the package of the running kernel; empty where no package has it. */
  readonly packageVersion: string
}

export const firstBoot = fact('first-boot', async (context): Promise<FirstBoot> => {
  // Exit status 1 with "starting" or "degraded" is an answer. `cloud-init status` ends with 1 or 2 after errors.
  const system = await context.run(sh`systemctl is-system-running`)
  const cloud = await context.run(sh`command -v cloud-init >/dev/null || exit 44; cloud-init status`, {
    as: 'root',
    timeoutSeconds: 30,
  })
  const systemState = outputOf(system, 'whether the system has started', [0, 1]).trim()
  if (cloud.ending === 'exited' && cloud.exitCode === 44) return { systemState, cloudInit: null }
  const text = outputOf(cloud, 'the state of cloud-init', [0, 1, 2])
  return { systemState, cloudInit: parseCloudInit(text) ?? `unreadable: ${whyNot(cloud)}` }
})

/** `status: running`; null when the line is missing. */
export function parseCloudInit(text: string): string | null {
  return /^status: (.+)$/m.exec(text)?.[1]?.trim() ?? null
}

export const rebootState = fact('reboot-state', async (context): Promise<RebootState> => {
  const result = await context.run(sh`
    uname -r
    uname -v
    dpkg-query -W -f='\${Version}' -- "linux-image-$(uname -r)" 2>/dev/null || true
    echo
    for kernel in /boot/vmlinuz-*; do
      [ ! -e "$kernel" ] || echo "kernel \${kernel#/boot/vmlinuz-}"
    done
    if [ -e /run/reboot-required ] || [ -e /var/run/reboot-required ]; then echo requested; fi
    if [ -e /run/reboot-required.pkgs ]; then sed 's/^/by /' /run/reboot-required.pkgs; fi
  `)
  return parseRebootState(outputOf(result, 'whether a reboot is pending'))
})

export function parseRebootState(text: string): RebootState {
  const [runningRelease = '', runningBuild = '', packageVersion = '', ...lines] = text.split('\n')
  const after = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1).trim())
  return {
    requestedBy: lines.includes('requested') ? [...new Set(after('by'))] : null,
    runningRelease,
    runningBuild,
    installedReleases: after('kernel'),
    packageVersion,
  }
}

/**
 * The kernel that the next boot would start, if it is a newer one than runs now: a higher release of the same
 * flavour, or a newer build of the same release (Debian keeps the release name over security fixes and writes
 * the package's version into `uname -v`). Null when the newest one runs.
 */
export function newerKernel(state: RebootState): string | null {
  const flavour = flavourOf(state.runningRelease)
  const newest = state.installedReleases
    .filter(release => flavourOf(release) === flavour)
    .reduce((best, next) => (compareReleases(next, best) > 0 ? next : best), state.runningRelease)
  if (newest !== state.runningRelease) return newest
  const build = /\bDebian (\S+)/.exec(state.runningBuild)?.[1]
  if (build !== undefined && state.packageVersion !== '' && build !== state.packageVersion)
    return `${state.runningRelease}, build ${state.packageVersion}`
  return null
}

/** `amd64` of `6.1.0-18-amd64`, `cloud-amd64` of `6.1.0-18-cloud-amd64`, `generic` of `5.15.0-91-generic`. */
function flavourOf(release: string): string {
  return /-([a-z][a-z0-9-]*)$/.exec(release)?.[1] ?? ''
}

/** By their numbers, from the left. */
function compareReleases(a: string, b: string): number {
  const numbers = (release: string) => (release.match(/\d+/g) ?? []).map(Number)
  const [left, right] = [numbers(a), numbers(b)]
  for (let place = 0; place < Math.max(left.length, right.length); place++) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
