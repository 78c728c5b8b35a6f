/** Images, containers, networks and volumes, as the engine keeps them. */

import type { FileSystem } from '../../system/file-system.ts'
import type { DirectoryNode } from '../../system/nodes.ts'
import type { Process } from '../../system/process.ts'

export interface Healthcheck {
  readonly test: readonly string[]
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly startPeriodMs: number
  readonly retries: number
}

export interface ImageConfig {
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly WorkingDir: string
  readonly User: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Volumes: readonly string[]
  readonly StopSignal: string
}

export interface Image {
  /** `sha256:` and 64 hex digits. */
  readonly id: string
  tags: string[]
  readonly digest: string
  readonly created: number
  readonly size: number
  readonly config: ImageConfig
  /** The files that every container of it starts with. */
  readonly root: () => DirectoryNode
}

export interface Mount {
  readonly type: 'bind' | 'volume' | 'tmpfs'
  /** The volume's name; empty for a bind. */
  readonly name: string
  readonly source: string
  readonly target: string
  readonly writable: boolean
}

export interface PortBinding {
  readonly inside: number
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly published: number
}

export interface Network {
  readonly id: string
  readonly name: string
  readonly subnet: string
  readonly labels: Readonly<Record<string, string>>
}

export interface Volume {
  readonly name: string
  readonly mountpoint: string
  readonly created: number
  readonly labels: Readonly<Record<string, string>>
}

/** What a container is made from. */
export interface ContainerPlan {
  readonly name: string
  readonly image: Image
  /** The image's name as it was asked for. */
  readonly imageName: string
  readonly command: readonly string[]
  readonly entrypoint: readonly string[] | undefined
  readonly environment: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly workingDirectory: string
  readonly user: string
  readonly hostname: string
  readonly restart: string
  readonly memory: number
  readonly shmSize: number
  readonly init: boolean
  readonly privileged: boolean
  readonly readOnly: boolean
  readonly capDrop: readonly string[]
  readonly logDriver: string
  readonly logOptions: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
  readonly ports: readonly PortBinding[]
  /** Names of networks with the names that the container has on each. */
  readonly networks: Readonly<Record<string, readonly string[]>>
  readonly healthcheck: Healthcheck | undefined
  readonly autoRemove: boolean
  /** Lines of its own in /etc/hosts, as `name:address`. */
  readonly extraHosts?: readonly string[]
}

export interface LogLine {
  readonly at: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface Health {
  status: 'starting' | 'healthy' | 'unhealthy'
  streak: number
  log: { start: number; end: number; exitCode: number; output: string }[]
}

export interface Container {
  readonly id: string
  readonly plan: ContainerPlan
  name: string
  readonly created: number
  status: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead'
  exitCode: number
  oomKilled: boolean
  error: string
  startedAt: number
  finishedAt: number
  restarts: number
  /** Stopped on purpose: `unless-stopped` leaves it so. */
  stoppedByHand: boolean
  health: Health | undefined
  /** Addresses by network, while it runs. */
  readonly addresses: Map<string, string>
  readonly files: FileSystem
  readonly logs: LogLine[]
  main: Process | undefined
  timers: NodeJS.Timeout[]
  memoryLimit: number
}
