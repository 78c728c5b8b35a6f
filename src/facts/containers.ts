/** The containers of a server as Docker has them, whatever their state. A stack's are found by their labels, never by a guessed name. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { stackConfig } from './stack.ts'

export interface Container {
  /** 64 hex digits. */
  readonly id: string
  readonly name: string
  /** The Compose project that it belongs to; empty for one that was started without Compose. */
  readonly project: string
  /** The Compose service that it belongs to. */
  readonly service: string
  /** True for what `compose run` left: no part of the running stack. */
  readonly isOneOff: boolean
  /** Hash of the configuration that it was made from; `docker compose config --hash` gives the file's. */
  readonly configHash: string
  /** The image's name at the time it was made. */
  readonly image: string
  /** `sha256:…` of the image that it really runs. */
  readonly imageId: string
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`. */
  readonly status: string
  readonly exitCode: number
  readonly outOfMemory: boolean
  /** Docker's own words for why it did not start; empty otherwise. */
  readonly error: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly startedAt: string
  readonly finishedAt: string
  /** `healthy`, `unhealthy`, `starting`; null without a health check. */
  readonly health: string | null
  /** Failed health checks in a row. */
  readonly failingStreak: number
  /** What the last health check printed, at most 500 characters; empty without one. */
  readonly healthOutput: string
  /** How often Docker restarted it by itself. */
  readonly restarts: number
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  readonly restartPolicy: string
  /** Bytes; 0 without a limit. */
  readonly memoryLimit: number
  /** Empty: the image's, which is root where the image says nothing. */
  readonly user: string
  readonly privileged: boolean
  readonly readOnly: boolean
  readonly capDrop: readonly string[]
  readonly logDriver: string
  readonly logOptions: Readonly<Record<string, string>>
  /** Where its output lies on the host; empty for drivers without a file. */
  readonly logPath: string
  /** Process id on the host; 0 when it does not run. */
  readonly processId: number
  /** Addresses by network. */
  readonly networks: readonly { readonly name: string; readonly ipv4: string; readonly ipv6: string }[]
  /** Ports of it that the server passes on to it, while it runs. */
  readonly published: readonly PublishedPort[]
  readonly mounts: readonly {
    readonly type: string
    /** The volume's name; empty for a bind. */
    readonly volume: string
    readonly source: string
    readonly target: string
    readonly writable: boolean
  }[]
}

export interface PublishedPort {
  /** The container's name. */
  readonly container: string
  /** Address of this server that it is bound to: `0.0.0.0`, `::`, or one. */
  readonly address: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** Port inside the container. */
  readonly inside: number
}

/** What the script exits with where the daemon is stopped. */
const STOPPED = 45

// One JSON object a container. Nothing here can hold a secret: no environment, no command line.
// `.ID`, not `.Id`: with a name that Docker's own type lacks, the whole template falls back to raw JSON, in which a
// container without a health check has no `.State.Health` to ask about.
const TEMPLATE = [
  '{"id":{{json .ID}},"name":{{json .Name}},"labels":{',
  '"project":{{json (index .Config.Labels "com.docker.compose.project")}},',
  '"service":{{json (index .Config.Labels "com.docker.compose.service")}},',
  '"oneOff":{{json (index .Config.Labels "com.docker.compose.oneoff")}},',
  '"hash":{{json (index .Config.Labels "com.docker.compose.config-hash")}}},',
  '"image":{{json .Config.Image}},"imageId":{{json .Image}},"user":{{json .Config.User}},',
  '"created":{{json .Created}},"restarts":{{json .RestartCount}},"logPath":{{json .LogPath}},',
  '"state":{"status":{{json .State.Status}},"exitCode":{{json .State.ExitCode}},"oom":{{json .State.OOMKilled}},',
  '"error":{{json .State.Error}},"started":{{json .State.StartedAt}},"finished":{{json .State.FinishedAt}},"pid":{{json .State.Pid}}},',
  '"health":{{if .State.Health}}{"status":{{json .State.Health.Status}},"streak":{{json .State.Health.FailingStreak}},',
  '"output":{{$last := ""}}{{range .State.Health.Log}}{{$last = .Output}}{{end}}{{json (printf "%.500s" $last)}}}{{else}}null{{end}},',
  '"host":{"restart":{{json .HostConfig.RestartPolicy.Name}},"memory":{{json .HostConfig.Memory}},',
  '"privileged":{{json .HostConfig.Privileged}},"readOnly":{{json .HostConfig.ReadonlyRootfs}},',
  '"capDrop":{{json .HostConfig.CapDrop}},"log":{{json .HostConfig.LogConfig}}},',
  '"networks":{{json .NetworkSettings.Networks}},"ports":{{json .NetworkSettings.Ports}},"mounts":{{json .Mounts}}}',
].join('')

// Of containers that neither run nor belong to a Compose project nobody asks anything, and there may be hundreds. One
// that goes away between the list and its inspection spoils the answer: then it is asked for once more.
//
// Nearly everything about a stack waits for this answer. So the script itself looks whether the daemon is stopped, with
// the states of `isStopped`: to ask that first would be a round trip. Without systemd, or with one that hangs, no socket could start it.
const ALL = sh`
  case $(timeout 3 systemctl show docker.service -p LoadState -p ActiveState 2>/dev/null) in
    *LoadState=not-found*) ;;
    *ActiveState=inactive* | *ActiveState=failed* | *ActiveState=deactivating*) exit ${STOPPED} ;;
  esac
  read_all() {
    listed=$(docker ps -a --no-trunc --format '{{.ID}}|{{.Label "com.docker.compose.project"}}|{{.Status}}') || return 1
    containers=$(printf '%s\\n' "$listed" | awk -F '|' '$2 != "" || $3 ~ /^(Up|Restarting)/ { print $1 }')
    [ -z "$containers" ] || docker inspect --format ${TEMPLATE} $containers
  }
  answer=$(read_all 2>/dev/null) || answer=$(read_all) || exit 1
  printf '%s\\n' "$answer"
