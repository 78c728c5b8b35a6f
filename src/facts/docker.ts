/** The Docker installation: what is on the disk, what the service is set to, and what the daemon answers. */

import { type CommandResult, outputOf, Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** A program that calls itself docker, and what it really is. */
export interface DockerProgram {
  readonly path: string
  /** Where its links lead. */
  readonly resolved: string
}

export interface DockerInstallation {
  /** Every `docker` that a login could find, in the usual order of the search path. */
  readonly clients: readonly DockerProgram[]
  /** Every `dockerd` outside snap. */
  readonly daemons: readonly DockerProgram[]
  readonly snap: boolean
}

/** Where programs lie that a login, root or a service would find. `/snap/bin` comes first on no system, but is on many. */
const PLACES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/snap/bin'] as const

/** @throws Unreadable when the places could not be looked at. */
export const dockerInstallation = fact('docker/installation', async context => {
  const result = await context.run(sh`
    for place in ${PLACES}; do
      for name in docker dockerd; do
        if [ -e "$place/$name" ]; then
          printf '%s\\t%s\\n' "$place/$name" "$(readlink -f "$place/$name")"
        fi
      done
    done
  `)
  return parseInstallation(outputOf(result, 'where Docker is installed'))
})

/** Reads lines of `path TAB resolved path`. On merged systems one program shows once. */
export function parseInstallation(text: string): DockerInstallation {
  const programs = new Map<string, DockerProgram>()
  for (const line of text.split('\n')) {
    const [path, resolved] = line.split('\t')
    if (path === undefined || resolved === undefined) continue
    const key = path.startsWith('/snap/') ? path : `${path.split('/').at(-1)} ${resolved}`
    if (!programs.has(key)) programs.set(key, { path, resolved })
  }
  const all = [...programs.values()]
  const inSnap = (program: DockerProgram) => program.path.startsWith('/snap/')
  return {
    clients: all.filter(program => program.path.endsWith('/docker')),
    daemons: all.filter(program => program.path.endsWith('/dockerd') && !inSnap(program)),
    snap: all.some(inSnap),
  }
}

/** What systemd says of `docker.service`. */
export interface DockerService {
  /** `loaded`, `not-found`, `masked` … */
  readonly load: string
  /** `active`, `inactive`, `failed`, `activating` … */
  readonly active: string
  /** `enabled`, `disabled`, `masked` …; empty when there is no unit. */
  readonly enabled: string
  /** Process id of the daemon, 0 when it does not run. */
  readonly processId: number
  /** When the daemon's process started, as systemd writes it in UTC; empty when it does not run. */
  readonly startedAt: string
}

/** @throws Unreadable where there is no systemd. */
export const dockerService = fact('docker/service', async context => {
  const result = await context.run(sh`
    TZ=UTC systemctl show docker.service \\
      -p LoadState -p ActiveState -p UnitFileState -p MainPID -p ExecMainStartTimestamp
  `)
  return parseService(outputOf(result, 'the state of docker.service'))
})

/** Reads `systemctl show`'s `Key=value` lines. @throws Unreadable when the states are not among them. */
export function parseService(text: string): DockerService {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]
  const load = value('LoadState')
  const active = value('ActiveState')
  if (load === undefined || active === undefined) {
    throw new Unreadable('the state of docker.service could not be read: systemctl show gave no states')
  }
  return {
    load,
    active,
    enabled: value('UnitFileState') ?? '',
    processId: Number(value('MainPID') ?? 0),
    startedAt: value('ExecMainStartTimestamp') ?? '',
  }
}

/** True for a service that is there and does not run, nor is about to. */
export const isStopped = ({ active, load }: DockerService): boolean =>
  ['inactive', 'failed', 'deactivating'].includes(active) && load !== 'not-found'

/** What the daemon says of itself. */
export interface DockerDaemon {
  readonly version: string
  /** Where images, containers and volumes are kept. */
  readonly root: string
  readonly liveRestore: boolean
  readonly containersRunning: number
  /** The log driver of new containers. */
  readonly logDriver: string
  readonly storageDriver: string
  /** For instance `extfs`, `xfs`; empty when the storage driver does not tell. */
  readonly backingFileSystem: string
  /** False where overlay file systems lose files: XFS made without ftype. */
  readonly supportsFileTypes: boolean
  readonly swarm: boolean
}

/** The daemon's answer, or why it gave none. */
export type DaemonAnswer =
  | { readonly answers: true; readonly daemon: DockerDaemon }
  | { readonly answers: false; readonly reason: string }

/**
 * A service that does not run is not asked: its socket would start it, and reading must change nothing.
 *
 * @throws Unreadable when it could not even be asked: no client, no permission, no answer in time.
 */
export const dockerDaemon = fact('docker/daemon', async (context): Promise<DaemonAnswer> => {
  const service = await context.read(dockerService)
  if (isStopped(service)) {
    return { answers: false, reason: `docker.service is ${service.active}` }
  }
  const result = await context.run(sh`docker info --format '{{json .}}'`, { as: 'root' })
  return daemonAnswer(result)
})

/** @throws Unreadable when there is no client, or its answer is neither a daemon's nor a refusal. */
export function daemonAnswer(result: CommandResult): DaemonAnswer {
  if (result.ending !== 'exited' || result.exitCode === 126 || result.exitCode === 127) {
    throw new Unreadable(`the Docker daemon could not be asked: ${whyNot(result)}`)
  }
  // Old clients exit 0 and put the refusal into the JSON; new ones exit 1 and do both.
  const info = parseJsonObject(result.stdout)
  if (info && typeof info.ServerVersion === 'string' && info.ServerVersion !== '') {
    return { answers: true, daemon: daemonOf(info, info.ServerVersion) }
  }
  const refused = Array.isArray(info?.ServerErrors) ? info.ServerErrors.map(String) : []
  const reason = refused[0] ?? result.stderr.trim().split('\n')[0] ?? ''
  if (reason === '') throw new Unreadable('the Docker daemon could not be asked: docker info said nothing')
  return { answers: false, reason }
}

function daemonOf(info: Record<string, unknown>, version: string): DockerDaemon {
  const root = info.DockerRootDir
  if (typeof root !== 'string' || !root.startsWith('/')) {
    throw new Unreadable('the Docker daemon names no directory that it keeps its data in')
  }
  const driverStatus = new Map(
    (Array.isArray(info.DriverStatus) ? info.DriverStatus : [])
      .filter((pair): pair is [string, string] => Array.isArray(pair) && pair.length === 2)
      .map(([key, value]) => [String(key), String(value)]),
  )
  const swarm = info.Swarm as { LocalNodeState?: unknown } | null | undefined
  return {
    version,
    root,
    liveRestore: info.LiveRestoreEnabled === true,
    containersRunning: Number(info.ContainersRunning ?? 0),
    logDriver: String(info.LoggingDriver ?? ''),
    storageDriver: String(info.Driver ?? ''),
    backingFileSystem: driverStatus.get('Backing Filesystem') ?? '',
    supportsFileTypes: driverStatus.get('Supports d_type') !== 'false',
    swarm: swarm?.LocalNodeState === 'active',
  }
}

function parseJsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

/**
 * The daemon, for a check that stands after `docker/engine-running`.
 *
 * @throws Unreadable when it does not answer.
 */
export function answering(answer: DaemonAnswer): DockerDaemon {
  if (answer.answers) return answer.daemon
  throw new Unreadable(`the Docker daemon does not answer: ${answer.reason}`)
}
