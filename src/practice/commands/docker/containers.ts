/** docker ps, exec, logs, start, stop and their like. */

import type { Call } from '../../system/call.ts'
import type { OpenFile } from '../../system/open-file.ts'
import { DockerError } from '../../world/docker/engine.ts'
import type { Container } from '../../world/docker/types.ts'
import { bytesOf } from '../files/change.ts'
import { labelFits, shown } from './objects.ts'
import { iso, row } from './views.ts'

/** @throws DockerError */
export function named(call: Call, name: string): Container {
  const found = call.world.docker.find(name)
  if (!found) throw new DockerError(`No such container: ${name}`)
  return found
}

export function list(call: Call, words: readonly string[]): number {
  const options = call.options('fn', ['format', 'filter', 'last'], words)
  const filters = options.values('f', 'filter')
  const format = options.value('format')
  const found = [...call.world.docker.containers.values()]
    .filter(
      container =>
        options.has('a', 'all') ||
        filters.some(text => text.startsWith('status=')) ||
        container.status === 'running' ||
        container.status === 'paused',
    )
    .filter(container => filters.every(text => fits(container, text)))
    .sort((a, b) => b.created - a.created)
  if (options.has('q', 'quiet')) {
    for (const { id } of found) call.line(options.has('no-trunc') ? id : id.slice(0, 12))
    return 0
  }
  if (format === undefined) call.line('CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES')
  for (const container of found) {
    const value = row(call, container)
    if (!options.has('no-trunc')) value.ID = container.id.slice(0, 12)
    if (format === undefined)
      call.line(
        [value.ID, value.Image, value.Command, value.RunningFor, value.Status, value.Ports, value.Names].join(
          '   ',
        ),
      )
    else if (!shown(call, format, value)) return 64
  }
  return 0
}

function fits(container: Container, filter: string): boolean {
  const [key = '', value = ''] = filter.split(/=(.*)/s)
  switch (key) {
    case 'label':
      return labelFits(filter, container.plan.labels)
    case 'name':
      return new RegExp(value).test(container.name) || `/${container.name}` === value
    case 'status':
      return container.status === value
    case 'id':
      return container.id.startsWith(value)
    case 'health':
      return container.health?.status === value
    case 'volume':
      return container.plan.mounts.some(
        mount => mount.name === value || mount.target === value || mount.source === value,
      )
    case 'ancestor':
      return container.plan.imageName === value || container.plan.image.id === value
    case 'network':
      return value in container.plan.networks
    default:
      return true
  }
}

export async function exec(call: Call, words: readonly string[]): Promise<number> {
  const values: Record<string, string[]> = {}
  let index = 0
  const flags = new Set<string>()
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (!word.startsWith('-')) break
    const [name = '', value] = word.split(/=(.*)/s)
    if (['-e', '--env', '-u', '--user', '-w', '--workdir', '--env-file'].includes(name))
      values[name] = [...(values[name] ?? []), value ?? words[++index] ?? '']
    else
      for (const letter of name.startsWith('--') ? [name] : [...name.slice(1)].map(each => `-${each}`))
        flags.add(letter)
  }
  const container = named(call, words[index] ?? '')
  const command = words.slice(index + 1)
  const environment = [...(values['-e'] ?? []), ...(values['--env'] ?? [])].map(pair =>
    pair.includes('=') ? pair : `${pair}=${call.process.environment.get(pair) ?? ''}`,
  )
  return execIn(call, container, command, {
    interactive: flags.has('-i') || flags.has('--interactive'),
    detached: flags.has('-d') || flags.has('--detach'),
    environment,
    user: (values['-u'] ?? values['--user'])?.at(-1),
    cwd: (values['-w'] ?? values['--workdir'])?.at(-1),
  })
}

export interface Exec {
  readonly interactive: boolean
  readonly detached?: boolean
  readonly environment: readonly string[]
  readonly user?: string | undefined
  readonly cwd?: string | undefined
}