`

/**
 * Containers of the server: all that run, and those of Compose projects whatever their state. A daemon that is stopped
 * is not asked: its socket would start it, and reading must change nothing.
 *
 * @throws Unreadable when Docker does not run or cannot be asked.
 */
export const allContainers = fact('docker/containers', async (context): Promise<readonly Container[]> => {
  const result = await context.run(ALL, { as: 'root' })
  if (result.ending === 'exited' && result.exitCode === STOPPED)
    throw new Unreadable('the containers of the server could not be read: docker.service does not run')
  return parseContainers(outputOf(result, 'the containers of the server'))
})

/**
 * All containers of the stack that the file describes: running, stopped, and left over from services that the
 * file no longer has.
 *
 * @throws Unreadable when Docker or the file cannot be read.
 */
export const stackContainers = fact(
  'stack/containers',
  async (context, composeFile: string): Promise<readonly Container[]> => {
    // Both at once: nearly everything about a stack waits for them.
    const [{ project }, containers] = await Promise.all([
      context.read(stackConfig, composeFile),
      context.read(allContainers),
    ])
    if (project === '') throw new Unreadable(`Compose gives ${composeFile} no project’s name`)
    return containers.filter(container => container.project === project)
  },
)

/** Reads one JSON object a line. @throws Unreadable when a line is none. */
export function parseContainers(text: string): Container[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      try {
        return containerOf(JSON.parse(line) as Inspected)
      } catch {
        throw new Unreadable(`a container could not be read: “${line.slice(0, 80)}”`)
      }
    })
}

interface Inspected {
  id: string
  name: string
  labels: { project: string; service: string; oneOff: string; hash: string }
  image: string
  imageId: string
  user: string
  created: string
  restarts: number
  logPath: string
  state: {
    status: string
    exitCode: number
    oom: boolean
    error: string
    started: string
    finished: string
    pid: number
  }
  health: { status: string; streak: number; output: string } | null
  host: {
    restart: string
    memory: number
    privileged: boolean
    readOnly: boolean
    capDrop: string[] | null
    log: { Type: string; Config: Record<string, string> | null }
  }
  networks: Record<string, { IPAddress: string; GlobalIPv6Address: string }> | null
  ports: PortBindings | null
  mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean }[] | null
}

/** States in which a container has its environment and holds its ports: what `docker ps` lists unasked. */
const LIVE: readonly string[] = ['running', 'paused', 'restarting']
export const isLive = ({ status }: { readonly status: string }): boolean => LIVE.includes(status)

function containerOf(raw: Inspected): Container {
  const { state, host, health } = raw
  const name = raw.name.replace(/^\//, '')
  return {
    id: raw.id,
    name,
    project: raw.labels.project,
    service: raw.labels.service,
    isOneOff: raw.labels.oneOff === 'True',
    configHash: raw.labels.hash,
    image: raw.image,
    imageId: raw.imageId,
    status: state.status,
    exitCode: state.exitCode,
    outOfMemory: state.oom,
    error: state.error,
    createdAt: raw.created,
    startedAt: state.started,
    finishedAt: state.finished,
    health: health === null || health.status === 'none' ? null : health.status,
    failingStreak: health?.streak ?? 0,
    healthOutput: health?.output ?? '',
    restarts: raw.restarts,
    restartPolicy: host.restart || 'no',
    memoryLimit: host.memory,
    user: raw.user,
    privileged: host.privileged,
    readOnly: host.readOnly,
    capDrop: host.capDrop ?? [],
    logDriver: host.log.Type,
    logOptions: host.log.Config ?? {},
    logPath: raw.logPath,
    processId: state.pid,
    networks: Object.entries(raw.networks ?? {}).map(([name, { IPAddress, GlobalIPv6Address }]) => ({
      name,
      ipv4: IPAddress,
      ipv6: GlobalIPv6Address,
    })),
    // Docker forgets to take them back from a container that ended with the daemon.
    published: isLive(state) ? publishedBy(name, raw.ports ?? {}) : [],
    mounts: (raw.mounts ?? []).map(({ Type, Name, Source, Destination, RW }) => ({
      type: Type,
      volume: Type === 'volume' ? (Name ?? '') : '',
      source: Source,
      target: Destination,
      writable: RW,
    })),
  }
}

/** Ports by `5432/tcp`, each with where they are published; null for one that is open inside alone. */
export type PortBindings = Readonly<
  Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
>

/** What a container of that name publishes. */
export function publishedBy(container: string, ports: PortBindings): PublishedPort[] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [inside = '', protocol = ''] = key.split('/')
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return []
    return (bindings ?? []).map(({ HostIp, HostPort }) => ({
      container,
      address: HostIp === '' ? '0.0.0.0' : HostIp,
      port: Number(HostPort),
      protocol,
      inside: Number(inside),
    }))
  })
}

/** The container that a service runs in: the running one first; undefined when it was never made. */
export function containerOfService(containers: readonly Container[], service: string): Container | undefined {
  const own = containers.filter(container => container.service === service && !container.isOneOff)
  return own.find(({ status }) => status === 'running') ?? own[0]
}

/**
 * The running container of a service, for a check that asks something inside it.
 *
 * @throws Unreadable when there is none that runs.
 */
export const runningContainer = fact(
  'stack/running-container',
  async (context, composeFile: string, service: string): Promise<Container> => {
    const found = containerOfService(await context.read(stackContainers, composeFile), service)
    if (found?.status === 'running') return found
    throw new Unreadable(
      found === undefined
        ? `there is no container of ${service}`
        : `the container of ${service} does not run: it is ${found.status}`,
    )
  },
)

/** A script inside a container, on the standard input of its `sh`: nothing of it stands on a command line. */
export function insideContainer(container: { readonly id: string }, script: { readonly text: string }) {
  let mark = 'END_OF_SCRIPT'
  while (script.text.split('\n').includes(mark)) mark += '_'
  return sh`docker exec -i ${container.id} sh -s <<'${verbatim(mark)}'\n${verbatim(script.text)}\n${verbatim(mark)}\n`
}
