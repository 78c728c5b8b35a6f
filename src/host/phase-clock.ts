/** A time limit that stands still while a person is being asked. */

export class PhaseClock {
  #leftMs: number
  #timer: NodeJS.Timeout | undefined
  #since = 0
  #questions = 0
  #expired: (() => void) | undefined

  constructor(seconds: number) {
    this.#leftMs = seconds * 1000
  }

  /** Runs until the seconds are used up, over several attempts if need be. */
  start(expired: () => void): void {
    this.stop()
    this.#expired = expired
    this.#run()
  }

  stop(): void {
    this.#pause()
    this.#expired = undefined
  }

  /** A question to a person begins or ends; questions may overlap. */
  readonly asking = (open: boolean): void => {
    this.#questions += open ? 1 : -1
    if (this.#questions > 0) this.#pause()
    else this.#run()
  }

  #run(): void {
    const expired = this.#expired
    if (expired === undefined || this.#timer !== undefined || this.#questions > 0) return
    this.#since = Date.now()
    this.#timer = setTimeout(expired, Math.max(0, this.#leftMs))
  }

  #pause(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#leftMs -= Date.now() - this.#since
  }
}
