/** A runbook, and its plan, as pages. */

import type { PlannedStep } from '../../model/event.ts'
import type { Line } from '../lines.ts'
import type { RunbookSummary, RunSummary } from '../services.ts'
import { ago, count, statusMark } from '../words.ts'
import { labelled, type Page, prose } from './build.ts'

/** @param last the newest run of it on this server, where there is one. @param now milliseconds since the epoch. */
export function runbookPage(
  page: Page,
  runbook: RunbookSummary,
  last: RunSummary | undefined,
  now: number,
): Line[] {
  const { purpose, minutes, steps, checks, remedies } = runbook
  return [
    ...prose(page, purpose),
    [],
    ...labelled(page, 'Reads', `${count(checks, 'check')} in ${count(steps, 'step')}; checks change nothing`),
    ...labelled(
      page,
      'Changes',
      remedies === 0
        ? 'nothing: it has no remedies'
        : `${count(remedies, 'remedy', 'remedies')}, each only after you have seen it and said yes`,
    ),
    ...labelled(page, 'Takes', `about ${minutes} min with everything to be done`),
    ...labelled(page, 'Last here', last === undefined ? 'never run' : lastWords(page, last, now)),
  ]
}

function lastWords({ symbols }: Page, last: RunSummary, now: number): string {
  return `${statusMark(last.status, symbols).word} ${ago(last.finishedAt ?? last.startedAt, now)}: ${last.summary}`
}

export type PlannedCheck = PlannedStep['checks'][number]

/** One check of a plan: what it makes sure of and why. */
export function plannedCheckPage(
  page: Page,
  check: PlannedCheck,
  step: PlannedStep,
  titles: Readonly<Record<string, string>>,
): Line[] {
  const after = check.after.map(id => titles[id] ?? id)
  return [
    ...prose(page, check.title, 'strong'),
    [],
    ...prose(page, check.why),
    [],
    ...labelled(page, 'Step', step.why === undefined ? step.title : `${step.title}. ${step.why}`),
    ...check.remedies.flatMap((remedy, index) =>
      labelled(page, index === 0 ? 'May offer' : '', `${remedy.title} (${remedy.grade})`, 'accent'),
    ),
    ...(after.length === 0 ? [] : labelled(page, 'After', after.join('; '))),
  ]
}
