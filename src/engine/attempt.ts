/** One attempt at a remedy: which one it is, and what became of its actions. */

import { type CommandResult, whyNot } from '../model/command.ts'

/** Which attempt an event belongs to. */
export interface Mark {
  readonly remedy: string
  readonly check: string
  readonly attempt: number
}

/** What one action came to. */
export interface Done {
  readonly ok: boolean
  readonly summary: string
  readonly record: readonly CommandResult[]
  /** It goes on on the server without us: resuming the run attaches to it. */
  readonly left?: true
}

/** Why the rest of a plan was not carried out. */
export interface ActionFailure {
  readonly summary: string
  /** True when it cannot be told whether the action ran to its end. */
  readonly unknown: boolean
  /** The action goes on on the server: nothing has ended, and an armed revert stays armed. */
  readonly left?: true
}

/** Done when it exited with 0. */
export function doneBy(result: CommandResult): Done {
  const ok = result.ending === 'exited' && result.exitCode === 0
  return {
    ok,
    summary: ok ? `done in ${(result.durationMs / 1000).toFixed(1)} s` : whyNot(result),
    record: [result],
  }
}
