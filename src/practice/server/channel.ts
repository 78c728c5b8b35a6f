/** One SSH channel as the descriptors of a process. */

import type { ServerChannel } from 'ssh2'
import { type Interruptible, OpenFile } from '../system/open-file.ts'
import { SystemError } from '../system/system-error.ts'

/** What the client sends. */
export class ChannelInput extends OpenFile {
  #chunks: Buffer[] = []
  #ended = false
  #wake: () => void = () => {}

  constructor(channel: ServerChannel) {
    super(undefined, 'pipe:[ssh]')
    channel.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#wake()
    })
    const end = (): void => {
      this.#ended = true
      this.#wake()
    }
    channel.on('end', end)
    channel.on('close', end)
  }

  async read(most: number, wait: Interruptible): Promise<Buffer> {
    while (this.#chunks.length === 0 && !this.#ended) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await wait(promise)
    }
    const first = this.#chunks.shift() ?? Buffer.alloc(0)
    if (first.length > most) this.#chunks.unshift(first.subarray(most))
    return first.subarray(0, most)
  }

  async write(): Promise<void> {
    throw new SystemError('EBADF')
  }
}

/** What the client sees: standard output or standard error. */
export class ChannelOutput extends OpenFile {
  readonly #channel: ServerChannel
  readonly #stream: NodeJS.WritableStream
  #closed = false

  constructor(channel: ServerChannel, stream: NodeJS.WritableStream) {
    super(undefined, 'pipe:[ssh]')
    this.#channel = channel
    this.#stream = stream
    channel.on('close', () => {
      this.#closed = true
    })
    stream.on('error', () => {
      this.#closed = true
    })
  }

  async read(): Promise<Buffer> {
    return Buffer.alloc(0)
  }

  async write(bytes: Buffer, wait: Interruptible): Promise<void> {
    if (this.#closed || this.#channel.destroyed) throw new SystemError('EPIPE')
    if (this.#stream.write(bytes)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stream.once('drain', resolve)
    this.#channel.once('close', resolve)
    await wait(promise)
  }
}
