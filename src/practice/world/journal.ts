/** The journal: what services and programs have said, newest last. */

export interface Entry {
  /** Milliseconds since 1970 by the server's clock. */
  readonly at: number
  readonly unit: string
  /** The program's name. */
  readonly command: string
  readonly pid: number
  readonly message: string
  /** 0 emergency to 7 debug; 6 is informational. */
  readonly priority: number
}

export class Journal {
  readonly entries: Entry[] = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add(
    unit: string,
    command: string,
    message: string,
    options: { pid?: number; priority?: number; at?: number } = {},
  ): void {
    const { pid = 0, priority = 6, at = this.#now() } = options
    this.entries.push({ at, unit, command, pid, priority, message })
    if (this.entries.length > 20_000) this.entries.splice(0, 5000)
  }
}
