/** A Compose file as Compose resolves it: variables filled in, short forms written out, env files read. */

import { createHash } from 'node:crypto'
import type { FileSystem } from '../../system/file-system.ts'
import { SystemError } from '../../system/system-error.ts'
import { parseYaml, type Yaml } from './yaml.ts'

export interface ComposeService {
  readonly name: string
  readonly image: string
  readonly profiles: readonly string[]
  readonly environment: ReadonlyMap<string, string>
  readonly dependsOn: ReadonlyMap<string, string>
  /** What `config` prints of it. */
  readonly resolved: Readonly<Record<string, Yaml>>
}

export interface ComposeProject {
  readonly name: string
  readonly directory: string
  readonly files: readonly string[]
  readonly services: ReadonlyMap<string, ComposeService>
  readonly volumes: ReadonlyMap<string, string>
  readonly networks: ReadonlyMap<string, string>
  readonly warnings: readonly string[]
}

/** What Compose says against a file. */
export class ComposeError extends Error {
  override readonly name = 'ComposeError'
}

export interface ComposeOptions {
  readonly files: readonly string[]
  readonly projectName?: string | undefined
  readonly envFile?: string | undefined
  /** The caller's environment: it goes before .env. */
  readonly environment: ReadonlyMap<string, string>
}

/** @throws ComposeError */
export function readProject(files: FileSystem, options: ComposeOptions): ComposeProject {
  const [first = ''] = options.files
  const directory = first.slice(0, first.lastIndexOf('/')) || '/'
  const variables = new Map([
    ...readEnv(files, options.envFile ?? `${directory}/.env`, options.envFile !== undefined),
    ...options.environment,
  ])
  const warnings = new Set<string>()
  let root: { [key: string]: Yaml } = {}
  for (const path of options.files) root = merged(root, objectOf(load(files, path)))
  const filled = objectOf(interpolate(root, variables, warnings))
  const odd = Object.keys(filled).find(
    key => !/^(x-.*|version|name|services|volumes|networks|configs|secrets|include)$/.test(key),
  )
  if (odd) throw new ComposeError(`validating ${first}: (root) Additional property ${odd} is not allowed`)
  const name =
    options.projectName ??
    String(filled.name ?? directory.split('/').at(-1) ?? '')
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '')
  const volumes = new Map(
    Object.entries(objectOf(filled.volumes ?? null)).map(([key, value]) => [
      key,
      String(objectOf(value).name ?? (objectOf(value).external ? key : `${name}_${key}`)),
    ]),
  )
  const networks = new Map(
    Object.entries(objectOf(filled.networks ?? null)).map(([key, value]) => [
      key,
      String(objectOf(value).name ?? `${name}_${key}`),
    ]),
  )
  if (!networks.has('default')) networks.set('default', `${name}_default`)
  const services = new Map(
    Object.entries(objectOf(filled.services ?? null)).map(([key, value]) => [
      key,
      serviceOf(files, { directory, first, volumes, networks }, key, objectOf(value)),
    ]),
  )
  for (const service of services.values())
    for (const other of service.dependsOn.keys())
      if (!services.has(other))
        throw new ComposeError(
          `service "${service.name}" depends on undefined service "${other}": invalid compose project`,
        )
  return { name, directory, files: options.files, services, volumes, networks, warnings: [...warnings] }
}

function load(files: FileSystem, path: string): Yaml {
  let text: string
  try {
    text = files.read(path, { uid: 0, gid: 0, groups: [] }).toString('utf8')
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    throw new ComposeError(`open ${path}: no such file or directory`)
  }
  try {
    return parseYaml(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new ComposeError(error.message)
    throw error
  }
}

function merged(one: { [key: string]: Yaml }, other: { [key: string]: Yaml }): { [key: string]: Yaml } {
  const result = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const before = result[key]
    const bothObjects = isObject(before) && isObject(value)
    result[key] = bothObjects
      ? merged(before, value)
      : Array.isArray(before) && Array.isArray(value)
        ? [...before, ...value]
        : value
  }
  return result
}

const isObject = (value: Yaml | undefined): value is { [key: string]: Yaml } =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
export const objectOf = (value: Yaml | undefined): { [key: string]: Yaml } => (isObject(value) ? value : {})
const listOf = (value: Yaml | undefined): Yaml[] => (Array.isArray(value) ? value : [])
const textOf = (value: Yaml | undefined): string =>
  value === null || value === undefined ? '' : String(value)

