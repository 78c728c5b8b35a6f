/** docker compose up, down, start, stop, restart, run: containers made from a file. */

import {
  bytes,
  type ComposeService,
  configHash,
  milliseconds,
  objectOf,
} from '../../world/docker/compose-file.ts'
import type { Container, ContainerPlan, Healthcheck, Mount, PortBinding } from '../../world/docker/types.ts'
import type { Yaml } from '../../world/docker/yaml.ts'
import { type Compose, chosen, containersOf } from './compose.ts'
import { attach } from './containers.ts'
import { pullImage } from './objects.ts'
import { readWords } from './run.ts'

const textOf = (value: Yaml | undefined): string =>
  value === null || value === undefined ? '' : String(value)
const listOf = (value: Yaml | undefined): Yaml[] => (Array.isArray(value) ? value : [])

/** What a service's container is made from. @returns null when its image is not there and cannot be had. */
async function planOf(
  compose: Compose,
  service: ComposeService,
  number: number,
  oneOff?: { name: string },
): Promise<ContainerPlan | null> {
  const { call, project } = compose
  const { docker } = call.world
  const image =
    docker.image(service.image) ??
    ((await pullImage(call, service.image, true)) ? docker.image(service.image) : undefined)
  if (!image) return null
  const { resolved } = service
  const networks: Record<string, readonly string[]> = {}
  for (const key of Object.keys(objectOf(resolved.networks))) {
    const name = project.networks.get(key) ?? `${project.name}_${key}`
    if (!docker.network(name))
      docker.createNetwork(name, {
        'com.docker.compose.project': project.name,
        'com.docker.compose.network': key,
      })
    networks[name] = oneOff ? [] : [service.name]
  }
  const logging = objectOf(resolved.logging)
  return {
    name: oneOff?.name ?? (textOf(resolved.container_name) || `${project.name}-${service.name}-${number}`),
    image,
    imageName: service.image,
    command: listOf(resolved.command).map(textOf),
    entrypoint:
      resolved.entrypoint === null || resolved.entrypoint === undefined
        ? undefined
        : listOf(resolved.entrypoint).map(textOf),
    environment: [...service.environment].map(pair => pair.join('=')),
    labels: {
      ...image.config.Labels,
      ...(Object.fromEntries(
        Object.entries(objectOf(resolved.labels)).map(([key, value]) => [key, textOf(value)]),
      ) as Record<string, string>),
      'com.docker.compose.project': project.name,
      'com.docker.compose.service': service.name,
      'com.docker.compose.config-hash': configHash(service),
      'com.docker.compose.container-number': String(number),
      'com.docker.compose.oneoff': oneOff ? 'True' : 'False',
      'com.docker.compose.project.config_files': project.files.join(','),
      'com.docker.compose.project.working_dir': project.directory,
      'com.docker.compose.image': image.id,
      'com.docker.compose.version': '2.26.1',
    },
    workingDirectory: textOf(resolved.working_dir) || image.config.WorkingDir,
    user: textOf(resolved.user) || image.config.User,
    hostname: textOf(resolved.hostname),
    restart: oneOff ? 'no' : textOf(resolved.restart) || 'no',
    memory:
      Number(
        resolved.mem_limit ?? objectOf(objectOf(objectOf(resolved.deploy).resources).limits).memory ?? 0,
      ) || 0,
    shmSize: bytes(textOf(resolved.shm_size) || '0'),
    init: resolved.init === true,
    privileged: resolved.privileged === true,
    readOnly: resolved.read_only === true,
    capDrop: listOf(resolved.cap_drop).map(textOf),
    logDriver: textOf(logging.driver) || docker.logDriver,
    logOptions: resolved.logging
      ? (Object.fromEntries(
          Object.entries(objectOf(logging.options)).map(([key, value]) => [key, textOf(value)]),
        ) as Record<string, string>)
      : docker.logOptions,
    mounts: mountsOf(compose, resolved.volumes),
    ports: oneOff ? [] : listOf(resolved.ports).map(portOf),
    networks,
    healthcheck: healthcheckOf(resolved.healthcheck),
    autoRemove: false,
  }
}

function mountsOf({ call, project }: Compose, volumes: Yaml | undefined): Mount[] {
  return listOf(volumes).map(value => {
    const { type, source, target, read_only: readOnly } = objectOf(value)
    const writable = readOnly !== true
    if (type === 'bind')
      return { type: 'bind', name: '', source: textOf(source), target: textOf(target), writable }
    if (type === 'tmpfs') return { type: 'tmpfs', name: '', source: '', target: textOf(target), writable }
    const name = project.volumes.get(textOf(source)) ?? textOf(source)
    return {
      type: 'volume',
      name,
      source: call.world.docker.volume(name, {
        'com.docker.compose.project': project.name,
        'com.docker.compose.volume': textOf(source),
      }).mountpoint,
      target: textOf(target),
      writable,
    }
  })
}

