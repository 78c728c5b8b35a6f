/** The end of a check: what was found, how it compares, and what could be done about it. */

import type { Figure } from './figure.ts'
import type { AnyRemedy } from './remedy.ts'

/**
 * `pass` proven good · `warn` works, but not as it should · `fail` proven bad · `unknown` could not be checked,
 * never counted as good · `skipped` not tried (blocked by another failure, or by the operator) ·
 * `not-applicable` the question does not arise on this server.
 */
export type VerdictStatus = 'pass' | 'warn' | 'fail' | 'unknown' | 'skipped' | 'not-applicable'

/** When this has to be looked at again, and how: the home screen reminds the operator. */
export interface DueAgain {
  /** ISO 8601, UTC. */
  readonly at: string
  /** The runbook to walk then, by id. */
  readonly runbook: string
  /** What is due, as a title: "Restore drill", "Renewal of the certificate for shop.example". */
  readonly title: string
}

export interface VerdictDetails {
  /** The value that was measured, as a person reads it: `84 %`, `yes`, `2 of 3`. */
  readonly measured?: string
  /** What it was held against, in the same words and unit. */
  readonly expected?: string
  /** The line of the evidence that tells, verbatim, so that the screen can mark it. */
  readonly telling?: string
  /** Remedies that would mend this, best first. Only for `warn`, `fail` and `unknown`. */
  readonly remedies?: readonly AnyRemedy[]
  /** What the operator can do by hand, when no remedy can do it for them. */
  readonly advice?: string
  readonly due?: DueAgain
  readonly figures?: readonly Figure[]
}

export interface Verdict extends VerdictDetails {
  readonly status: VerdictStatus
  /** One sentence without a full stop: what was seen. */
  readonly summary: string
}

/** Proven good. */
export const pass = (summary: string, details: VerdictDetails = {}): Verdict => ({
  status: 'pass',
  summary,
  ...details,
})
/** Works today, but should be mended: it ends the run with `warnings`, exit code 1. */
export const warn = (summary: string, details: VerdictDetails = {}): Verdict => ({
  status: 'warn',
  summary,
  ...details,
})
/** Proven bad. */
export const fail = (summary: string, details: VerdictDetails = {}): Verdict => ({
  status: 'fail',
  summary,
  ...details,
})
/** Could not be checked. A remedy may still help, for example by installing what the check needs. */
export const unknown = (summary: string, details: VerdictDetails = {}): Verdict => ({
  status: 'unknown',
  summary,
  ...details,
})
/** The question does not arise on this server; the summary says why. */
export const notApplicable = (summary: string): Verdict => ({ status: 'not-applicable', summary })
