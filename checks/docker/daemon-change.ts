/** How every change of the Docker daemon's configuration is made: merged, checked, restarted, and able to go back. */

import { answering, dockerDaemon } from '../../src/facts/docker.ts'
import {
  type DaemonConfiguration,
  daemonConfiguration,
  validateDaemonJson,
} from '../../src/facts/docker-daemon.ts'
import { type Action, lastingAction, mergeJson, runAction } from '../../src/model/action.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { RemedyPlan } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'

/** The keys that Kneeboard ever sets. */
export interface DaemonPatch {
  readonly 'log-driver'?: string
  readonly 'log-opts'?: Readonly<Record<string, string>>
  readonly 'live-restore'?: boolean
  readonly dns?: readonly string[]
}

/** Long enough for a reload, a slow restart, the wait for an answer, and a fresh login. */
const REVERT_SECONDS = 180

/** Waits until the daemon answers, for at most a minute. */
export function waitForDocker(): Action {
  return {
    type: 'wait',
    title: 'Wait until Docker answers',
    script: sh`docker info >/dev/null`.text,
    as: 'root',
    everySeconds: 1,
    timeoutSeconds: 60,
  }
}

/** A restart that systemd does not refuse because of earlier ones: docker.service allows three a minute. */
export function restartDocker(): Action {
  return lastingAction('Restart Docker', RESTART, { timeoutSeconds: 180 })
}

const RESTART = sh`
  systemctl reset-failed docker.service 2>/dev/null || true
  systemctl restart docker.service
`

/**
 * A plan that merges keys into the daemon's file and puts the whole file in force. An empty patch only does the
 * latter. Containers keep running through the restart when live-restore is on before it: it is the one of these
 * settings that a reload puts in force.
 *
 * @throws Unreadable when the file cannot be understood, or when an option on the daemon's command line says
 *   the same as a key would: Docker does not start when both do.
 */
export async function planDaemonChange(context: ReadContext, patch: DaemonPatch): Promise<RemedyPlan> {
  const [configuration, answer] = await Promise.all([
    context.read(daemonConfiguration),
    context.read(dockerDaemon),
  ])
  const daemon = answering(answer)
  if (configuration.broken !== '') {
    throw new Unreadable(`${configuration.path} cannot be merged into: ${configuration.broken}`)
  }
  refuseDoubles(configuration, patch)

  const changes = Object.keys(patch).length > 0
  const running = daemon.containersRunning
  const willLive = patch['live-restore'] ?? configuration.keys?.['live-restore'] ?? false
  const reloadFirst = running > 0 && !daemon.liveRestore && willLive
  const stops = running > 0 && !daemon.liveRestore
  return {
    actions: [
      ...(changes ? merge(configuration, patch) : proveFile(configuration)),
      ...(reloadFirst ? liveRestoreFirst() : []),
      restartDocker(),
      waitForDocker(),
    ],
    touches: [
      ...(changes ? [`${configuration.path}: ${Object.keys(patch).join(', ')}`] : []),
      'docker.service',
    ],
    interrupts: interruption(running, stops, reloadFirst),
    undo: changes ? undoOf(configuration) : 'nothing to go back to: only Docker was restarted',
    expectedSeconds: 10,
    ...(changes ? { guard: { revert: revertTo(configuration), afterSeconds: REVERT_SECONDS } } : {}),
    ...(stops ? { grade: 'disruptive' } : {}),
  }
}

function interruption(running: number, stops: boolean, reloadFirst: boolean): string {
  const containers = running === 1 ? 'the one running container' : `the ${running} running containers`
  if (running === 0) return 'Docker’s commands for a few seconds; no container is running'
  if (!stops) return `Docker’s commands for a few seconds; ${containers} will keep running`
  if (!reloadFirst) return `Docker for a few seconds, and ${containers} with it`
  return `Docker’s commands for a few seconds. Live-restore is switched on first, so that ${containers} should keep running; as it was never on here, be prepared for a restart of them`
}

/** A file that somebody else changed is tried before the restart depends on it, where this dockerd can. */
function proveFile({ path, canValidate }: DaemonConfiguration): Action[] {
  if (!canValidate) return []
  return [runAction(`Check ${path}`, sh`dockerd --validate --config-file ${path}`)]
}

function merge(configuration: DaemonConfiguration, patch: DaemonPatch): Action[] {
  const checked = configuration.canValidate
    ? 'checked by dockerd --validate'
    : 'only its syntax can be checked: dockerd --validate came with Docker 23'
  return [
    mergeJson(configuration.path, structuredClone(patch) as Parameters<typeof mergeJson>[1], {
      title: `Merge into ${configuration.path} (${checked})`,
      validate: validateDaemonJson(configuration.canValidate),
    }),
  ]
}

function liveRestoreFirst(): Action[] {
  return [
    runAction('Reload Docker, which switches live-restore on', sh`systemctl reload docker.service`),
    {
      type: 'wait',
      title: 'Wait until live-restore is on; without it nothing is restarted',
      script: sh`[ "$(docker info --format '{{.LiveRestoreEnabled}}')" = true ]`.text,
      as: 'root',
      everySeconds: 0.5,
      timeoutSeconds: 20,
    },
  ]
}

function refuseDoubles({ flags, path }: DaemonConfiguration, patch: DaemonPatch): void {
  // The command line calls these lists by their singular.
  const flagOf = { 'log-opts': 'log-opt' } as const
  const doubles = Object.keys(patch).filter(key =>
    flags.includes(key === 'log-opts' ? flagOf['log-opts'] : key),
  )
  if (doubles.length === 0) return
  throw new Unreadable(
    `the daemon is started with the option ${doubles.map(key => `--${key}`).join(', ')}, and would not start with the same in ${path}: take it out of the unit first (systemctl cat docker.service)`,
  )
}

function revertTo({ path, text }: DaemonConfiguration): Script {
  const restore = text === null ? sh`rm -f -- ${path}` : sh`printf %s ${text} > ${path}`
  return sh`
    ${restore}
    ${RESTART}
  `
}

function undoOf({ path, text }: DaemonConfiguration): string {
  return text === null
    ? `rm ${path}; systemctl restart docker`
    : `put the kept copy of ${path} back; systemctl restart docker`
}
