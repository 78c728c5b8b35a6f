/** Ways out of the middle of a script. */

export class Exit extends Error {
  override readonly name = 'Exit'
  readonly status: number
  /** A program has taken the shell's place: no trap runs any more. */
  readonly replaced: boolean
  constructor(status: number, replaced = false) {
    super(`exit ${status}`)
    this.status = status
    this.replaced = replaced
  }
}

export class Return extends Error {
  override readonly name = 'Return'
  readonly status: number
  constructor(status: number) {
    super(`return ${status}`)
    this.status = status
  }
}

export class Break extends Error {
  override readonly name = 'Break'
  readonly levels: number
  constructor(levels: number) {
    super('break')
    this.levels = levels
  }
}

export class Continue extends Error {
  override readonly name = 'Continue'
  readonly levels: number
  constructor(levels: number) {
    super('continue')
    this.levels = levels
  }
}
