/** Where one is in a long text or list: pure arithmetic, clamped on every use because texts grow and shrink. */

import { useState } from 'react'
import type { Movement } from './keys.ts'

/** The first visible row after a movement. */
export function scrolled(top: number, movement: Movement, length: number, rows: number): number {
  const furthest = Math.max(0, length - rows)
  const page = Math.max(1, rows - 1)
  const next = {
    up: top - 1,
    down: top + 1,
    pageUp: top - page,
    pageDown: top + page,
    first: 0,
    last: furthest,
  }[movement]
  return Math.min(Math.max(0, next), furthest)
}

/** The selected row after a movement. */
export function moved(cursor: number, movement: Movement, length: number, rows: number): number {
  const page = Math.max(1, rows - 1)
  const next = {
    up: cursor - 1,
    down: cursor + 1,
    pageUp: cursor - page,
    pageDown: cursor + page,
    first: 0,
    last: length - 1,
  }[movement]
  return Math.max(0, Math.min(next, length - 1))
}

/** The first visible row of a list such that its selected row is visible, with a little of what follows. */
export function windowFor(cursor: number, top: number, length: number, rows: number): number {
  const margin = rows > 6 ? 1 : 0
  let first = top
  if (cursor - margin < first) first = cursor - margin
  if (cursor + margin >= first + rows) first = cursor + margin - rows + 1
  return Math.min(Math.max(0, first), Math.max(0, length - rows))
}

/** `1–14 of 52`, or nothing when everything is visible. */
export function whereabouts(top: number, rows: number, length: number): string | undefined {
  if (length <= rows) return undefined
  return `${top + 1}-${Math.min(length, top + rows)} of ${length}`
}

export interface Scroll {
  readonly top: number
  readonly handlers: Readonly<Record<Movement, () => void>>
  /** Shows the text from a row on. */
  to(row: number): void
  /** True when the last row is visible. */
  readonly isAtEnd: boolean
}

/** Scrolling over a text of `length` rows in a window of `rows`. `key` starts it afresh at the top. */
export function useScroll(length: number, rows: number, key = ''): Scroll {
  const [place, setPlace] = useState({ key, top: 0 })
  const furthest = Math.max(0, length - rows)
  const top = place.key === key ? Math.min(place.top, furthest) : 0
  const go = (movement: Movement) => () => setPlace({ key, top: scrolled(top, movement, length, rows) })
  const to = (row: number) => setPlace({ key, top: Math.min(Math.max(0, row), furthest) })
  return { top, to, isAtEnd: top >= furthest, handlers: movementHandlers(go) }
}

/** A handler for each movement. */
export function movementHandlers(go: (movement: Movement) => () => void): Record<Movement, () => void> {
  return {
    up: go('up'),
    down: go('down'),
    pageUp: go('pageUp'),
    pageDown: go('pageDown'),
    first: go('first'),
    last: go('last'),
  }
}
