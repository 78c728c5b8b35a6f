/** The machine that the practice server runs on: its processes, its clock, its programs. */

import { randomUUID } from 'node:crypto'
import type { Call } from './call.ts'
import type { FileSystem } from './file-system.ts'
import { allows } from './file-system.ts'
import { deviceNode, type Node } from './nodes.ts'
import { Device, type OpenFile } from './open-file.ts'
import { type Inherited, Process } from './process.ts'
import { Killed, numberOf, type Signal } from './signals.ts'
import { SystemError } from './system-error.ts'

/** A program: reads and changes the world, and ends with an exit status. */
export type Program = (call: Call) => Promise<number> | number

/** What `spawn` may be told beyond what is inherited. */
export interface Spawn extends Partial<Omit<Inherited, 'container'>> {
  readonly command: readonly string[]
  readonly container?: string
  /** Descriptors; those of the parent when left out. */
  readonly descriptors?: ReadonlyMap<number, OpenFile>
  /** True for a new process group with this process as its leader. */
  readonly ownGroup?: boolean
}

/** Where a name was found. */
export interface Located {
  readonly path: string
  readonly node: Node
}

export class Machine {
  readonly files: FileSystem
  readonly programs: ReadonlyMap<string, Program>
  readonly processes = new Map<number, Process>()
  readonly init: Process
  bootId = randomUUID()
  /** Added to the operator's own clock, in milliseconds. */
  clockOffset = 0
  #startedAt = Date.now() - 3 * 86_400_000
  #lastPid = 1
  /** Names that were called and that no program of this world has. */
  readonly lacking = new Set<string>()
  /** Makes a call for a program: set by what knows the world. */
  readonly makeCall: (process: Process, name: string, words: readonly string[]) => Call

  constructor(
    files: FileSystem,
    programs: ReadonlyMap<string, Program>,
    makeCall: (process: Process, name: string, words: readonly string[]) => Call,
  ) {
    this.files = files
    this.programs = programs
    this.makeCall = makeCall
    this.init = new Process(this, 1, undefined, {
      credentials: { uid: 0, gid: 0, groups: [0] },
      cwd: '/',
      umask: 0o022,
      files,
      environment: new Map(),
      group: 1,
      session: 1,
    })
    this.init.command = ['/sbin/init']
    this.processes.set(1, this.init)
  }

  /** Milliseconds since 1970 by this machine's clock. */
  now(): number {
    return Date.now() + this.clockOffset
  }