/** The lines `KEY=value` of an env file. @throws ComposeError when it has to be there and is not. */
export function readEnv(files: FileSystem, path: string, required: boolean): Map<string, string> {
  const node = files.maybe(path)
  if (node?.kind !== 'file') {
    if (required)
      throw new ComposeError(`env file ${path} not found: stat ${path}: no such file or directory`)
    return new Map()
  }
  const found = new Map<string, string>()
  for (const line of node.content.toString('utf8').split('\n')) {
    const [, key, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key === undefined) continue
    const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(value)
    found.set(key, quoted ? (quoted[1] ?? quoted[2] ?? '') : value.replace(/\s+#.*$/, ''))
  }
  return found
}

function interpolate(value: Yaml, variables: ReadonlyMap<string, string>, warnings: Set<string>): Yaml {
  if (Array.isArray(value)) return value.map(item => interpolate(item, variables, warnings))
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, interpolate(item, variables, warnings)]),
    )
  if (typeof value !== 'string' || !value.includes('$')) return value
  return value.replace(
    /\$\$|\$\{([^}]+)\}|\$([A-Za-z_]\w*)/g,
    (found, braced: string | undefined, plain: string | undefined) => {
      if (found === '$$') return '$'
      const [, name = plain ?? '', operator = '', word = ''] =
        /^([A-Za-z_]\w*)(:?[-?+])?([\s\S]*)$/.exec(braced ?? '') ?? []
      const set = variables.get(name)
      const filled = operator.startsWith(':') ? set !== undefined && set !== '' : set !== undefined
      if (operator.endsWith('+')) return filled ? word : ''
      if (filled) return set ?? ''
      if (operator.endsWith('-')) return word
      if (operator.endsWith('?'))
        throw new ComposeError(`required variable ${name} is missing a value: ${word}`)
      if (set === undefined) warnings.add(`The "${name}" variable is not set. Defaulting to a blank string.`)
      return set ?? ''
    },
  )
}

interface Surroundings {
  readonly directory: string
  readonly first: string
  readonly volumes: ReadonlyMap<string, string>
  readonly networks: ReadonlyMap<string, string>
}

const KNOWN = new Set([
  'image',
  'build',
  'init',
  'restart',
  'logging',
  'env_file',
  'environment',
  'depends_on',
  'ports',
  'volumes',
  'mem_limit',
  'healthcheck',
  'command',
  'entrypoint',
  'shm_size',
  'profiles',
  'user',
  'working_dir',
  'networks',
  'labels',
  'container_name',
  'hostname',
  'read_only',
  'cap_drop',
  'cap_add',
  'security_opt',
  'tmpfs',
  'stop_grace_period',
  'stop_signal',
  'deploy',
  'expose',
  'extra_hosts',
  'privileged',
  'cpus',
  'ulimits',
  'dns',
  'stdin_open',
  'tty',
  'pull_policy',
  'mem_reservation',
  'sysctls',
  'scale',
  'secrets',
  'configs',
  'links',
  'network_mode',
  'platform',
  'memswap_limit',
  'oom_score_adj',
  'pids_limit',
])

function serviceOf(
  files: FileSystem,
  around: Surroundings,
  name: string,
  raw: { [key: string]: Yaml },
): ComposeService {
  const odd = Object.keys(raw).find(key => !KNOWN.has(key) && !key.startsWith('x-'))
  if (odd)
    throw new ComposeError(
      `validating ${around.first}: services.${name} Additional property ${odd} is not allowed`,
    )
  const environment = new Map<string, string>()
  for (const path of Array.isArray(raw.env_file) ? raw.env_file : raw.env_file ? [raw.env_file] : []) {
    const file = textOf(isObject(path) ? path.path : path)
    for (const [key, value] of readEnv(files, absolute(file, around.directory), true))
      environment.set(key, value)
  }
  if (Array.isArray(raw.environment))
    for (const pair of raw.environment) {
      const [key = '', value = ''] = textOf(pair).split(/=(.*)/s)
      environment.set(key, value)
    }
  else
    for (const [key, value] of Object.entries(objectOf(raw.environment))) environment.set(key, textOf(value))
  const dependsOn = new Map(
    Array.isArray(raw.depends_on)
      ? raw.depends_on.map(other => [textOf(other), 'service_started'])
      : Object.entries(objectOf(raw.depends_on)).map(([other, value]) => [
          other,
          textOf(objectOf(value).condition) || 'service_started',
        ]),
  )
  const health = objectOf(raw.healthcheck)
  const resolved: { [key: string]: Yaml } = {
    ...(raw.cap_drop ? { cap_drop: raw.cap_drop } : {}),
    command: words(raw.command),
    ...(raw.container_name ? { container_name: raw.container_name } : {}),
    ...(dependsOn.size > 0
      ? {
          depends_on: Object.fromEntries(
            [...dependsOn].map(([other, condition]) => [other, { condition, required: true }]),
          ),
        }
      : {}),
    ...(raw.deploy ? { deploy: raw.deploy } : {}),
    entrypoint: words(raw.entrypoint),
    ...(environment.size > 0
      ? { environment: Object.fromEntries([...environment].sort(([a], [b]) => (a < b ? -1 : 1))) }
      : {}),
    ...(raw.healthcheck
      ? {
          healthcheck: {
            ...(health.disable ? { disable: true } : {}),
            ...(health.test
              ? { test: Array.isArray(health.test) ? health.test : ['CMD-SHELL', health.test] }
              : {}),
            ...(health.timeout ? { timeout: span(textOf(health.timeout)) } : {}),
            ...(health.interval ? { interval: span(textOf(health.interval)) } : {}),
            ...(health.retries ? { retries: health.retries } : {}),
            ...(health.start_period ? { start_period: span(textOf(health.start_period)) } : {}),
          },
        }
      : {}),
    ...(raw.hostname ? { hostname: raw.hostname } : {}),
    ...(raw.build
      ? {
          build: isObject(raw.build)
            ? raw.build
            : { context: absolute(textOf(raw.build), around.directory), dockerfile: 'Dockerfile' },
        }
      : {}),
    ...(raw.image ? { image: raw.image } : {}),
    ...(raw.init !== undefined ? { init: raw.init } : {}),
    ...(raw.labels
      ? {
          labels: Array.isArray(raw.labels)
            ? Object.fromEntries(raw.labels.map(text => textOf(text).split(/=(.*)/s).slice(0, 2)))
            : raw.labels,
        }
      : {}),
    ...(raw.logging ? { logging: raw.logging } : {}),
    ...(raw.mem_limit ? { mem_limit: String(bytes(textOf(raw.mem_limit))) } : {}),
    networks: Array.isArray(raw.networks)
      ? Object.fromEntries(raw.networks.map(each => [textOf(each), null]))
      : raw.networks
        ? raw.networks
        : { default: null },
    ...(raw.ports ? { ports: listOf(raw.ports).map(portOf) } : {}),
    ...(raw.privileged ? { privileged: true } : {}),
    ...(raw.profiles ? { profiles: raw.profiles } : {}),
    ...(raw.read_only ? { read_only: true } : {}),
    ...(raw.restart ? { restart: raw.restart } : {}),
    ...(raw.shm_size ? { shm_size: String(bytes(textOf(raw.shm_size))) } : {}),
    ...(raw.stop_grace_period ? { stop_grace_period: span(textOf(raw.stop_grace_period)) } : {}),
    ...(raw.tmpfs ? { tmpfs: Array.isArray(raw.tmpfs) ? raw.tmpfs : [raw.tmpfs] } : {}),
    ...(raw.user ? { user: textOf(raw.user) } : {}),
    ...(raw.volumes ? { volumes: listOf(raw.volumes).map(volume => mountOf(around, name, volume)) } : {}),
    ...(raw.working_dir ? { working_dir: raw.working_dir } : {}),
  }
  return {
    name,
    image: textOf(raw.image),
    profiles: listOf(raw.profiles).map(textOf),
    environment,
    dependsOn,
    resolved,
  }
}

