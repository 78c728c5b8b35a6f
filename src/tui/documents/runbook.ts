/** A runbook, and its plan, as pages. */

import type { PlannedStep } from '../../model/event.ts'
import type { Line } from '../lines.ts'
import type { RunbookSummary } from '../services.ts'
import { count } from '../words.ts'
import { labelled, type Page, prose } from './build.ts'

export function runbookPage(page: Page, runbook: RunbookSummary): Line[] {
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
  ]
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
