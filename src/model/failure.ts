/**
 * A failure that ends what was asked: said in one plain sentence, with the exit code that scripts rely on.
 * Nothing else is thrown on purpose past a module's edge; whatever else arrives there is our own mistake.
 */

/** The command line's exit codes (DESIGN §6; 64 and up after BSD's sysexits). */
export const EXIT = {
  passed: 0,
  warnings: 1,
  failures: 2,
  unproven: 3,
  usage: 64,
  unreachable: 69,
  locked: 75,
  refused: 77,
  configuration: 78,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: ExitCode
  /** What to do next, as a second sentence. */
  readonly next: string

  constructor(exitCode: ExitCode, message: string, next = '') {
    super(message)
    this.exitCode = exitCode
    this.next = next
  }
}
