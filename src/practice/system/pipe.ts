/** Bytes from writers to readers, in order, with room for 64 KiB. */

const CAPACITY = 65_536

export class Pipe {
  #chunks: Buffer[] = []
  #size = 0
  readers = 0
  writers = 0
  /** How often either side was ever opened: who waits for the other side may find it gone again. */
  readersEver = 0
  writersEver = 0
  #waiting: (() => void)[] = []

  /** Woken whenever something about the pipe changes. */
  changed(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  get empty(): boolean {
    return this.#size === 0
  }

  get full(): boolean {
    return this.#size >= CAPACITY
  }

  put(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#size += bytes.length
    this.wake()
  }

  take(most: number): Buffer {
    const taken: Buffer[] = []
    let size = 0
    while (size < most && this.#chunks.length > 0) {
      const first = this.#chunks[0] as Buffer
      const wanted = most - size
      if (first.length <= wanted) {
        taken.push(first)
        this.#chunks.shift()
        size += first.length
      } else {
        taken.push(first.subarray(0, wanted))
        this.#chunks[0] = first.subarray(wanted)
        size += wanted
      }
    }
    this.#size -= size
    this.wake()
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken)
  }
}
