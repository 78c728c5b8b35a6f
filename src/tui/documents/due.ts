/** What waits for the operator, as rows above the servers and as a page. */

import { environmentTone } from '../components/header.tsx'
import type { Entry } from '../components/list.tsx'
import { type Line, spread } from '../lines.ts'
import type { DueItem } from '../services.ts'
import type { Symbols } from '../symbols.ts'
import { ago, stamp } from '../words.ts'
import { labelled, type Page, prose } from './build.ts'

/** The rows with the headings of both parts of the list; nothing when nothing waits. */
export function dueEntries(due: readonly DueItem[], columns: number, symbols: Symbols, now: number): Entry[] {
  if (due.length === 0) return []
  return [
    { id: 'group due', isHeading: true, line: [{ text: 'Waits for you', tone: 'warning' }] },
    ...due.map(({ id, title, target, since }) => ({
      id,
      line: spread(
        [
          { text: `${symbols.running} `, tone: 'warning' as const },
          { text: `${title} on ` },
          { text: target.name, tone: 'strong' as const },
        ],
        [{ text: ago(since, now).padStart(11), tone: 'muted' as const }],
        columns,
        symbols.ellipsis,
      ),
    })),
    { id: 'group servers', isHeading: true, line: [{ text: 'Servers', tone: 'muted' }] },
  ]
}

export function duePage(page: Page, { target, words, since }: DueItem): Line[] {
  return [
    ...prose(page, words),
    [],
    [
      { text: 'Server'.padEnd(11), tone: 'muted' },
      { text: target.name, tone: 'strong' },
      { text: ' ' },
      { text: target.environment.toUpperCase(), tone: environmentTone[target.environment] },
    ],
    ...labelled(page, 'Since', stamp(since)),
  ]
}
