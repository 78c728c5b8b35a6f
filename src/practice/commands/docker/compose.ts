/** docker compose: which file, which project, which subcommand. */

import type { Call } from '../../system/call.ts'
import {
  ComposeError,
  type ComposeProject,
  type ComposeService,
  configHash,
  readProject,
} from '../../world/docker/compose-file.ts'
import { DockerError } from '../../world/docker/engine.ts'
import type { Container } from '../../world/docker/types.ts'
import * as life from './compose-life.ts'
import { execIn, printLogs } from './containers.ts'
import { pullImage, shown } from './objects.ts'
import { row } from './views.ts'

export interface Compose {
  readonly call: Call
  readonly project: ComposeProject
  /** Profiles that were switched on; `*` is all. */
  readonly profiles: readonly string[]
}

type Subcommand = (compose: Compose, words: readonly string[]) => Promise<number> | number

const COMMANDS: Readonly<Record<string, Subcommand>> = {
  config,
  ps,
  exec,
  logs,
  pull,
  images,
  up: life.up,
  run: life.runOnce,
  down: life.down,
  start: life.start,
  stop: life.stop,
  restart: life.restart,
  kill: life.stop,
  rm: life.remove,
  create: (compose, words) => life.up(compose, ['--no-start', ...words]),
  ls: () => 0,
  top: () => 0,
}

export async function compose(call: Call, words: readonly string[]): Promise<number> {
  const rest = [...words]
  const files: string[] = []
  const profiles: string[] = []
  let projectName: string | undefined
  let envFile: string | undefined

  while (/^-/.test(rest[0] ?? '')) {
    const [option = '', given] = (rest.shift() ?? '').split(/=(.*)/s)
    const value = (): string => given ?? rest.shift() ?? ''
    if (option === '-f' || option === '--file') files.push(absolute(call, value()))
    else if (option === '-p' || option === '--project-name') projectName = value()
    else if (option === '--profile') profiles.push(value())
    else if (option === '--env-file') envFile = absolute(call, value())
    else if (['--ansi', '--progress', '--parallel', '--project-directory'].includes(option)) value()
  }
  const [name = '', ...given] = rest
  if (name === 'version') {
    call.line(given.includes('--short') ? '2.26.1-4' : 'Docker Compose version 2.26.1-4')
    return 0
  }
  const command = COMMANDS[name]
  if (!command) {
    call.err(`unknown docker command: "compose ${name}"\n`)
    return 1
  }
  const variables = new Map(call.process.environment)
  if (files.length === 0)
    files.push(
      ...(variables
        .get('COMPOSE_FILE')
        ?.split(':')
        .map(path => absolute(call, path)) ?? found(call)),
    )
  if (files.length === 0) {
    call.err('no configuration file provided: not found\n')
    return 14
  }
  try {
    const project = readProject(call.process.files, {
      files,
      projectName: projectName ?? variables.get('COMPOSE_PROJECT_NAME'),
      envFile,
      environment: variables,
    })
    for (const warning of project.warnings)
      call.err(
        `time="${new Date(call.machine.now()).toISOString().slice(0, 19)}Z" level=warning msg="${warning.replaceAll('"', '\\"')}"\n`,
      )
    return await command(
      { call, project, profiles: [...profiles, ...(variables.get('COMPOSE_PROFILES')?.split(',') ?? [])] },
      given,
    )
  } catch (error) {
    if (error instanceof ComposeError) {
      call.err(`${error.message}\n`)
      return 15
    }
    if (error instanceof DockerError) {
      call.err(`Error response from daemon: ${error.message}\n`)
      return 1
    }
    throw error
  }
}

const absolute = (call: Call, path: string): string =>
  path.startsWith('/') ? path : `${call.process.cwd.replace(/\/$/, '')}/${path.replace(/^\.\//, '')}`

function found(call: Call): string[] {
  const names = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
  const path = names.map(name => absolute(call, name)).find(each => call.process.files.exists(each))
  return path === undefined ? [] : [path]
}

/** Services by name, or those that no profile keeps back. @throws DockerError-like ComposeError for an unknown one. */
export function chosen({ project, profiles }: Compose, names: readonly string[]): ComposeService[] {
  if (names.length > 0)
    return names.map(name => {
      const service = project.services.get(name)
      if (!service) throw new ComposeError(`no such service: ${name}`)
      return service
    })
  return [...project.services.values()].filter(
    service =>
      service.profiles.length === 0 ||
      profiles.includes('*') ||
      service.profiles.some(profile => profiles.includes(profile)),
  )
}

/** The project's containers of a service, oldest first. */
export function containersOf({ call, project }: Compose, service?: string, oneOff = false): Container[] {
  return [...call.world.docker.containers.values()]
    .filter(
      ({ plan: { labels } }) =>
        labels['com.docker.compose.project'] === project.name &&
        (service === undefined || labels['com.docker.compose.service'] === service) &&
        (labels['com.docker.compose.oneoff'] === 'True') === oneOff,
    )
    .sort((a, b) => a.created - b.created)
}

