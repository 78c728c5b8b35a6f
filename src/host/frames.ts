/**
 * Frames in a byte stream: marks made of a secret word that only we and the remote shell know, between the
 * bytes of commands. A mark is `<nonce> <words>\n`, wherever it stands; whatever else comes is data, to the byte.
 */

export interface FrameListener {
  data(bytes: Buffer): void
  /** The words after the nonce. */
  mark(words: readonly string[]): void
}

/** Longest payload of a mark, in bytes. A nonce followed by more than this is no mark of ours. */
const MAX_PAYLOAD = 80

/** Splits a stream, fed in chunks of any size, into data and marks. */
export class FrameParser {
  readonly #start: Buffer
  readonly #listener: FrameListener
  #held: Buffer = Buffer.alloc(0)

  /** `nonce`: 32 hexadecimal digits, new for every shell. */
  constructor(nonce: string, listener: FrameListener) {
    this.#start = Buffer.from(`${nonce} `, 'latin1')
    this.#listener = listener
  }

  feed(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (;;) {
      const at = rest.indexOf(this.#start)
      if (at === -1) {
        const keep = borderLength(rest, this.#start)
        this.#data(rest.subarray(0, rest.length - keep))
        this.#held = Buffer.from(rest.subarray(rest.length - keep))
        return
      }
      this.#data(rest.subarray(0, at))
      const payload = at + this.#start.length
      const end = rest.indexOf(0x0a, payload)
      if (end === -1 && rest.length - payload <= MAX_PAYLOAD) {
        this.#held = Buffer.from(rest.subarray(at))
        return
      }
      if (end === -1 || end - payload > MAX_PAYLOAD) {
        this.#data(rest.subarray(at, payload))
        rest = rest.subarray(payload)
        continue
      }
      this.#listener.mark(rest.subarray(payload, end).toString('latin1').split(' '))
      rest = rest.subarray(end + 1)
    }
  }

  /** The stream is over: what was held back as the possible start of a mark was data after all. */
  finish(): void {
    this.#data(this.#held)
    this.#held = Buffer.alloc(0)
  }

  #data(bytes: Buffer): void {
    if (bytes.length > 0) this.#listener.data(bytes)
  }
}

/** How many bytes at the end of `text` could be the beginning of `pattern`. */
function borderLength(text: Buffer, pattern: Buffer): number {
  const longest = Math.min(text.length, pattern.length - 1)
  for (let length = longest; length > 0; length--) {
    if (text.subarray(text.length - length).equals(pattern.subarray(0, length))) return length
  }
  return 0
}
