/** A check reads a server and ends in a verdict. It changes nothing, and is written as if it were alone. */

import type { z } from 'zod'
import type { CommandResult, RunOptions } from './command.ts'
import type { FactReader } from './fact.ts'
import type { LoginOutcome, LoginRequest } from './machine.ts'
import type { Policy } from './policy.ts'
import type { AnyRemedy } from './remedy.ts'
import type { Script } from './script.ts'
import type { Target } from './target.ts'
import type { Verdict } from './verdict.ts'

/** What facts and checks may do to a server: read it. Every command is recorded as evidence by itself. */
export interface ReadContext {
  readonly target: Target
  /** Runs a script that reads. Rejects never: look at the result's `ending` and `exitCode`. */
  run(script: Script, options?: RunOptions): Promise<CommandResult>
  /** Makes evidence of something seen from the operator's own side (`where: 'this machine'`): DNS, a web page, a handshake. */
  record(result: CommandResult): void
  /** A login over a new connection, to see what a newcomer would see. */
  login(request: LoginRequest): Promise<LoginOutcome>
  /** A fact, read at most once in a round of checks and shared by all of them. */
  readonly read: FactReader
}

/** What a check's own commands printed in an earlier run on the same target. */
export interface Remembered {
  /** When that run ended, ISO 8601 in UTC by the operator's clock. */
  readonly at: string
  /** Standard output of its commands, as it was stored: sanitised and redacted. */
  readonly output: string
}

export interface ProbeContext<P> extends ReadContext {
  readonly params: P
  readonly policy: Policy
  /** For a check that {@link Check.remembers}: what it read in the last run on this target that passed, if there was one. */
  readonly remembered?: Remembered
}

export interface Check<P> {
  /** `area/what-is-true`, unique: `ssh/password-login-refused`. */
  readonly id: string
  /** The sentence that is true when it passes: "Password login is refused". */
  readonly title: string
  /** Why it matters, as to a colleague at three in the morning. This is the product's documentation. */
  readonly why: string
  readonly params: z.ZodType<P>
  /** Checks that make this one meaningless while they fail: it is then shown as blocked, not as one more failure. */
  readonly after?: readonly string[]
  /** Checks whose failure this one's failure explains, beside those that stand `after` it. */
  readonly explains?: readonly string[]
  /**
   * Every remedy that a verdict of this check may offer; another one in a verdict is a mistake in the check. It lets
   * the plan and the documentation say what might be offered before anything connects.
   */
  readonly remedies?: readonly AnyRemedy[]
  /** True for a check that holds what it reads against the last run that passed. */
  readonly remembers?: true
  /** Seconds for the whole probe, 1 to 600. Default 60; past it the verdict is `unknown`. */
  readonly timeoutSeconds?: number
  /** @throws Unreadable for what could not be read: becomes `unknown` with that message. */
  probe(context: ProbeContext<P>): Promise<Verdict>
}

/** A check whose parameters are no longer known by type: its own schema parses them when it probes. */
export type AnyCheck = Check<object>

/** Defines a check; the parameter schema gives `probe` its types. */
export function check<P extends object>(definition: Check<P>): Check<P> {
  return definition
}
