/** One process: who it is, what it has open, and how it ends. */

import { allows, type Credentials, type FileSystem, type Found } from './file-system.ts'
import type { Machine } from './machine.ts'
import { fileNode, type Node } from './nodes.ts'
import { Device, type OpenFile, openNamedPipe, RegularFile, TextInput } from './open-file.ts'
import { Killed, numberOf, type Signal } from './signals.ts'
import { SystemError } from './system-error.ts'

export type OpenMode = 'read' | 'write' | 'append' | 'both'

/** What a new process takes over from the one that starts it, unless said otherwise. */
export interface Inherited {
  readonly credentials: Credentials
  readonly cwd: string
  readonly umask: number
  readonly files: FileSystem
  readonly environment: ReadonlyMap<string, string>
  readonly group?: number
  readonly session?: number
  readonly container?: string | undefined
}

export class Process {
  readonly machine: Machine
  readonly pid: number
  parent: Process | undefined
  group: number
  session: number
  credentials: Credentials
  cwd: string
  umask: number
  files: FileSystem
  environment: Map<string, string>
  /** The container that it runs in; undefined on the server itself. */
  readonly container: string | undefined
  /** Its command line, as /proc shows it. */
  command: readonly string[] = []
  /** Hundredths of a second after the machine's start, as in /proc/PID/stat. */
  readonly startedTicks: number
  readonly startedAt = Date.now()
  readonly descriptors = new Map<number, OpenFile>()
  /** What it does with signals, where not the default. */
  readonly handlers = new Map<Signal, 'ignore' | ((signal: Signal) => void)>()
  readonly exited: Promise<number>
  status: number | undefined
  #killed: Signal | undefined
  readonly #stoppers = new Set<() => void>()
  readonly #settle: (status: number) => void

  constructor(machine: Machine, pid: number, parent: Process | undefined, inherited: Inherited) {
    this.machine = machine
    this.pid = pid
    this.parent = parent
    this.credentials = inherited.credentials
    this.cwd = inherited.cwd
    this.umask = inherited.umask
    this.files = inherited.files
    this.environment = new Map(inherited.environment)
    this.group = inherited.group ?? parent?.group ?? pid
    this.session = inherited.session ?? parent?.session ?? pid
    this.container = inherited.container ?? parent?.container
    this.startedTicks = Math.floor(machine.uptimeSeconds() * 100)
    const { promise, resolve } = Promise.withResolvers<number>()
    this.exited = promise
    this.#settle = resolve
  }

  get isRoot(): boolean {
    return this.credentials.uid === 0
  }

  /** Waits for something, unless a signal ends the process first. @throws Killed */
  readonly wait = <T>(waiting: Promise<T>): Promise<T> => {
    this.check()
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(new Killed(this.#killed ?? 'KILL'))
      this.#stoppers.add(stop)
      waiting.then(
        value => {
          this.#stoppers.delete(stop)
          resolve(value)
        },
        error => {
          this.#stoppers.delete(stop)
          reject(error)
        },
      )
    })
  }

  /** @throws Killed once a signal has ended the process. */
  check(): void {
    if (this.#killed) throw new Killed(this.#killed)
  }

  sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    timer = setTimeout(resolve, milliseconds)
    return this.wait(promise).finally(() => clearTimeout(timer))
  }

  /** A signal arrives. */
  receive(signal: Signal): void {
    if (this.status !== undefined) return
    const handler = signal === 'KILL' ? undefined : this.handlers.get(signal)
    if (handler === 'ignore' || signal === 'CHLD' || signal === 'CONT' || signal === 'EXIT') return
    if (handler) handler(signal)
    else {
      this.#killed ??= signal
      for (const stop of [...this.#stoppers]) stop()
    }
  }

  /** The end: everything open is closed, and who waits is told. */
  end(status: number): void {
    if (this.status !== undefined) return
    this.status = this.#killed ? 128 + numberOf(this.#killed) : status
    for (const file of this.descriptors.values()) file.release()
    this.descriptors.clear()
    this.machine.forget(this)
    this.#settle(this.status)
  }

  descriptor(number: number): OpenFile {
    const file = this.descriptors.get(number)
    if (!file) throw new SystemError('EBADF')
    return file
  }

  setDescriptor(number: number, file: OpenFile): void {
    file.retain()
    this.descriptors.get(number)?.release()
    this.descriptors.set(number, file)
  }

  closeDescriptor(number: number): void {
    this.descriptors.get(number)?.release()
    this.descriptors.delete(number)
  }

  find(path: string, follow = true): Found {
    return this.files.find(path, this.credentials, this.cwd, follow)
  }

  node(path: string, follow = true): Node {
    return this.files.node(path, this.credentials, this.cwd, follow)
  }

  maybe(path: string, follow = true): Node | undefined {
    return this.files.maybe(path, this.credentials, this.cwd, follow)
  }

  /** open(2). @throws SystemError */
  async openFile(path: string, mode: OpenMode, exclusive = false): Promise<OpenFile> {
    const inherited = /^\/dev\/(?:fd\/(\d+)|std(in|out|err))$/.exec(path)
    if (inherited) {
      const [, number, word] = inherited
      return this.descriptor(number ? Number(number) : word === 'in' ? 0 : word === 'out' ? 1 : 2)
    }
    const found = this.find(path)
    const node = found.node ?? this.#create(found, mode)
    if (exclusive && found.node) throw new SystemError('EEXIST')
    if (node.kind === 'directory') {
      if (mode === 'read') return new TextInput(Buffer.alloc(0), node, found.path)
      throw new SystemError('EISDIR')
    }
    const bits = mode === 'read' ? 4 : mode === 'both' ? 6 : 2
    if (!allows(node, this.credentials, bits)) throw new SystemError('EACCES')
    switch (node.kind) {
      case 'file':
        if (mode === 'write') this.files.put(node, Buffer.alloc(0))
        return new RegularFile(
          this.files,
          node,
          found.path,
          mode === 'read' ? 'read' : mode === 'both' ? 'both' : 'write',
          mode === 'append',
        )
      case 'generated':
        return new TextInput(Buffer.from(node.text(), 'latin1'), node, found.path)
      case 'fifo':
        return openNamedPipe(node, mode === 'append' ? 'write' : mode, found.path, this.wait)
      case 'device':
        return new Device(node, found.path)
      case 'link':
        throw new SystemError('ELOOP')
    }
  }

  #create(found: Found, mode: OpenMode): Node {
    if (mode === 'read') throw new SystemError('ENOENT')
    const { uid, gid } = this.credentials
    const node = fileNode('', 0o666 & ~this.umask, uid, gid)
    this.files.add(found, node, this.credentials)
    return node
  }
}
