/** What waits for the operator. Runbooks that are walked at intervals add theirs to the list here. */

import { isClaimed } from '../engine/journal-claim.ts'
import type { DueItem } from '../tui/services.ts'
import { endOf, type StoredRun } from './history.ts'

/**
 * Runs that were cut off and that nothing has overtaken: a later run of the same runbook on the same server has
 * looked at everything afresh, so going on with the older one would add nothing.
 *
 * @param runs newest first.
 */
export function cutOff(runs: readonly StoredRun[]): DueItem[] {
  const seen = new Set<string>()
  return runs.flatMap(({ path, state }): DueItem[] => {
    const subject = `${state.runbook} ${state.target.name}`
    const isOvertaken = seen.has(subject)
    seen.add(subject)
    const { status, summary } = endOf(state)
    if (isOvertaken || status !== 'interrupted' || state.status !== undefined || isClaimed(path)) return []
    const open = state.remedies.filter(remedy => remedy.intended && remedy.outcome === undefined)
    const [unsettled] = open
    return [
      {
        id: `resume ${state.run}`,
        kind: 'resume',
        target: state.target,
        title: `${state.title} was cut off`,
        words:
          unsettled === undefined
            ? `It ended early: ${summary}. Nothing was left half done; going on looks at everything afresh.`
            : `“${unsettled.plan?.title ?? unsettled.remedy}” was under way: it may or may not have been done. Going on asks the server, and does nothing twice.`,
        since: state.finishedAt ?? state.startedAt,
        subject: state.run,
      },
    ]
  })
}
