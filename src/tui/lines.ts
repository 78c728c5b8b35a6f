/**
 * Text as rows of a known width. Every pane is an array of such rows, made before drawing, so that it can be
 * sliced to what is visible and nothing ever runs over a border.
 */

import { visible as harmless } from '../host/visible.ts'
import type { Tone } from './theme.ts'
import { widthOf } from './width.ts'

export { widthOf }

export interface Span {
  readonly text: string
  readonly tone?: Tone
}

/** One row of the screen. */
export type Line = readonly Span[]

export const blank: Line = []

const ASCII = /^[\x20-\x7e]*$/
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Cells that a row takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + widthOf(text), 0)
}

/** The text in at most `width` cells, the cut marked by `ellipsis`. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text
  const room = width - widthOf(ellipsis)
  return room < 0 ? takeCells(text, width).head : takeCells(text, room).head + ellipsis
}

/** The text in exactly `width` cells: cut or filled with spaces. */
export function fill(text: string, width: number, ellipsis = '…'): string {
  const shown = cut(text, width, ellipsis)
  return shown + ' '.repeat(Math.max(0, width - widthOf(shown)))
}

/** A row in at most `width` cells. */
export function cutLine(line: Line, width: number, ellipsis = '…'): Line {
  if (lineWidth(line) <= width) return line
  const out: Span[] = []
  let left = width
  for (const span of line) {
    const cells = widthOf(span.text)
    const isLast = out.length === line.length - 1
    if (cells > left || (cells === left && !isLast)) {
      out.push({ ...span, text: takeCells(span.text, left - widthOf(ellipsis)).head + ellipsis })
      break
    }
    out.push(span)
    left -= cells
  }
  return out
}

/** A row with something at its left and something at its right end; the left one gives way. */
export function spread(left: Line, right: Line, width: number, ellipsis = '…'): Line {
  const room = Math.max(0, width - lineWidth(right) - (right.length === 0 ? 0 : 1))
  const shown = cutLine(left, room, ellipsis)
  return [...shown, { text: ' '.repeat(Math.max(0, width - lineWidth(shown) - lineWidth(right))) }, ...right]
}

/** Flag letters and skin tones: some terminals join them to two cells, others draw each by itself. */
const UNSURE_WIDTH = /[\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}]/gu

/**
 * One row as it can be drawn: what would not show, would move others about, or is not of one width everywhere,
 * is shown by number. Text from a server has been through this once already; a file's content has not. Tabs
 * become spaces up to the next multiple of eight, as a terminal would draw them.
 */
export function visible(text: string): string {
  if (ASCII.test(text)) return text
  let column = 0
  const parts = text.split('\t')
  return parts
    .map((part, index) => {
      const shown = harmless(part).replace(UNSURE_WIDTH, byNumber)
      column += widthOf(shown)
      if (index === parts.length - 1) return shown
      const gap = 8 - (column % 8)
      column += gap
      return shown + ' '.repeat(gap)
    })
    .join('')
}

const byNumber = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`

/** Prose, wrapped between words; a word longer than the row is broken. */
export function wrapWords(text: string, width: number): string[] {
  const room = Math.max(1, width)
  const rows: string[] = []
  for (const paragraph of text.split('\n')) {
    let row = ''
    for (const word of visible(paragraph)
      .split(/\s+/)
      .filter(part => part !== '')) {
      const joined = row === '' ? word : `${row} ${word}`
      if (widthOf(joined) <= room) {
        row = joined
        continue
      }
      if (row !== '') rows.push(row)
      const pieces = breakAnywhere(word, room)
      rows.push(...pieces.slice(0, -1))
      row = pieces.at(-1) ?? ''
    }
    rows.push(row)
  }
  return rows
}

/** One row of text broken wherever the width ends, losing nothing: for what must be read exactly. */
export function breakAnywhere(text: string, width: number): string[] {
  const room = Math.max(1, width)
  if (widthOf(text) <= room) return [text]
  const rows: string[] = []
  let rest = text
  while (rest !== '') {
    const { head, tail } = takeCells(rest, room)
    // A character wider than the whole row still has to go somewhere.
    if (head === '') return [...rows, rest]
    rows.push(head)
    rest = tail
  }
  return rows
}

/**
 * As {@link breakAnywhere}, but between words where that leaves most of the row filled: commands read better.
 * Joined, the rows are the text.
 */
export function breakGently(text: string, width: number): string[] {
  const rows: string[] = []
  let rest = text
  while (widthOf(rest) > Math.max(1, width)) {
    const [head = ''] = breakAnywhere(rest, width)
    const space = rest[head.length] === ' ' ? -1 : head.lastIndexOf(' ')
    const kept = space > head.length / 3 ? head.slice(0, space + 1) : head
    rows.push(kept)
    rest = rest.slice(kept.length)
  }
  return [...rows, rest]
}

function takeCells(text: string, width: number): { head: string; tail: string } {
  if (ASCII.test(text))
    return { head: text.slice(0, Math.max(0, width)), tail: text.slice(Math.max(0, width)) }
  let head = ''
  let cells = 0
  for (const { segment } of graphemes.segment(text)) {
    const next = cells + widthOf(segment)
    if (next > width) break
    head += segment
    cells = next
  }
  return { head, tail: text.slice(head.length) }
}