const absolute = (path: string, directory: string): string =>
  path.startsWith('/') ? path : `${directory}/${path.replace(/^\.\//, '')}`.replace(/\/$/, '')

/** A command as a list of words; null for the image's own. */
function words(value: Yaml | undefined): Yaml {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(textOf)
  return (textOf(value).match(/"(?:[^"\\]|\\.)*"|'[^']*'|\S+/g) ?? []).map(word =>
    /^["']/.test(word) ? word.slice(1, -1) : word,
  )
}

export function bytes(text: string): number {
  const [, number = '0', unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text) ?? []
  return Math.round(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '))
}

/** Compose writes `90s` as `1m30s`. */
function span(text: string): string {
  const total = [...text.matchAll(/(\d+)(ms|h|m|s)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * ({ h: 3600, m: 60, s: 1, ms: 0.001 }[unit ?? 's'] ?? 1),
    0,
  )
  if (total < 1) return text
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60]
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`
}

export const milliseconds = (text: string): number =>
  [...text.matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce(
    (sum, [, number, unit]) =>
      sum + Number(number) * ({ h: 3_600_000, m: 60_000, s: 1000, ms: 1 }[unit ?? 's'] ?? 1),
    0,
  )

function portOf(value: Yaml): Yaml {
  if (isObject(value)) return value
  const [, ip, published, target = '', protocol = 'tcp'] =
    /^(?:(\[?[\d.:a-f]*[.:\]][\d.:a-f\]]*):)?(?:(\d+(?:-\d+)?):)?(\d+)(?:\/(tcp|udp))?$/.exec(
      textOf(value),
    ) ?? []
  return {
    mode: 'ingress',
    ...(ip ? { host_ip: ip.replace(/^\[|\]$/g, '') } : {}),
    target: Number(target),
    ...(published ? { published } : {}),
    protocol,
  }
}

function mountOf({ directory, volumes, first }: Surroundings, service: string, value: Yaml): Yaml {
  if (isObject(value)) return value
  const [source = '', target = '', mode = ''] = textOf(value).split(':')
  const readOnly = mode.split(',').includes('ro') ? { read_only: true } : {}
  if (target === '') return { type: 'volume', target: source, volume: {} }
  if (/^[./~]/.test(source))
    return {
      type: 'bind',
      source: absolute(source, directory),
      target,
      ...readOnly,
      bind: { create_host_path: true },
    }
  if (!volumes.has(source))
    throw new ComposeError(
      `service "${service}" refers to undefined volume ${source}: invalid compose project (${first})`,
    )
  return { type: 'volume', source, target, ...readOnly, volume: {} }
}

/** What tells whether a container is still what the file says. */
export const configHash = (service: ComposeService): string =>
  createHash('sha256').update(JSON.stringify(service.resolved)).digest('hex')
