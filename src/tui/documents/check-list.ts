/** A run's checks as a list: by step while it runs, worst first when it is over. */

import type { CheckState, RunState } from '../../engine/state.ts'
import type { Entry } from '../components/list.tsx'
import { spread } from '../lines.ts'
import type { Symbols } from '../symbols.ts'
import { checkMark, duration } from '../words.ts'

export interface CheckGroup {
  readonly title: string
  readonly checks: readonly string[]
}

/** Groups in the order in which they are shown; every check is in exactly one. */
export function checkGroups(state: RunState, order: 'steps' | 'failures-first'): CheckGroup[] {
  if (order === 'steps') return state.steps.map(({ title, checks }) => ({ title, checks }))
  const all = state.steps.flatMap(step => step.checks).flatMap(id => state.checks[id] ?? [])
  const titles = ['Failed', 'Unproven', 'Warnings', 'Mended', 'Passed', 'Not needed'] as const
  return titles
    .map(title => ({ title, checks: all.filter(check => groupOf(check) === title).map(({ id }) => id) }))
    .filter(group => group.checks.length > 0)
}

function groupOf({ verdict, firstStatus }: CheckState) {
  switch (verdict?.status) {
    case 'fail':
      return 'Failed'
    case 'warn':
      return 'Warnings'
    case 'pass':
      return firstStatus === undefined || firstStatus === 'pass' ? 'Passed' : 'Mended'
    case 'not-applicable':
      return 'Not needed'
    default:
      return 'Unproven'
  }
}

const WORD = 10
const TIME = 8

/** The list's rows: a heading for each group, and a row for each check. */
export function checkEntries(
  groups: readonly CheckGroup[],
  state: RunState,
  symbols: Symbols,
  columns: number,
): Entry[] {
  return groups.flatMap((group, index): Entry[] => {
    const heading: Entry = {
      id: `group ${index}`,
      isHeading: true,
      line: [{ text: group.title, tone: 'muted' }],
    }
    return [heading, ...group.checks.flatMap(id => checkEntry(state.checks[id], symbols, columns))]
  })
}

function checkEntry(check: CheckState | undefined, symbols: Symbols, columns: number): Entry[] {
  if (check === undefined) return []
  const mark = checkMark(check, symbols)
  const isPlain = check.progress === 'waiting'
  const hasRun = check.verdict !== undefined && check.verdict.status !== 'skipped'
  const time = hasRun ? duration(check.durationMs) : ''
  const right = isPlain
    ? []
    : [
        { text: mark.word.padEnd(WORD), tone: mark.tone },
        { text: time.padStart(TIME), tone: 'muted' as const },
      ]
  const title = isPlain ? { text: check.title, tone: 'muted' as const } : { text: check.title }
  return [
    {
      id: check.id,
      line: spread([{ text: `${mark.symbol} `, tone: mark.tone }, title], right, columns, symbols.ellipsis),
    },
  ]
}
