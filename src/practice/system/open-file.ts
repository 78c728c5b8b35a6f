/** An open file description (open(2)): shared by every descriptor that was copied from it, closed with the last. */

import { randomFillSync } from 'node:crypto'
import type { FileSystem } from './file-system.ts'
import type { DeviceNode, FileNode, Node, PipeNode } from './nodes.ts'
import { Pipe } from './pipe.ts'
import { SystemError } from './system-error.ts'

/** Something that waits can be cut short: by a signal that ends the process. */
export type Interruptible = <T>(waiting: Promise<T>) => Promise<T>

export abstract class OpenFile {
  #holders = 0
  /** The node behind it, for fstat(2) and locks. */
  readonly node: Node | undefined
  /** Where it was opened; for /proc and messages. */
  readonly path: string

  constructor(node: Node | undefined, path: string) {
    this.node = node
    this.path = path
  }

  retain(): this {
    this.#holders += 1
    return this
  }

  release(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.closed()
  }

  get open(): boolean {
    return this.#holders > 0
  }

  /** Up to `most` bytes; empty at the end. */
  abstract read(most: number, wait: Interruptible): Promise<Buffer>
  /** @throws SystemError EPIPE, ENOSPC, EBADF. */
  abstract write(bytes: Buffer, wait: Interruptible): Promise<void>
  protected closed(): void {}
}

export class RegularFile extends OpenFile {
  readonly #files: FileSystem
  readonly #file: FileNode
  readonly #append: boolean
  readonly #mode: 'read' | 'write' | 'both'
  offset = 0

  constructor(
    files: FileSystem,
    file: FileNode,
    path: string,
    mode: 'read' | 'write' | 'both',
    append: boolean,
  ) {
    super(file, path)
    this.#files = files
    this.#file = file
    this.#append = append
    this.#mode = mode
  }

  async read(most: number): Promise<Buffer> {
    if (this.#mode === 'write') throw new SystemError('EBADF')
    const bytes = this.#file.content.subarray(this.offset, this.offset + most)
    this.offset += bytes.length
    return bytes
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#mode === 'read') throw new SystemError('EBADF')
    const { content } = this.#file
    const at = this.#append ? content.length : this.offset
    const gap = Buffer.alloc(Math.max(0, at - content.length))
    this.#files.put(
      this.#file,
      Buffer.concat([content.subarray(0, at), gap, bytes, content.subarray(at + bytes.length)]),
    )
    this.offset = at + bytes.length
  }
}

/** Text that is there at once: a here-document, a generated file. */
export class TextInput extends OpenFile {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer, node?: Node, path = '') {
    super(node, path)
    this.#bytes = bytes
  }

  async read(most: number): Promise<Buffer> {
    const bytes = this.#bytes.subarray(this.#offset, this.#offset + most)
    this.#offset += bytes.length
    return bytes
  }

  async write(): Promise<void> {
    throw new SystemError(this.node?.kind === 'generated' ? 'EACCES' : 'EBADF')
  }
}

export class Device extends OpenFile {
  readonly #device: DeviceNode['device']

  constructor(node: DeviceNode, path: string) {
    super(node, path)
    this.#device = node.device
  }

  async read(most: number): Promise<Buffer> {
    if (this.#device === 'null') return Buffer.alloc(0)
    const bytes = Buffer.alloc(Math.min(most, 65_536))
    return this.#device === 'random' ? randomFillSync(bytes) : bytes
  }

  async write(): Promise<void> {
    if (this.#device === 'full') throw new SystemError('ENOSPC')
  }
}

export class PipeEnd extends OpenFile {
  readonly pipe: Pipe
  readonly #side: 'read' | 'write' | 'both'

  constructor(pipe: Pipe, side: 'read' | 'write' | 'both', node?: PipeNode, path = '') {
    super(node, path)
    this.pipe = pipe
    this.#side = side
    if (side !== 'write') {
      pipe.readers += 1
      pipe.readersEver += 1
    }
    if (side !== 'read') {
      pipe.writers += 1
      pipe.writersEver += 1
    }
    pipe.wake()
  }

  async read(most: number, wait: Interruptible): Promise<Buffer> {
    if (this.#side === 'write') throw new SystemError('EBADF')
    while (this.pipe.empty && this.pipe.writers > 0) await wait(this.pipe.changed())
    return this.pipe.take(most)
  }

  async write(bytes: Buffer, wait: Interruptible): Promise<void> {
    if (this.#side === 'read') throw new SystemError('EBADF')
    for (let at = 0; at < bytes.length; at += 65_536) {
      while (this.pipe.full && this.pipe.readers > 0) await wait(this.pipe.changed())
      if (this.pipe.readers === 0) throw new SystemError('EPIPE')
      this.pipe.put(bytes.subarray(at, at + 65_536))
    }
  }

  protected override closed(): void {
    if (this.#side !== 'write') this.pipe.readers -= 1
    if (this.#side !== 'read') this.pipe.writers -= 1
    this.pipe.wake()
    if (this.node?.kind === 'fifo' && this.pipe.readers + this.pipe.writers === 0) this.node.pipe = undefined
  }
}

/** The two ends of a new pipe: for reading, for writing. */
export function makePipe(): readonly [PipeEnd, PipeEnd] {
  const pipe = new Pipe()
  return [new PipeEnd(pipe, 'read'), new PipeEnd(pipe, 'write')]
}

/** Opens a named pipe: waits until the other side is opened too. */
export async function openNamedPipe(
  node: PipeNode,
  side: 'read' | 'write' | 'both',
  path: string,
  wait: Interruptible,
): Promise<PipeEnd> {
  node.pipe ??= new Pipe()
  const { pipe } = node
  const { readersEver, writersEver } = pipe
  const others = side === 'read' ? pipe.writers : pipe.readers
  const end = new PipeEnd(pipe, side, node, path)
  if (others === 0 && side === 'read') while (pipe.writersEver === writersEver) await wait(pipe.changed())
  if (others === 0 && side === 'write') while (pipe.readersEver === readersEver) await wait(pipe.changed())
  return end
}