export async function execIn(
  call: Call,
  container: Container,
  command: readonly string[],
  options: Exec,
): Promise<number> {
  if (container.status !== 'running') throw new DockerError(`container ${container.id} is not running`)
  await call.flush()
  const { machine, process } = call
  const descriptors = new Map<number, OpenFile>([
    [0, options.interactive ? process.descriptor(0) : machine.nullDevice()],
    [1, process.descriptor(1)],
    [2, process.descriptor(2)],
  ])
  const inner = call.world.docker.spawn(container, command, {
    parent: machine.init,
    environment: options.environment,
    descriptors,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  if (!machine.locate(inner, command[0] ?? '')) {
    if (!machine.programs.has(command[0]?.split('/').at(-1) ?? '')) machine.lacked(command[0] ?? '')
    inner.end(127)
    call.err(
      `OCI runtime exec failed: exec failed: unable to start container process: exec: "${command[0]}": executable file not found in $PATH: unknown\n`,
    )
    return 127
  }
  machine.start(inner, child => machine.execute(child, command))
  if (options.detached) return 0
  return process.wait(inner.exited)
}

/** Starts a container with this call's streams and waits for its end. */
export async function attach(call: Call, container: Container, interactive: boolean): Promise<number> {
  await call.flush()
  const { machine, process } = call
  const { docker } = call.world
  const words = docker.wordsOf(container.plan)
  const descriptors = new Map<number, OpenFile>([
    [0, interactive ? process.descriptor(0) : machine.nullDevice()],
    [1, process.descriptor(1)],
    [2, process.descriptor(2)],
  ])
  docker.join(container)
  const inner = docker.spawn(container, words, { descriptors })
  container.main = inner
  if (!machine.locate(inner, words[0] ?? '')) {
    inner.end(127)
    docker.end(container, 127, true)
    call.err(
      `docker: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${words[0]}": executable file not found in $PATH: unknown.\n`,
    )
    return 127
  }
  machine.start(inner, child => machine.execute(child, words))
  const status = await process.wait(inner.exited)
  docker.end(container, status, true)
  return status
}

export function logs(call: Call, words: readonly string[]): number {
  const options = call.options('n', ['tail', 'since', 'until'], words)
  const container = named(call, options.operands[0] ?? '')
  printLogs(call, container, {
    tail: options.value('tail', 'n'),
    since: options.value('since'),
    until: options.value('until'),
    timestamps: options.has('t', 'timestamps'),
  })
  return 0
}

export interface LogOptions {
  readonly tail?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly timestamps?: boolean
  readonly prefix?: string
}

export function printLogs(
  call: Call,
  container: Container,
  { tail, since, until, timestamps = false, prefix = '' }: LogOptions,
): void {
  const from = since === undefined ? 0 : timeOf(call, since)
  const to = until === undefined ? Number.POSITIVE_INFINITY : timeOf(call, until)
  let lines = container.logs.filter(({ at }) => at >= from && at <= to)
  if (tail !== undefined && tail !== 'all') lines = Number(tail) === 0 ? [] : lines.slice(-Number(tail))
  for (const { at, stream, text } of lines) {
    const line = `${prefix}${timestamps ? `${iso(at)} ` : ''}${text}\n`
    if (stream === 'stderr' && prefix === '') call.err(line)
    else call.outText(line)
  }
}

/** `10m`, `1h30m`, a time, or seconds since 1970. */
function timeOf(call: Call, text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  if (/^(\d+[hms])+$/.test(text))
    return (
      call.machine.now() -
      [...text.matchAll(/(\d+)([hms])/g)].reduce(
        (sum, [, number, unit]) => sum + Number(number) * ({ h: 3600, m: 60, s: 1 }[unit ?? 's'] ?? 1),
        0,
      ) *
        1000
    )
  return Date.parse(text)
}

async function each(
  call: Call,
  words: readonly string[],
  valued: string,
  act: (container: Container) => Promise<void> | void,
): Promise<number> {
  const options = call.options(valued, ['time', 'signal', 'timeout'], words)
  for (const name of options.operands) {
    await act(named(call, name))
    call.line(name)
  }
  return 0
}

export const start = (call: Call, words: readonly string[]): Promise<number> =>
  each(call, words, '', container => call.world.docker.startContainer(container))
export const stop = (call: Call, words: readonly string[]): Promise<number> =>
  each(call, words, 'ts', container => call.world.docker.stopContainer(container))
export const restart = (call: Call, words: readonly string[]): Promise<number> =>
  each(call, words, 'ts', async container => {
    call.world.docker.stopContainer(container)
    await call.world.docker.startContainer(container)
  })

export async function kill(call: Call, words: readonly string[]): Promise<number> {
  const options = call.options('s', ['signal'], words)
  const signal = (options.value('s', 'signal') ?? 'KILL').replace('SIG', '')
  for (const name of options.operands) {
    const container = named(call, name)
    if (signal === 'HUP' || signal === 'USR1') call.world.docker.signalMain(container, signal)
    else call.world.docker.end(container, 137, true)
    call.line(name)
  }
  return 0
}

export function remove(call: Call, words: readonly string[]): number {
  const options = call.options('', [], words)
  const { docker } = call.world
  let status = 0
  for (const name of options.operands) {
    const container = docker.find(name)
    if (!container) {
      if (!options.has('f', 'force')) status = 1
      call.err(`Error response from daemon: No such container: ${name}\n`)
      continue
    }
    if (container.status === 'running' && !options.has('f', 'force')) {
      call.err(
        `Error response from daemon: cannot remove container "/${container.name}": container is running: stop the container before removing or force remove\n`,
      )
      status = 1
      continue
    }
    container.stoppedByHand = true
    docker.end(container, 137, true)
    docker.remove(container)
    if (options.has('v', 'volumes'))
      for (const mount of container.plan.mounts)
        if (mount.type === 'volume' && /^[0-9a-f]{64}$/.test(mount.name)) docker.volumes.delete(mount.name)
    call.line(name)
  }
  return status
}

export async function copy(call: Call, words: readonly string[]): Promise<number> {
  const [from = '', to = ''] = call.options('', [], words).operands
  const side = (text: string): { container: Container | undefined; path: string } => {
    const [, name, path = ''] = /^([^/:]+):(.*)$/.exec(text) ?? []
    return name === undefined ? { container: undefined, path: text } : { container: named(call, name), path }
  }
  const source = side(from)
  const target = side(to)
  const bytes =
    source.path === '-'
      ? Buffer.from(await call.input(), 'latin1')
      : (source.container?.files.read(source.path) ?? (await call.bytes(source.path)))
  if (target.path === '-') {
    await call.write(1, bytes)
    return 0
  }
  const files = target.container?.files ?? call.process.files
  const absolute = target.path.startsWith('/') ? target.path : `${call.process.cwd}/${target.path}`
  const inside = files.maybe(absolute)?.kind === 'directory'
  files.write(inside ? `${absolute.replace(/\/$/, '')}/${source.path.split('/').at(-1)}` : absolute, bytes)
  return 0
}

export async function update(call: Call, words: readonly string[]): Promise<number> {
  const options = call.options('m', ['memory', 'memory-swap', 'restart', 'cpus'], words)
  for (const name of options.operands) {
    const container = named(call, name)
    const memory = options.value('m', 'memory')
    if (memory !== undefined) container.memoryLimit = bytesOf(memory)
    const policy = options.value('restart')
    if (policy !== undefined) Object.assign(container.plan, { restart: policy })
    call.line(name)
  }
  return 0
}

export const pause = (call: Call, words: readonly string[]): Promise<number> =>
  each(call, words, '', container => {
    container.status = container.status === 'paused' ? 'running' : 'paused'
  })

export function stats(call: Call, words: readonly string[]): number {
  const options = call.options('', ['format'], words)
  const format = options.value('format')
  const all = [...call.world.docker.containers.values()].filter(({ status }) => status === 'running')
  const chosen = options.operands.length > 0 ? options.operands.map(name => named(call, name)) : all
  for (const container of chosen) {
    const limit = container.memoryLimit || call.world.memoryBytes
    const used = Math.min(limit * 0.4, 110_000_000)
    const mib = (bytes: number): string =>
      bytes >= 1024 ** 3
        ? `${(bytes / 1024 ** 3).toFixed(3).replace(/0+$/, '').replace(/\.$/, '')}GiB`
        : `${(bytes / 1024 ** 2).toFixed(2).replace(/0+$/, '').replace(/\.$/, '')}MiB`
    const value = {
      ID: container.id.slice(0, 12),
      Container: container.id.slice(0, 12),
      Name: container.name,
      CPUPerc: '0.12%',
      MemUsage: `${mib(used)} / ${mib(limit)}`,
      MemPerc: `${((used * 100) / limit).toFixed(2)}%`,
      NetIO: '1.2MB / 800kB',
      BlockIO: '0B / 0B',
      PIDs: '8',
    }
    if (format === undefined) call.line(Object.values(value).join('   '))
    else if (!shown(call, format, value)) return 64
  }
  return 0
}

export function top(call: Call, words: readonly string[]): number {
  const container = named(call, words[0] ?? '')
  call.line('UID PID PPID C STIME TTY TIME CMD')
  for (const process of call.machine.processes.values())
    if (process.container === container.id)
      call.line(`root ${process.pid} 1 0 00:00 ? 00:00:00 ${process.command.join(' ')}`)
  return 0
}

export function port(call: Call, words: readonly string[]): number {
  for (const { inside, protocol, address, published } of named(call, words[0] ?? '').plan.ports)
    call.line(`${inside}/${protocol} -> ${address || '0.0.0.0'}:${published}`)
  return 0
}

export async function wait(call: Call, words: readonly string[]): Promise<number> {
  for (const name of words) {
    const container = named(call, name)
    while (container.status === 'running') await call.process.sleep(50)
    call.line(String(container.exitCode))
  }
  return 0
}

export function rename(call: Call, words: readonly string[]): number {
  named(call, words[0] ?? '').name = words[1] ?? ''
  return 0
}
