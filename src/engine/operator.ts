/** The one port through which a run asks a person. The screen, the headless policy and a test's script implement it. */

import type { RemedyOffer, RunTarget, ShownPlan, StoredVerdict } from '../model/event.ts'
import type { RunState } from './state.ts'

export interface ConsentRequest {
  readonly plan: ShownPlan
  /** The verdict that the remedy answers. */
  readonly verdict: StoredVerdict
  readonly target: RunTarget
  readonly attempt: number
  /** For a destructive remedy: what has to be typed, exactly. Else null. */
  readonly confirmation: string | null
}

/** `by` says who decided, for the journal: the operator's name or the policy's. */
export type Consent =
  | { readonly answer: 'yes'; readonly by: string; readonly typed?: string }
  | { readonly answer: 'no' | 'stop'; readonly by: string; readonly reason?: string }

export interface ChoiceRequest {
  readonly check: string
  readonly title: string
  readonly verdict: StoredVerdict
  readonly remedies: readonly RemedyOffer[]
}

export interface LockHeld {
  readonly holder: string
  readonly since: string
  readonly what: string
  readonly stale: boolean
  /** Their jobs that still run on the server; while there are any, the lock cannot be taken over. */
  readonly runningJobs?: readonly string[]
}

/** What comes after the walk. `again` without checks means all of them; `mend` offers a check's remedies once more. */
export type Review =
  | { readonly do: 'finish' }
  | { readonly do: 'again'; readonly checks: readonly string[] }
  | { readonly do: 'mend'; readonly check: string }

export interface Operator {
  /** Shows a plan, whole, and waits for a decision. */
  consent(request: ConsentRequest): Promise<Consent>
  /** Which of several remedies to look at; null for none of them. */
  choose(request: ChoiceRequest): Promise<string | null>
  /** Asks a person to do something elsewhere. */
  manual(request: { title: string; instructions: readonly string[] }): Promise<'done' | 'not-done'>
  /** Somebody else works on this target. */
  lockHeld(request: LockHeld): Promise<'take-over' | 'stop'>
  /** Everything has been walked, and something is left to do. Left out where nobody looks: the run then ends. */
  review?(state: RunState): Promise<Review>
}
