/** The Docker engine: images, networks, volumes, and containers that start, die and are started again. */

import { randomBytes } from 'node:crypto'
import { FileSystem } from '../../system/file-system.ts'
import { type DirectoryNode, directoryNode, type Node } from '../../system/nodes.ts'
import type { OpenFile } from '../../system/open-file.ts'
import type { Process } from '../../system/process.ts'
import { findUser } from '../accounts.ts'
import { layDevices, mountContainerProc } from '../proc.ts'
import { roleOf } from '../shop/roles.ts'
import type { World } from '../world.ts'
import { LogStream } from './log-stream.ts'
import type { Container, ContainerPlan, Image, ImageConfig, Network, Volume } from './types.ts'

export const newId = (): string => randomBytes(32).toString('hex')

export class DockerError extends Error {
  override readonly name = 'DockerError'
}

export class Docker {
  readonly world: World
  readonly images = new Map<string, Image>()
  readonly containers = new Map<string, Container>()
  readonly networks = new Map<string, Network>()
  readonly volumes = new Map<string, Volume>()
  /** Images that the registries have, by name: pulled from there. */
  readonly registry = new Map<string, Image>()
  #running = false
  liveRestore = false
  logDriver = 'json-file'
  logOptions: Readonly<Record<string, string>> = {}
  dns: readonly string[] = []
  root = '/var/lib/docker'
  buildCacheBytes = 0

  constructor(world: World) {
    this.world = world
    for (const name of ['bridge', 'host', 'none'])
      this.#addNetwork(name, name === 'bridge' ? '172.17' : '', {})
    world.names.containers = (process, name) => this.#resolve(process, name)
    world.names.reachable = process => process.container === undefined || this.#containerHasDns(process)
    world.network.listen(() =>
      [...this.containers.values()]
        .filter(({ status }) => status === 'running')
        .flatMap(({ plan }) =>
          plan.ports.flatMap(({ address, published, protocol }) =>
            (address === '' || address === '0.0.0.0' ? ['0.0.0.0', '[::]'] : [address]).map(bound => ({
              protocol,
              address: bound,
              port: published,
              program: 'docker-proxy',
              pid: 900 + (published % 100),
            })),
          ),
        ),
    )
  }

  get running(): boolean {
    return this.#running
  }

  /** @returns why it does not start. */
  start(): string | undefined {
    const error = this.#readConfiguration(true)
    if (error !== undefined) return error
    this.#running = true
    this.world.files.folder(this.root, 0o710)
    for (const container of this.containers.values()) {
      const { restart } = container.plan
      if (container.status === 'running') continue
      if (restart === 'always' || (restart === 'unless-stopped' && !container.stoppedByHand))
        void this.startContainer(container)
    }
    return undefined
  }

  stop(): void {
    this.#running = false
    if (this.liveRestore) return
    for (const container of this.containers.values())
      if (container.status === 'running') this.end(container, 0, false)
  }

  /** A reload puts live-restore in force, and little else. */
  reload(): undefined {
    this.#readConfiguration(false)
    return undefined
  }

  /** The machine went down: nothing had time to end properly. */
  powerLost(): void {
    this.#running = false
    for (const container of this.containers.values())
      if (container.status === 'running') this.end(container, 137, false)
  }

  /** What dockerd says against a configuration file; undefined when it takes it. */
  validate(text: string): string | undefined {
    if (text.trim() === '') return undefined
    let value: Record<string, unknown>
    try {
      value = JSON.parse(text) as Record<string, unknown>
    } catch (error) {
      return `invalid character: ${(error as Error).message}`
    }
    const known = [
      'log-driver',
      'log-opts',
      'live-restore',
      'dns',
      'data-root',
      'iptables',
      'ipv6',
      'storage-driver',
      'registry-mirrors',
      'insecure-registries',
      'default-address-pools',
      'userland-proxy',
      'bip',
      'mtu',
      'debug',
      'features',
      'builder',
      'exec-opts',
      'metrics-addr',
      'fixed-cidr-v6',
      'experimental',
      'ip',
      'hosts',
      'userns-remap',
      'no-new-privileges',
      'default-ulimits',
      'max-concurrent-downloads',
      'icc',
      'dns-opts',
      'dns-search',
    ]
    const odd = Object.keys(value).filter(key => !known.includes(key))
    return odd.length > 0
      ? `the following directives don't match any configuration option: ${odd.join(', ')}`
      : undefined
  }