function portOf(value: Yaml): PortBinding {
  const { host_ip: address, published, target, protocol } = objectOf(value)
  return {
    address: textOf(address),
    published: Number(published ?? target),
    inside: Number(target),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  }
}

function healthcheckOf(value: Yaml | undefined): Healthcheck | undefined {
  const health = objectOf(value)
  if (health.disable === true || health.test === undefined) return undefined
  const span = (given: Yaml | undefined, otherwise: number): number =>
    given === undefined ? otherwise : milliseconds(textOf(given))
  return {
    test: listOf(health.test).map(textOf),
    intervalMs: span(health.interval, 30_000),
    timeoutMs: span(health.timeout, 30_000),
    startPeriodMs: span(health.start_period, 0),
    retries: Number(health.retries ?? 3),
  }
}

export async function up(compose: Compose, words: readonly string[]): Promise<number> {
  const { call } = compose
  const options = call.options('t', ['scale', 'timeout', 'pull', 'wait-timeout'], words)
  const wanted = withDependencies(compose, chosen(compose, options.operands), options.has('no-deps'))
  const scales = new Map(options.values('scale').map(text => text.split('=').slice(0, 2) as [string, string]))
  for (const service of wanted) {
    for (const [other, condition] of options.has('no-deps') ? [] : service.dependsOn)
      if (condition === 'service_healthy' && !(await untilHealthy(compose, other))) {
        call.err(`dependency failed to start: container ${compose.project.name}-${other}-1 is unhealthy\n`)
        return 1
      }
    const status = await bring(compose, service, {
      force: options.has('force-recreate'),
      keep: options.has('no-recreate'),
      start: !options.has('no-start'),
      count: Number(scales.get(service.name) ?? 1),
    })
    if (status !== 0) return status
  }
  if (options.has('wait'))
    for (const service of wanted)
      if (!(await untilHealthy(compose, service.name))) {
        call.err(`container ${compose.project.name}-${service.name}-1 is unhealthy\n`)
        return 1
      }
  return 0
}

function withDependencies(
  compose: Compose,
  services: readonly ComposeService[],
  alone: boolean,
): ComposeService[] {
  const found = new Map<string, ComposeService>()
  const visit = (service: ComposeService): void => {
    if (found.has(service.name)) return
    if (!alone)
      for (const name of service.dependsOn.keys()) {
        const other = compose.project.services.get(name)
        if (other) visit(other)
      }
    found.set(service.name, service)
  }
  for (const service of services) visit(service)
  return [...found.values()]
}

async function untilHealthy(compose: Compose, name: string): Promise<boolean> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const container = containersOf(compose, name).at(-1)
    if (!container || container.status === 'exited') return false
    if (!container.plan.healthcheck || container.health?.status === 'healthy')
      return container.status === 'running'
    if (container.health?.status === 'unhealthy') return false
    await compose.call.process.sleep(50)
  }
  return false
}

interface Bring {
  readonly force: boolean
  readonly keep: boolean
  readonly start: boolean
  readonly count: number
}

/** Makes as many containers of a service as are wanted, anew where the file has changed. */
async function bring(
  compose: Compose,
  service: ComposeService,
  { force, keep, start, count }: Bring,
): Promise<number> {
  const { call } = compose
  const { docker } = call.world
  const there = containersOf(compose, service.name)
  const image = docker.image(service.image)
  const current = ({ plan }: Container): boolean =>
    plan.labels['com.docker.compose.config-hash'] === configHash(service) &&
    (!image || plan.image.id === image.id)
  const kept = there.filter(container => keep || (!force && current(container))).slice(0, count)
  if (kept.length < there.length || kept.length < count) {
    const plan = await planOf(compose, service, 1)
    if (!plan) return 18
  }
  for (const container of there.filter(each => !kept.includes(each))) {
    call.err(` Container ${container.name}  Recreate\n`)
    docker.stopContainer(container)
    docker.remove(container)
  }
  while (kept.length < count) {
    const numbers = new Set(
      kept.map(({ plan }) => Number(plan.labels['com.docker.compose.container-number'])),
    )
    let number = 1
    while (numbers.has(number)) number++
    const plan = await planOf(compose, service, number)
    if (!plan) return 18
    kept.push(docker.create(plan))
    call.err(` Container ${plan.name}  Created\n`)
  }
  if (start)
    for (const container of kept) {
      if (container.status === 'running') continue
      await docker.startContainer(container)
      call.err(` Container ${container.name}  Started\n`)
    }
  return 0
}

