/** What is kept of one output stream: its head and its tail, however much there is. */

/** Bytes kept from the beginning (ssh.md §3.6: floods must cost no memory). */
export const HEAD_BYTES = 1_048_576
/** Bytes kept from the end once the head is full. */
export const TAIL_BYTES = 65_536

/** Gathers bytes up to a cap and decodes them once, at the end. */
export class Capture {
  #head: Buffer[] = []
  #headBytes = 0
  #tail: Buffer[] = []
  #tailBytes = 0
  #total = 0
  readonly #decoder = new TextDecoder()
  readonly #live: ((text: string) => void) | undefined

  /** `live` gets decoded text as it arrives, until the head is full. */
  constructor(live?: (text: string) => void) {
    this.#live = live
  }

  add(bytes: Buffer): void {
    this.#total += bytes.length
    const room = HEAD_BYTES - this.#headBytes
    if (room > 0) {
      const part = bytes.subarray(0, room)
      this.#head.push(Buffer.from(part))
      this.#headBytes += part.length
      this.#live?.(this.#decoder.decode(part, { stream: true }))
    }
    if (bytes.length > room) this.#addTail(bytes.subarray(Math.max(0, room)))
  }

  #addTail(bytes: Buffer): void {
    this.#tail.push(Buffer.from(bytes))
    this.#tailBytes += bytes.length
    if (this.#tailBytes < 4 * TAIL_BYTES) return
    const kept = Buffer.from(Buffer.concat(this.#tail).subarray(-TAIL_BYTES))
    this.#tail = [kept]
    this.#tailBytes = kept.length
  }

  /** Bytes that were dropped between head and tail. */
  get omittedBytes(): number {
    return Math.max(0, this.#total - HEAD_BYTES - TAIL_BYTES)
  }

  /** Head and tail as UTF-8 with replacement; a line between them says how much is missing. */
  text(): string {
    const tail = Buffer.concat(this.#tail)
    const head = Buffer.concat(this.#head)
    if (this.omittedBytes === 0) return new TextDecoder().decode(Buffer.concat([head, tail]))
    const gap = `\n[${this.omittedBytes} bytes left out here]\n`
    return new TextDecoder().decode(head) + gap + new TextDecoder().decode(tail.subarray(-TAIL_BYTES))
  }
}
