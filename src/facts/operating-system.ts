/** Which operating system this is, and whether it is a machine of its own or a container on someone else's. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface OperatingSystem {
  /** `debian`, `ubuntu`, …: the `ID` of os-release(5). */
  readonly id: string
  /** `12`, `24.04`; empty for a rolling release. */
  readonly version: string
  /** `bookworm`, `noble`; empty where the release has none. */
  readonly codename: string
  /** As a person calls it: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string
  /** `Linux` on every server that Kneeboard sets up. */
  readonly kernelName: string
  /** dpkg's name for it, `amd64` or `arm64`; the machine name of uname(1) where there is no dpkg. */
  readonly architecture: string
  readonly hasApt: boolean
  readonly hasSystemd: boolean
}

/** What the system says of itself. Read as the user that logged in: everyone may. */
export const operatingSystem = fact('operating-system', async (context): Promise<OperatingSystem> => {
  const release = await context.run(sh`cat /etc/os-release || cat /usr/lib/os-release`)
  const kind = await context.run(sh`
    uname -s
    dpkg --print-architecture 2>/dev/null || uname -m
    if command -v apt-get >/dev/null; then echo apt; else echo no-apt; fi
    if [ -d /run/systemd/system ]; then echo systemd; else echo no-systemd; fi
  `)
  const [kernelName = '', architecture = '', apt, systemd] = outputOf(kind, 'the kind of system').split('\n')
  const values = parseOsRelease(outputOf(release, '/etc/os-release'))
  const id = values.get('ID') ?? 'linux'
  return {
    id,
    version: values.get('VERSION_ID') ?? '',
    codename: values.get('VERSION_CODENAME') ?? '',
    name: values.get('PRETTY_NAME') ?? id,
    kernelName,
    architecture,
    hasApt: apt === 'apt',
    hasSystemd: systemd === 'systemd',
  }
})

/**
 * The kind of container this system runs in (`docker`, `lxc`, …), or null on a machine with a kernel of its own.
 * The kernel, the clock and swap of a container belong to its host.
 */
export const containerKind = fact('container-kind', async (context): Promise<string | null> => {
  const result = await context.run(
    sh`
      if command -v systemd-detect-virt >/dev/null; then
        systemd-detect-virt --container
      elif [ -s /run/systemd/container ]; then
        cat /run/systemd/container
      elif [ -e /.dockerenv ]; then
        echo docker
      else
        echo 'systemd-detect-virt is not installed' >&2
        exit 127
      fi
    `,
    { as: 'root' },
  )
  // systemd-detect-virt(1) says "none" with exit status 1 where there is no container.
  const kind = outputOf(result, 'whether this is a container', [0, 1]).trim()
  return kind === 'none' || kind === '' ? null : kind
})

/** The assignments of os-release(5): the shell's quoting, of which only quotes and backslashes occur. */
export function parseOsRelease(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(.*)$/.exec(line.trim())
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], unquote(match[2]))
  }
  return values
}

function unquote(value: string): string {
  const inner = /^"(.*)"$/.exec(value)?.[1] ?? /^'(.*)'$/.exec(value)?.[1] ?? value
  return inner.replace(/\\(["$`\\])/g, '$1')
}