  uptimeSeconds(): number {
    return (Date.now() - this.#startedAt) / 1000
  }

  /** When the machine started, by its own clock, in milliseconds. */
  get startedAt(): number {
    return this.#startedAt + this.clockOffset
  }

  /** A new boot: a new id, uptime from nought. The processes have been ended before. */
  booted(): void {
    this.bootId = randomUUID()
    this.#startedAt = Date.now() - 20_000
  }

  nextPid(): number {
    do this.#lastPid = this.#lastPid >= 32_000 ? 300 : this.#lastPid + 1
    while (this.processes.has(this.#lastPid))
    return this.#lastPid
  }

  /** Makes a process; what it does is up to the caller, who ends it. */
  spawn(parent: Process, options: Spawn): Process {
    const pid = this.nextPid()
    const process = new Process(this, pid, parent, {
      credentials: options.credentials ?? parent.credentials,
      cwd: options.cwd ?? parent.cwd,
      umask: options.umask ?? parent.umask,
      files: options.files ?? parent.files,
      environment: options.environment ?? parent.environment,
      group: options.ownGroup ? pid : (options.group ?? parent.group),
      session: options.session ?? parent.session,
      container: options.container,
    })
    process.command = options.command
    for (const [signal, handler] of parent.handlers)
      if (handler === 'ignore') process.handlers.set(signal, 'ignore')
    for (const [number, file] of options.descriptors ?? parent.descriptors)
      process.setDescriptor(number, file)
    this.processes.set(pid, process)
    return process
  }

  /** Starts a process that does something, in the background. */
  start(process: Process, work: (process: Process) => Promise<number> | number): Process {
    void this.finish(process, work)
    return process
  }

  /** Lets a process do something and ends it with what came of it. */
  async finish(process: Process, work: (process: Process) => Promise<number> | number): Promise<number> {
    let status = 1
    try {
      status = await work(process)
    } catch (error) {
      if (error instanceof Killed) status = 128 + numberOf(error.signal)
      else if (!(error instanceof SystemError)) throw error
    } finally {
      process.end(status)
    }
    return process.status ?? status
  }

  forget(process: Process): void {
    this.processes.delete(process.pid)
    for (const other of this.processes.values()) if (other.parent === process) other.parent = this.init
  }

  /** Sends a signal to a process, or with a negative number to a process group. @returns how many got it. */
  signal(target: number, signal: Signal): number {
    const targets =
      target > 0
        ? [this.processes.get(target)]
        : [...this.processes.values()].filter(process => process.group === -target && process.pid !== 1)
    let count = 0
    for (const process of targets) {
      if (!process) continue
      count += 1
      process.receive(signal)
    }
    return count
  }

  /** Finds a program by name as execvp(3) does. Null when there is none. */
  locate(process: Process, name: string, path = process.environment.get('PATH') ?? ''): Located | null {
    const candidates = name.includes('/') ? [name] : path.split(':').map(folder => `${folder || '.'}/${name}`)
    for (const candidate of candidates) {
      const node = process.maybe(candidate)
      if (node && node.kind !== 'directory' && allows(node, process.credentials, 1))
        return { path: candidate, node }
    }
    return null
  }

  /**
   * execvp(3): the process becomes that program.
   *
   * @returns its exit status; 127 with a message on standard error when there is no such program, 126 when it
   *   may not be run.
   */
  async execute(process: Process, words: readonly string[], said = ''): Promise<number> {
    const [name = ''] = words
    const located = this.locate(process, name)
    if (!located) {
      const there = name.includes('/') && process.maybe(name)
      if (!there && !name.includes('/')) this.lacked(name)
      await complain(process, there ? `${said}${name}: Permission denied\n` : `${said}${name}: not found\n`)
      return there ? 126 : 127
    }
    process.command = words
    const { node } = located
    if (node.kind === 'file' && node.program !== undefined) return this.run(process, node.program, words)
    const text = node.kind === 'file' ? node.content.toString('latin1') : ''
    const [, interpreter = '/bin/sh'] = /^#!\s*(.*)/.exec(text) ?? []
    return this.execute(process, [...interpreter.trim().split(/\s+/), located.path, ...words.slice(1)], said)
  }

  async run(process: Process, program: string, words: readonly string[]): Promise<number> {
    const found = this.programs.get(program)
    if (!found) {
      this.lacked(program)
      await complain(process, `${program}: not found\n`)
      return 127
    }
    const call = this.makeCall(process, program, words)
    try {
      const status = await found(call)
      await call.flush()
      return status
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      await call.flush().catch(() => {})
      await complain(process, `${program}: ${error.message}\n`)
      return 1
    }
  }

  /** Somebody asked whether there is such a program, and took no for an answer. */
  asked(_name: string): void {}

  nullDevice(): Device {
    return new Device(deviceNode('null'), '/dev/null')
  }

  /** A name that no program of this world has; what is merely not installed is none of these. */
  lacked(name: string): void {
    if (!this.programs.has(name)) this.lacking.add(name)
  }
}

async function complain(process: Process, text: string): Promise<void> {
  await process.descriptors
    .get(2)
    ?.write(Buffer.from(text, 'latin1'), process.wait)
    .catch((error: unknown) => {
      if (!(error instanceof SystemError)) throw error
    })
}
