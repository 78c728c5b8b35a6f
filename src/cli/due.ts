/** What waits for the operator: runs that were cut off, and what checks said has to be looked at again. */

import { isClaimed } from '../engine/journal-claim.ts'
import type { RunTarget, StoredVerdict } from '../model/event.ts'
import type { DueItem, Upcoming } from '../tui/services.ts'
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

/** What the checks of earlier runs said has to be looked at again, each server's newest word for each of them. */
function reminders(runs: readonly StoredRun[]): { target: RunTarget; check: string; due: Due }[] {
  const seen = new Set<string>()
  return runs.flatMap(({ state }) =>
    Object.values(state.checks).flatMap(({ id, verdict }) => {
      const subject = `${state.target.name} ${id}`
      // A run that never came to the check says nothing about it: the one before still holds.
      if (verdict === undefined || verdict.status === 'skipped' || seen.has(subject)) return []
      seen.add(subject)
      return verdict.due === undefined ? [] : [{ target: state.target, check: id, due: verdict.due }]
    }),
  )
}

type Due = NonNullable<StoredVerdict['due']>

/**
 * Reminders whose day has come, the longest overdue first.
 *
 * @param runs newest first. @param now milliseconds since the epoch.
 */
export function overdue(runs: readonly StoredRun[], now: number): DueItem[] {
  return reminders(runs)
    .filter(({ due }) => Date.parse(due.at) <= now)
    .sort((one, other) => one.due.at.localeCompare(other.due.at))
    .map(({ target, check, due }) => ({
      id: `due ${target.name} ${check}`,
      kind: 'runbook',
      target,
      title: `${due.title} is due`,
      words: `${due.title} has been due since ${due.at.slice(0, 10)}. Enter opens the runbook for it; nothing runs yet.`,
      since: due.at,
      subject: due.runbook,
    }))
}

/** Reminders of one server whose day is still to come, the next first. */
export function upcoming(runs: readonly StoredRun[], target: string, now: number): Upcoming[] {
  return reminders(runs)
    .filter(({ target: { name }, due }) => name === target && Date.parse(due.at) > now)
    .map(({ due: { title, at, runbook } }) => ({ title, at, runbook }))
    .sort((one, other) => one.at.localeCompare(other.at))
}
