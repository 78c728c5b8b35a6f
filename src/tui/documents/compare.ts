/** Two runs side by side: what got better, what got worse, what is new. */

import type { CheckState, RunState } from '../../engine/state.ts'
import type { Line } from '../lines.ts'
import { checkMark, count, duration, stamp, statusMark } from '../words.ts'
import { heading, labelled, type Page, prose } from './build.ts'

export interface Change {
  readonly id: string
  readonly before?: CheckState
  readonly after?: CheckState
}

/** Checks that ended differently, in the order of the later run. */
export function changesBetween(before: RunState, after: RunState): Change[] {
  const ids = [...new Set([...Object.keys(after.checks), ...Object.keys(before.checks)])]
  return ids.flatMap((id): Change[] => {
    const [old, now] = [before.checks[id], after.checks[id]]
    if (old?.verdict?.status === now?.verdict?.status && old !== undefined && now !== undefined) return []
    return [
      { id, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) },
    ]
  })
}

const BADNESS = { pass: 0, 'not-applicable': 0, warn: 1, skipped: 2, unknown: 2, fail: 3 } as const
const badness = (check: CheckState | undefined): number => BADNESS[check?.verdict?.status ?? 'skipped']

/** @param before the earlier of the two. */
export function comparePage(page: Page, before: RunState, after: RunState): Line[] {
  const changes = changesBetween(before, after)
  const both = changes.filter(change => change.before !== undefined && change.after !== undefined)
  const groups = [
    ['Better', both.filter(change => badness(change.after) < badness(change.before))],
    ['Worse', both.filter(change => badness(change.after) > badness(change.before))],
    ['Otherwise', both.filter(change => badness(change.after) === badness(change.before))],
    ['Only in the later run', changes.filter(change => change.before === undefined)],
    ['Only in the earlier run', changes.filter(change => change.after === undefined)],
  ] as const
  return [
    ...runRows(page, 'Earlier', before),
    ...runRows(page, 'Later', after),
    ...(changes.length === 0 ? [[], ...prose(page, 'Every check ended the same in both.', 'good')] : []),
    ...groups.flatMap(([title, list]) =>
      list.length === 0
        ? []
        : [
            [],
            heading(page, `${title}: ${count(list.length, 'check')}`),
            ...list.flatMap(one => changeRows(page, one)),
          ],
    ),
  ]
}

function runRows(
  page: Page,
  label: string,
  { runbook, target, startedAt, finishedAt, status }: RunState,
): Line[] {
  const mark = statusMark(status ?? 'interrupted', page.symbols)
  const took =
    finishedAt === undefined ? '' : `, took ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}`
  return labelled(
    page,
    label,
    `${stamp(startedAt)}, ${runbook} on ${target.name}: ${mark.word}${took}`,
    mark.tone,
  )
}

function changeRows(page: Page, { id, before, after }: Change): Line[] {
  const check = after ?? before
  if (check === undefined) return []
  const mark = checkMark(check, page.symbols)
  const was = before === undefined ? '' : `${checkMark(before, page.symbols).word} ${page.symbols.arrow} `
  const now = after === undefined ? 'not made' : checkMark(after, page.symbols).word
  return [
    [
      { text: `${mark.symbol} `, tone: mark.tone },
      { text: check.title || id },
      { text: `  ${was}${now}`, tone: mark.tone },
    ],
    ...prose(page, check.verdict?.summary ?? '', 'muted', 2),
  ]
}
