/** What is left to do as a list: causes ranked, what they hold up folded under them. */

import { type Cause, diagnose } from '../../engine/outcome.ts'
import type { RunState } from '../../engine/state.ts'
import type { Entry } from '../components/list.tsx'
import { type Line, spread } from '../lines.ts'
import type { Symbols } from '../symbols.ts'
import { checkMark, count } from '../words.ts'
import { labelled, type Page } from './build.ts'
import { checkPage } from './check.ts'

/** @param unfolded ids of the causes whose consequences are listed. */
export function causeEntries(
  state: RunState,
  unfolded: ReadonlySet<string>,
  symbols: Symbols,
  columns: number,
): Entry[] {
  return diagnose(state).flatMap((cause): Entry[] => {
    const check = state.checks[cause.cause]
    if (check === undefined) return []
    const mark = checkMark(check, symbols)
    const isOpen = unfolded.has(cause.cause)
    const held = cause.explains.length
    const right: Line = [
      ...(held === 0 ? [] : [{ text: `${isOpen ? '-' : '+'}${held}  `, tone: 'muted' as const }]),
      { text: mark.word.padEnd(10), tone: mark.tone },
    ]
    const row: Entry = {
      id: check.id,
      line: spread(
        [{ text: `${mark.symbol} `, tone: mark.tone }, { text: check.title }],
        right,
        columns,
        symbols.ellipsis,
      ),
    }
    return isOpen ? [row, ...cause.explains.flatMap(id => consequence(state, id, symbols, columns))] : [row]
  })
}

function consequence(state: RunState, id: string, symbols: Symbols, columns: number): Entry[] {
  const check = state.checks[id]
  if (check === undefined) return []
  const mark = checkMark(check, symbols)
  return [
    {
      id,
      line: spread(
        [{ text: '    ' }, { text: check.title, tone: 'muted' }],
        [{ text: mark.word.padEnd(10), tone: 'muted' }],
        columns,
        symbols.ellipsis,
      ),
    },
  ]
}

/** The cause that a check is, or is folded under. */
export function causeOf(state: RunState, id: string | undefined): Cause | undefined {
  return diagnose(state).find(
    ({ cause, explains }) => cause === id || (id !== undefined && explains.includes(id)),
  )
}

/** A cause's page: what it holds up, then all that is known of it. A consequence's page says of what it is one. */
export function causePage(page: Page, state: RunState, id: string): Line[] {
  const check = state.checks[id]
  const cause = causeOf(state, id)
  if (check === undefined || cause === undefined) return []
  const held = cause.explains.map(other => state.checks[other]?.title ?? other)
  const relation =
    cause.cause === id
      ? held.length === 0
        ? []
        : labelled(page, 'Holds up', `${count(held.length, 'check')}: ${held.join('; ')}`)
      : labelled(page, 'Because of', state.checks[cause.cause]?.title ?? cause.cause, 'accent')
  return [...relation, ...(relation.length === 0 ? [] : [[]]), ...checkPage(page, check, state)]
}
