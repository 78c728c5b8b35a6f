/** A list of rows with one selected. Only the visible rows are drawn, however many there are. */

import { useState } from 'react'
import type { Movement } from '../keys.ts'
import type { Line } from '../lines.ts'
import { moved, movementHandlers, whereabouts } from '../scroll.ts'
import { useTheme } from '../theme.ts'
import { Rows } from './rows.tsx'

export interface Entry {
  readonly id: string
  /** The row without its cursor mark, at most {@link entryColumns} wide. */
  readonly line: Line
  /** A heading is passed over by the cursor. */
  readonly isHeading?: boolean
}

/** Cells of a list's row that its entry may take. */
export const entryColumns = (columns: number): number => columns - 2

export interface Selection {
  /** Undefined when there is nothing to select. */
  readonly selected: string | undefined
  readonly handlers: Readonly<Record<Movement, () => void>>
  select(id: string | undefined): void
}

/**
 * The selected entry, kept by its identity so that it stays the same when the list is sorted anew.
 *
 * @param follow the entry to be on as long as the operator has not moved.
 */
export function useSelection(entries: readonly Entry[], rows: number, follow?: string): Selection {
  const [chosen, select] = useState<string>()
  const items = entries.filter(entry => entry.isHeading !== true)
  const wanted = chosen ?? follow
  const at = Math.max(
    0,
    items.findIndex(entry => entry.id === wanted),
  )
  const go = (movement: Movement) => () => select(items[moved(at, movement, items.length, rows)]?.id)
  return { selected: items[at]?.id, handlers: movementHandlers(go), select }
}

interface ListProps {
  readonly entries: readonly Entry[]
  readonly selected: string | undefined
  readonly columns: number
  readonly rows: number
  readonly isFocused: boolean
}

/** The first row to draw: the selected one stays in the middle, so that what comes before and after is seen. */
export function firstVisible(entries: readonly Entry[], selected: string | undefined, rows: number): number {
  const at = entries.findIndex(entry => entry.id === selected && entry.isHeading !== true)
  return Math.max(0, Math.min(at - Math.floor(rows / 2), entries.length - rows))
}

/** `12-20 of 41`, for the panel's lower border. */
export function listWhereabouts(entries: readonly Entry[], selected: string | undefined, rows: number) {
  return whereabouts(firstVisible(entries, selected, rows), rows, entries.length)
}

export function List({ entries, selected, columns, rows, isFocused }: ListProps) {
  const { symbols } = useTheme()
  const top = firstVisible(entries, selected, rows)
  const lines = entries.slice(top, top + rows).map((entry): Line => {
    if (entry.isHeading === true) return entry.line
    if (entry.id !== selected) return [{ text: '  ' }, ...entry.line]
    const marked = entry.line.map(span =>
      span.tone === undefined ? { ...span, tone: 'selected' as const } : span,
    )
    return [{ text: `${symbols.cursor} `, tone: isFocused ? 'accent' : 'muted' }, ...marked]
  })
  return <Rows lines={lines} width={columns} />
}
