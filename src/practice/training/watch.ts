/** What the events of an attempt's runs say about it. Pure; the runs know nothing of it. */

import { diagnose } from '../../engine/outcome.ts'
import type { RunState } from '../../engine/state.ts'
import type { RunEvent } from '../../model/event.ts'
import type { RunRemedy } from './score.ts'

export interface Seen {
  /** Milliseconds from the start of the clock until the cause was shown. */
  readonly causeAfter?: number
  /** Remedies that ran, once for each time. */
  readonly remedies: readonly RunRemedy[]
}

export const nothingSeen: Seen = { remedies: [] }

/**
 * @param cause the check that names the scenario's cause.
 * @param elapsed milliseconds on the clock.
 */
export function watch(
  seen: Seen,
  event: RunEvent,
  state: RunState,
  { cause, elapsed }: { readonly cause: string | undefined; readonly elapsed: number },
): Seen {
  // From its intent on, a remedy may have changed something.
  if (event.type === 'remedy-intent') {
    const id = event.remedy
    const title = state.remedies.findLast(({ remedy }) => remedy === id)?.plan?.title ?? id
    return { ...seen, remedies: [...seen.remedies, { id, title }] }
  }
  if (event.type !== 'check-finished' || cause === undefined || seen.causeAfter !== undefined) return seen
  if (!isProvenWrong(state, cause)) return seen
  return diagnose(state).some(one => one.cause === cause) ? { ...seen, causeAfter: elapsed } : seen
}

/** The operator looks at a check's page: it may be folded under another cause, and then no diagnosis shows it. */
export function lookedAt(
  seen: Seen,
  state: RunState,
  check: string,
  { cause, elapsed }: { readonly cause: string | undefined; readonly elapsed: number },
): Seen {
  if (check !== cause || seen.causeAfter !== undefined || !isProvenWrong(state, check)) return seen
  return { ...seen, causeAfter: elapsed }
}

/** What could not be checked names no cause. */
const isProvenWrong = (state: RunState, check: string): boolean =>
  ['fail', 'warn'].includes(state.checks[check]?.verdict?.status ?? '')