  #readConfiguration(all: boolean): string | undefined {
    const text = this.world.files.text('/etc/docker/daemon.json')
    const error = this.validate(text)
    if (error !== undefined)
      return `unable to configure the Docker daemon with file /etc/docker/daemon.json: ${error}`
    const value = (text.trim() === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    this.liveRestore = value['live-restore'] === true
    if (!all) return undefined
    this.logDriver = String(value['log-driver'] ?? 'json-file')
    this.logOptions = (value['log-opts'] ?? {}) as Record<string, string>
    this.dns = (value.dns ?? []) as string[]
    return undefined
  }

  /** By name with or without tag, by id or its beginning. */
  image(name: string): Image | undefined {
    const tagged = /:[^/]+$/.test(name) || name.includes('@') ? name : `${name}:latest`
    const bare = name.replace(/^sha256:/, '')
    return [...this.images.values()].find(
      image =>
        image.tags.includes(tagged) ||
        image.id === name ||
        (/^[0-9a-f]{4,}$/.test(bare) && image.id.slice(7).startsWith(bare)) ||
        `${tagged.split('@')[0]}@${image.digest}` === name,
    )
  }

  addImage(
    name: string,
    config: Partial<ImageConfig>,
    options: { size?: number; created?: number; root?: () => DirectoryNode } = {},
  ): Image {
    const image: Image = {
      id: `sha256:${newId()}`,
      tags: [name.includes(':') ? name : `${name}:latest`],
      digest: `sha256:${newId()}`,
      created: options.created ?? this.world.machine.now(),
      size: options.size ?? 5_000_000,
      config: {
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        Cmd: [],
        Entrypoint: [],
        WorkingDir: '',
        User: '',
        Labels: {},
        Volumes: [],
        StopSignal: '',
        ...config,
      },
      root: options.root ?? (() => directoryNode()),
    }
    for (const other of this.images.values()) other.tags = other.tags.filter(tag => !image.tags.includes(tag))
    this.images.set(image.id, image)
    this.world.disk.usedBytes += image.size
    return image
  }

  /** Whether the registry of an image's name answers at all. */
  registryAnswers(name: string): boolean {
    const [host = ''] = name.includes('/') ? name.split('/') : ['docker.io']
    return !host.includes('.') || this.world.names.lookUp(host, 'A').length > 0
  }

  removeImage(image: Image): void {
    this.images.delete(image.id)
    this.world.disk.usedBytes -= image.size
  }

  /** By name, id or its beginning. */
  find(name: string): Container | undefined {
    const wanted = name.replace(/^\//, '')
    const all = [...this.containers.values()]
    return (
      all.find(container => container.name === wanted || container.id === wanted) ??
      (/^[0-9a-f]{3,}$/.test(wanted) ? all.find(({ id }) => id.startsWith(wanted)) : undefined)
    )
  }

  network(name: string): Network | undefined {
    return (
      this.networks.get(name) ??
      [...this.networks.values()].find(({ id }) => id.startsWith(name) && name.length > 3)
    )
  }

  #addNetwork(name: string, prefix: string, labels: Readonly<Record<string, string>>): Network {
    const network: Network = { id: newId(), name, subnet: prefix === '' ? '' : `${prefix}.0.0/16`, labels }
    this.networks.set(name, network)
    return network
  }

  createNetwork(name: string, labels: Readonly<Record<string, string>> = {}): Network {
    const used = new Set([...this.networks.values()].map(({ subnet }) => subnet.split('.')[1]))
    let second = 18
    while (used.has(String(second))) second++
    return this.#addNetwork(name, `172.${second}`, labels)
  }

  volume(name: string, labels: Readonly<Record<string, string>> = {}): Volume {
    let volume = this.volumes.get(name)
    if (!volume) {
      volume = {
        name,
        mountpoint: `${this.root}/volumes/${name}/_data`,
        created: this.world.machine.now(),
        labels,
      }
      this.volumes.set(name, volume)
      this.world.files.folder(volume.mountpoint)
    }
    return volume
  }