async function each(
  compose: Compose,
  words: readonly string[],
  act: (container: Container) => Promise<void> | void,
): Promise<number> {
  const options = compose.call.options('ts', ['timeout', 'signal'], words)
  const names = new Set(chosen(compose, options.operands).map(({ name }) => name))
  const order = [...compose.project.services.keys()]
  const all = containersOf(compose).filter(({ plan }) =>
    names.has(plan.labels['com.docker.compose.service'] ?? ''),
  )
  all.sort(
    (a, b) =>
      order.indexOf(a.plan.labels['com.docker.compose.service'] ?? '') -
      order.indexOf(b.plan.labels['com.docker.compose.service'] ?? ''),
  )
  for (const container of all) await act(container)
  return 0
}

export const start = (compose: Compose, words: readonly string[]): Promise<number> =>
  each(compose, words, container => compose.call.world.docker.startContainer(container))
export const stop = (compose: Compose, words: readonly string[]): Promise<number> =>
  each(compose, words, container => compose.call.world.docker.stopContainer(container))
export const restart = (compose: Compose, words: readonly string[]): Promise<number> =>
  each(compose, words, async container => {
    compose.call.world.docker.stopContainer(container)
    await compose.call.world.docker.startContainer(container)
  })

export const remove = (compose: Compose, words: readonly string[]): Promise<number> =>
  each(compose, words, container => {
    const { docker } = compose.call.world
    if (container.status === 'running') {
      if (
        !words.includes('-s') &&
        !words.includes('--stop') &&
        !/^-\w*s/.test(words.find(word => /^-[a-z]+$/.test(word)) ?? '')
      )
        return
      docker.stopContainer(container)
    }
    docker.remove(container)
  })

export async function down(compose: Compose, words: readonly string[]): Promise<number> {
  const { docker } = compose.call.world
  for (const container of [...containersOf(compose), ...containersOf(compose, undefined, true)]) {
    docker.stopContainer(container)
    docker.remove(container)
  }
  for (const name of compose.project.networks.values()) docker.networks.delete(name)
  if (words.includes('-v') || words.includes('--volumes'))
    for (const name of compose.project.volumes.values()) {
      const volume = docker.volumes.get(name)
      if (volume) compose.call.world.files.drop(volume.mountpoint.replace(/\/_data$/, ''))
      docker.volumes.delete(name)
    }
  return 0
}

/** docker compose run: a container for one command. */
export async function runOnce(compose: Compose, words: readonly string[]): Promise<number> {
  const { call } = compose
  const { docker } = call.world
  const given = readWords(words)
  const [service] = chosen(compose, [given.image])
  if (!service) return 1
  if (!given.flags.has('--no-deps'))
    for (const other of service.dependsOn.keys()) {
      const needed = compose.project.services.get(other)
      if (needed && !containersOf(compose, other).some(({ status }) => status === 'running'))
        await up(compose, [other])
    }
  const one = (...names: string[]): string | undefined =>
    names.flatMap(name => given.values.get(name) ?? []).at(-1)
  const base = await planOf(compose, service, 1, {
    name:
      one('--name') ??
      `${compose.project.name}-${service.name}-run-${call.process.pid.toString(16)}${Date.now().toString(16).slice(-6)}`,
  })
  if (!base) return 18
  const entrypoint = given.values.has('--entrypoint')
    ? [one('--entrypoint') ?? ''].filter(Boolean)
    : base.entrypoint
  const environment = [...(given.values.get('-e') ?? []), ...(given.values.get('--env') ?? [])].map(pair =>
    pair.includes('=') ? pair : `${pair}=${call.process.environment.get(pair) ?? ''}`,
  )
  const binds = [...(given.values.get('-v') ?? []), ...(given.values.get('--volume') ?? [])].map(
    (text): Mount => {
      const [source = '', target = '', mode = ''] = text.split(':')
      const named = !source.startsWith('/')
      return {
        type: named ? 'volume' : 'bind',
        name: named ? source : '',
        source: named ? docker.volume(source).mountpoint : source,
        target,
        writable: !mode.includes('ro'),
      }
    },
  )
  const plan: ContainerPlan = {
    ...base,
    ...(entrypoint === undefined ? {} : { entrypoint }),
    command: given.command.length > 0 ? given.command : base.command,
    environment: [...base.environment, ...environment],
    mounts: [...base.mounts.filter(mount => !binds.some(bind => bind.target === mount.target)), ...binds],
    user: one('-u', '--user') ?? base.user,
    workingDirectory: one('-w', '--workdir') ?? base.workingDirectory,
    healthcheck: undefined,
    autoRemove: given.flags.has('--rm'),
  }
  const container = docker.create(plan)
  if (given.flags.has('-d') || given.flags.has('--detach')) {
    await docker.startContainer(container)
    call.line(container.id)
    return 0
  }
  return attach(call, container, true)
}