function config(compose: Compose, words: readonly string[]): number {
  const { call, project } = compose
  const options = call.options('qo', ['format', 'hash', 'output'], words)
  const services = chosen(compose, options.operands)
  if (options.has('q', 'quiet')) return 0
  if (options.has('services')) for (const { name } of services) call.line(name)
  else if (options.has('images'))
    for (const image of new Set(services.map(({ image }) => image))) call.line(image)
  else if (options.has('volumes')) for (const name of project.volumes.keys()) call.line(name)
  else if (options.has('profiles'))
    for (const name of new Set([...project.services.values()].flatMap(({ profiles }) => profiles)))
      call.line(name)
  else if (options.has('hash')) {
    const wanted = options.value('hash') ?? '*'
    for (const service of services)
      if (wanted === '*' || wanted.split(',').includes(service.name))
        call.line(`${service.name} ${configHash(service)}`)
  } else {
    const value = {
      name: project.name,
      networks: Object.fromEntries([...project.networks].map(([key, name]) => [key, { name, ipam: {} }])),
      services: Object.fromEntries(
        services.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, resolved }) => [name, resolved]),
      ),
      ...(project.volumes.size > 0
        ? { volumes: Object.fromEntries([...project.volumes].map(([key, name]) => [key, { name }])) }
        : {}),
    }
    call.line(JSON.stringify(value, null, 2))
  }
  return 0
}

function ps(compose: Compose, words: readonly string[]): number {
  const { call } = compose
  const options = call.options('', ['format', 'filter', 'status'], words)
  for (const name of options.operands)
    if (!compose.project.services.has(name)) throw new ComposeError(`no such service: ${name}`)
  const all = containersOf(compose).filter(
    ({ plan }) =>
      options.operands.length === 0 ||
      options.operands.includes(plan.labels['com.docker.compose.service'] ?? ''),
  )
  const shownOnes = options.has('a', 'all')
    ? all
    : all.filter(({ status }) => status === 'running' || status === 'paused' || status === 'restarting')
  if (options.has('q', 'quiet')) for (const { id } of shownOnes) call.line(id)
  else if (options.has('services'))
    for (const name of new Set(shownOnes.map(({ plan }) => plan.labels['com.docker.compose.service'] ?? '')))
      call.line(name)
  else {
    const format = options.value('format')
    if (format === undefined) call.line('NAME   IMAGE   COMMAND   SERVICE   CREATED   STATUS   PORTS')
    for (const container of shownOnes) {
      const value = row(call, container)
      if (format === undefined)
        call.line(
          [
            value.Names,
            value.Image,
            value.Command,
            value.Service,
            value.RunningFor,
            value.Status,
            value.Ports,
          ].join('   '),
        )
      else if (format === 'json') call.line(JSON.stringify(value))
      else shown(call, format, value)
    }
  }
  return 0
}

function exec(compose: Compose, words: readonly string[]): Promise<number> | number {
  const { call } = compose
  const rest = [...words]
  const environment: string[] = []
  let user: string | undefined
  let cwd: string | undefined
  let interactive = true
  while (/^-/.test(rest[0] ?? '')) {
    const [option = '', given] = (rest.shift() ?? '').split(/=(.*)/s)
    const value = (): string => given ?? rest.shift() ?? ''
    if (option === '-e' || option === '--env') environment.push(value())
    else if (option === '-u' || option === '--user') user = value()
    else if (option === '-w' || option === '--workdir') cwd = value()
    else if (option === '--index') value()
    else if (option === '-d') interactive = false
  }
  const [service = '', ...command] = rest
  chosen(compose, [service])
  const container = containersOf(compose, service).find(({ status }) => status === 'running')
  if (!container) {
    call.err(`service "${service}" is not running\n`)
    return 1
  }
  return execIn(call, container, command, { interactive, environment, user, cwd })
}

function logs(compose: Compose, words: readonly string[]): number {
  const { call } = compose
  const options = call.options('n', ['tail', 'since', 'until'], words)
  for (const container of containersOf(compose)) {
    const service = container.plan.labels['com.docker.compose.service'] ?? ''
    if (options.operands.length > 0 && !options.operands.includes(service)) continue
    printLogs(call, container, {
      tail: options.value('tail', 'n'),
      since: options.value('since'),
      until: options.value('until'),
      timestamps: options.has('t', 'timestamps'),
      prefix: options.has('no-log-prefix')
        ? ''
        : `${container.name.replace(`${compose.project.name}-`, '')}  | `,
    })
  }
  return 0
}

async function pull(compose: Compose, words: readonly string[]): Promise<number> {
  const { call } = compose
  const options = call.options('', ['policy'], words)
  for (const service of chosen(compose, options.operands))
    if (!(await pullImage(call, service.image, true))) return 1
  return 0
}

function images(compose: Compose): number {
  for (const container of containersOf(compose))
    compose.call.line(`${container.name} ${container.plan.imageName} ${container.plan.image.id.slice(7, 19)}`)
  return 0
}
