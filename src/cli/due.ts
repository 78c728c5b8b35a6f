/** What waits for the operator: runs that were cut off, and what checks said has to be looked at again. */

import type { RunTarget, StoredVerdict } from '../model/event.ts'
import type { DueItem, Upcoming } from '../tui/services.ts'
import type { RunDigest } from './run-digest.ts'

/**
 * Runs that were cut off and that nothing has overtaken: a later run of the same runbook on the same server has
 * looked at everything afresh, so going on with the older one would add nothing.
 *
 * @param runs newest first.
 * @param isUnderWay says of a run's id whether a process of this machine is still at it.
 */
export function cutOff(runs: readonly RunDigest[], isUnderWay: (run: string) => boolean): DueItem[] {
  const seen = new Set<string>()
  return runs.flatMap((digest): DueItem[] => {
    const { run, runbook, target, title, status, summary, hasEnded, unsettled } = digest
    const subject = `${runbook} ${target.name}`
    const isOvertaken = seen.has(subject)
    seen.add(subject)
    if (isOvertaken || status !== 'interrupted' || hasEnded || isUnderWay(run)) return []
    return [
      {
        id: `resume ${run}`,
        kind: 'resume',
        target,
        title: `${title} was cut off`,
        words:
          unsettled === null
            ? `It ended early: ${summary}. Nothing was left half done; going on looks at everything afresh.`
            : `“${unsettled}” was under way: it may or may not have been done. Going on asks the server, and does nothing twice.`,
        since: digest.finishedAt ?? digest.startedAt,
        subject: run,
      },
    ]
  })
}

/** What the checks of earlier runs said has to be looked at again, each server's newest word for each of them. */
function reminders(runs: readonly RunDigest[]): { target: RunTarget; check: string; due: Due }[] {
  const seen = new Set<string>()
  return runs.flatMap(({ target, looked, due }) => {
    // A run that never came to a check says nothing about it: the one before still holds.
    const latest = due.filter(({ check }) => !seen.has(`${target.name} ${check}`))
    for (const check of looked) seen.add(`${target.name} ${check}`)
    return latest.map(({ check, due }) => ({ target, check, due }))
  })
}

type Due = NonNullable<StoredVerdict['due']>

/**
 * Reminders whose day has come, the longest overdue first.
 *
 * @param runs newest first. @param now milliseconds since the epoch.
 */
export function overdue(runs: readonly RunDigest[], now: number): DueItem[] {
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
export function upcoming(runs: readonly RunDigest[], target: string, now: number): Upcoming[] {
  return reminders(runs)
    .filter(({ target: { name }, due }) => name === target && Date.parse(due.at) > now)
    .map(({ due: { title, at, runbook } }) => ({ title, at, runbook }))
    .sort((one, other) => one.at.localeCompare(other.at))
}
