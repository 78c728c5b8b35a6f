/** What checks read in the last run on a target that passed: found again in its journal, where it is evidence. */

import type { AnyCheck, Remembered } from '../model/check.ts'
import type { RunEvent } from '../model/event.ts'
import { lookUp } from './journal.ts'

/** Journals looked at: one that has what is wanted is either among these, or too old to say what changed lately. */
const MOST_JOURNALS = 60

/** Events that tell whose run it was, and how it ended. */
const LIFE: readonly unknown[] = ['run-started', 'run-resumed', 'run-interrupted', 'run-finished']

/**
 * A journal that cannot be read, is of another target or did not end well is passed over: it has nothing to say.
 *
 * @param journals their paths, newest first; asked for one at a time
 * @param target the target's name
 * @param checks those that want to remember; of others nothing is looked for
 */
export function rememberedFrom(
  journals: Iterable<string>,
  target: string,
  checks: readonly AnyCheck[],
): ReadonlyMap<string, Remembered> {
  const found = new Map<string, Remembered>()
  const wanted = new Set(checks.filter(({ remembers }) => remembers).map(({ id }) => id))
  if (wanted.size === 0) return found
  let looked = 0
  for (const path of journals) {
    if (looked++ === MOST_JOURNALS) break
    try {
      const events =
        lookUp(path, ({ type, check }) => LIFE.includes(type) || wanted.has(check as string)) ?? []
      const at = whenPassed(events, target)
      if (at === null) continue
      for (const id of wanted) {
        const output = lastOutput(events, id)
        if (output !== null && !found.has(id)) found.set(id, { at, output })
      }
      if (found.size === wanted.size) break
    } catch {
      // A run that is being written now, or a file that was damaged: the one before it is asked.
    }
  }
  return found
}

/** When a run on this target ended well; null for every other. */
function whenPassed(events: readonly RunEvent[], target: string): string | null {
  const [first] = events
  const last = events.at(-1)
  if (first?.type !== 'run-started' || first.target.name !== target) return null
  return last?.type === 'run-finished' && last.status === 'passed' ? last.at : null
}

function lastOutput(events: readonly RunEvent[], check: string): string | null {
  const event = events.findLast(candidate => candidate.type === 'check-finished' && candidate.check === check)
  if (event?.type !== 'check-finished' || event.verdict.status !== 'pass') return null
  return event.evidence.map(({ stdout }) => stdout).join('\n')
}