  /** @throws DockerError when the name is taken. */
  create(plan: ContainerPlan): Container {
    const taken = this.find(plan.name)
    if (taken?.name === plan.name)
      throw new DockerError(
        `Conflict. The container name "/${plan.name}" is already in use by container "${taken.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      )
    const root = plan.image.root()
    const container: Container = {
      id: newId(),
      plan,
      name: plan.name,
      created: this.world.machine.now(),
      status: 'created',
      exitCode: 0,
      oomKilled: false,
      error: '',
      startedAt: 0,
      finishedAt: 0,
      restarts: 0,
      stoppedByHand: false,
      health: undefined,
      addresses: new Map(),
      files: new FileSystem(root, this.world.disk),
      logs: [],
      main: undefined,
      timers: [],
      memoryLimit: plan.memory,
    }
    this.#mount(container)
    this.containers.set(container.id, container)
    return container
  }

  /** A bind mount or a volume is the same node in the container's tree as on the host. */
  #mount(container: Container): void {
    const { plan, files } = container
    for (const { type, name, source, target } of plan.mounts) {
      if (type === 'tmpfs') {
        files.folder(target)
        continue
      }
      if (type === 'volume') this.volume(name)
      const node = this.world.files.maybe(source) ?? this.world.files.folder(source)
      if (type === 'volume' && node.kind === 'directory' && node.entries.size === 0)
        this.#fill(node, files.maybe(target))
      const folder = files.folder(target.slice(0, target.lastIndexOf('/')) || '/')
      folder.entries.set(target.slice(target.lastIndexOf('/') + 1), node)
    }
    files.write('/etc/hosts', this.#hosts(plan))
    files.write('/etc/hostname', `${plan.hostname}\n`)
    files.write('/.dockerenv', '')
    layDevices(files)
    mountContainerProc(this.world, container)
  }

  /** A container that joins another one's network stack has its hosts file, too. */
  #hosts({ networks, extraHosts = [] }: ContainerPlan): string {
    const joined = /^container:(.*)/.exec(Object.keys(networks)[0] ?? '')?.[1]
    const host = joined === undefined ? undefined : this.find(joined)
    if (host) return host.files.text('/etc/hosts')
    const lines = extraHosts
      .map(text => text.split(/:(.*)/s))
      .map(([name, address]) => `${address}\t${name}\n`)
    return `127.0.0.1\tlocalhost\n${lines.join('')}`
  }

  /** An empty volume gets what the image has at that place. */
  #fill(volume: DirectoryNode, there: Node | undefined): void {
    if (there?.kind !== 'directory') return
    Object.assign(volume, { uid: there.uid, gid: there.gid, mode: there.mode })
    for (const [name, node] of there.entries) volume.entries.set(name, node)
  }

  /** It runs from now on, on its networks, with a main process that the caller brings. */
  join(container: Container): void {
    this.#giveAddresses(container)
    Object.assign(container, { status: 'running', startedAt: this.world.machine.now(), exitCode: 0 })
  }

  /** A signal that does not end the main process: nginx and others read their files again. */
  signalMain(container: Container, signal: 'HUP' | 'USR1'): void {
    const handler = container.main?.handlers.get(signal)
    if (typeof handler === 'function') handler(signal)
  }

  /** @throws DockerError when a port is taken or an image lacks the program. */
  async startContainer(container: Container): Promise<void> {
    if (container.status === 'running') return
    const { plan } = container
    for (const { published, address } of plan.ports) {
      const other = this.world.network
        .sockets()
        .find(socket => socket.port === published && socket.protocol === 'tcp')
      if (other) {
        container.error = `driver failed programming external connectivity on endpoint ${container.name}: Error starting userland proxy: listen tcp4 ${address || '0.0.0.0'}:${published}: bind: address already in use`
        container.exitCode = 128
        throw new DockerError(container.error)
      }
    }
    this.#giveAddresses(container)
    Object.assign(container, {
      status: 'running',
      startedAt: this.world.machine.now(),
      finishedAt: 0,
      exitCode: 0,
      oomKilled: false,
      error: '',
      stoppedByHand: false,
    })
    if (plan.healthcheck) container.health = { status: 'starting', streak: 0, log: [] }
    const words = this.wordsOf(plan)
    const role = roleOf(this.world, container, words)
    const process = this.spawn(container, words)
    container.main = process
    if (role) {
      process.handlers.set('TERM', () => this.end(container, 0, true))
      for (const signal of ['INT', 'QUIT'] as const)
        process.handlers.set(signal, () => this.end(container, 0, true))
      const failure = role.start()
      if (failure !== undefined) setTimeout(() => this.end(container, failure, false), 150)
    } else {
      void this.world.machine
        .finish(process, inner => this.world.machine.execute(inner, words))
        .then(status => {
          if (container.main === process) this.end(container, status, false)
        })
    }
    this.#watchHealth(container)
  }

  wordsOf(plan: ContainerPlan): string[] {
    const entrypoint = plan.entrypoint ?? plan.image.config.Entrypoint
    const command =
      plan.command.length > 0 ? plan.command : plan.entrypoint === undefined ? plan.image.config.Cmd : []
    return [...entrypoint, ...command]
  }

  #giveAddresses(container: Container): void {
    for (const name of Object.keys(container.plan.networks)) {
      const network = this.networks.get(name)
      if (!network || network.subnet === '') continue
      const prefix = network.subnet.split('.').slice(0, 2).join('.')
      const used = new Set(
        [...this.containers.values()]
          .filter(({ status }) => status === 'running')
          .map(({ addresses }) => addresses.get(name)),
      )
      let host = 2
      while (used.has(`${prefix}.0.${host}`)) host++
      container.addresses.set(name, `${prefix}.0.${host}`)
    }
  }

  /** A process inside a container, as the container's user unless another is named. */
  spawn(
    container: Container,
    words: readonly string[],
    options: {
      user?: string
      environment?: readonly string[]
      cwd?: string
      parent?: Process
      descriptors?: ReadonlyMap<number, OpenFile>
    } = {},
  ): Process {
    const { plan, files } = container
    const user = findUser(files, (options.user ?? plan.user).split(':')[0] || 'root')
    const environment = new Map<string, string>()
    for (const pair of [...plan.image.config.Env, ...plan.environment, ...(options.environment ?? [])]) {
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      environment.set(name, value)
    }
    environment.set('HOSTNAME', plan.hostname || container.id.slice(0, 12))
    environment.set('HOME', user?.home ?? '/root')
    const log = new LogStream(container, 'stdout', () => this.world.machine.now())
    const errors = new LogStream(container, 'stderr', () => this.world.machine.now())
    const process = this.world.machine.spawn(options.parent ?? this.world.machine.init, {
      command: words,
      ownGroup: true,
      container: container.id,
      files,
      environment,
      cwd: options.cwd ?? (plan.workingDirectory || '/'),
      credentials: user ?? { uid: Number(options.user ?? plan.user) || 0, gid: 0, groups: [0] },
      descriptors:
        options.descriptors ??
        new Map<number, OpenFile>([
          [0, this.world.machine.nullDevice()],
          [1, log],
          [2, errors],
        ]),
    })
    if (!process.maybe(process.cwd)) process.cwd = '/'
    return process
  }

  /** The container's main process is over. */
  end(container: Container, status: number, byHand: boolean): void {
    if (container.status !== 'running' && container.status !== 'paused') return
    for (const timer of container.timers.splice(0)) clearTimeout(timer)
    const { main } = container
    container.main = undefined
    for (const process of [...this.world.machine.processes.values()])
      if (process.container === container.id && process !== main) process.receive('KILL')
    if (main && main.status === undefined) {
      main.handlers.clear()
      main.receive('KILL')
      main.end(status)
    }
    Object.assign(container, { status: 'exited', exitCode: status, finishedAt: this.world.machine.now() })
    container.addresses.clear()
    if (container.health) container.health.status = 'unhealthy'
    if (container.plan.autoRemove) {
      this.remove(container)
      return
    }
    const { restart } = container.plan
    const again =
      !byHand &&
      this.#running &&
      (restart === 'always' ||
        restart === 'unless-stopped' ||
        (restart.startsWith('on-failure') && status !== 0))
    if (!again) return
    container.restarts += 1
    container.status = 'restarting'
    const pause = Math.min(60_000, 100 * 2 ** Math.min(10, container.restarts))
    const timer = setTimeout(() => {
      if (container.status !== 'restarting') return
      container.status = 'exited'
      void this.startContainer(container).catch(() => {})
    }, pause)
    timer.unref()
    container.timers.push(timer)
  }

  stopContainer(container: Container): void {
    container.stoppedByHand = true
    for (const timer of container.timers.splice(0)) clearTimeout(timer)
    if (container.status === 'restarting') container.status = 'exited'
    this.end(container, 0, true)
    container.stoppedByHand = true
  }

  remove(container: Container): void {
    for (const timer of container.timers.splice(0)) clearTimeout(timer)
    this.containers.delete(container.id)
  }

  #watchHealth(container: Container): void {
    const { healthcheck } = container.plan
    if (!healthcheck) return
    // Faster than in life at first: an operator who practises does not wait for what proves itself.
    const look = async (): Promise<void> => {
      await this.checkHealth(container)
      if (container.status !== 'running') return
      const timer = setTimeout(
        () => void look(),
        container.health?.status === 'starting' ? 400 : healthcheck.intervalMs,
      )
      timer.unref()
      container.timers.push(timer)
    }
    const timer = setTimeout(() => void look(), 250)
    timer.unref()
    container.timers.push(timer)
  }

  /** Some minutes pass: every container that is not well any more has been found so by now. */
  async lookAfterAWhile(): Promise<void> {
    await Promise.all(
      [...this.containers.values()].map(async container => {
        for (let left = container.plan.healthcheck?.retries ?? 0; left > 0; left--) {
          await this.checkHealth(container)
          if (container.health?.streak === 0) return
        }
      }),
    )
  }

  /** Runs the health check once. */
  async checkHealth(container: Container): Promise<void> {
    const { healthcheck } = container.plan
    const { health } = container
    if (!healthcheck || !health || container.status !== 'running') return
    const start = this.world.machine.now()
    const [kind, ...rest] = healthcheck.test
    const words = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', rest.join(' ')] : [...rest]
    const { status, output } = await this.run(container, words)
    health.log = [
      ...health.log,
      { start, end: this.world.machine.now(), exitCode: status, output: output.slice(0, 4096) },
    ].slice(-5)
    if (container.status !== 'running') return
    if (status === 0) {
      health.status = 'healthy'
      health.streak = 0
      return
    }
    const inGrace =
      health.status === 'starting' &&
      this.world.machine.now() - container.startedAt < Math.min(healthcheck.startPeriodMs, 4000)
    if (inGrace) return
    health.streak += 1
    if (health.streak >= healthcheck.retries) health.status = 'unhealthy'
  }

  /** Runs a command inside and collects what it prints. */
  async run(
    container: Container,
    words: readonly string[],
    user?: string,
  ): Promise<{ status: number; output: string }> {
    const out = new LogStream(undefined, 'stdout', () => this.world.machine.now())
    const process = this.spawn(container, words, {
      ...(user === undefined ? {} : { user }),
      descriptors: new Map<number, OpenFile>([
        [0, this.world.machine.nullDevice()],
        [1, out],
        [2, out],
      ]),
    })
    const status = await this.world.machine.finish(process, inner =>
      this.world.machine.execute(inner, words, 'OCI runtime exec failed: '),
    )
    return { status, output: out.text }
  }

  memoryBytes(): number {
    return [...this.containers.values()].filter(({ status }) => status === 'running').length * 110_000_000
  }

  /** The container that has an address, on whatever network. */
  byAddress(address: string): Container | undefined {
    return [...this.containers.values()].find(({ addresses }) => [...addresses.values()].includes(address))
  }

  #resolve(process: Process, name: string): string[] {
    const self = this.containers.get(process.container ?? '')
    if (!self) return []
    for (const network of Object.keys(self.plan.networks)) {
      const found = [...this.containers.values()].filter(
        other =>
          other.status === 'running' &&
          (other.plan.networks[network]?.includes(name) ||
            other.name === name ||
            other.id.startsWith(name)) &&
          network !== 'bridge',
      )
      if (found.length > 0) return found.map(({ addresses }) => addresses.get(network) ?? '').filter(Boolean)
    }
    return []
  }

  #containerHasDns(process: Process): boolean {
    const given = process.environment.get('KNEEBOARD_PRACTICE_DNS')
    const servers = given ? [given] : this.dns
    return servers.length === 0
      ? this.world.containerDns
      : servers.every(server => this.world.nameServers.includes(server))
  }
}
