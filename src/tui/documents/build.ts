/** The pieces that the panes' texts are put together from. Pure: words and a width in, rows out. */

import { breakGently, type Line, type Span, visible, widthOf, wrapWords } from '../lines.ts'
import type { Symbols } from '../symbols.ts'
import type { Tone } from '../theme.ts'

/** What a pane's text is made for. */
export interface Page {
  /** Cells that a row may take. */
  readonly width: number
  readonly symbols: Symbols
}

/** A paragraph of prose. */
export function prose(page: Page, text: string, tone?: Tone, indent = 0): Line[] {
  return wrapWords(text, page.width - indent).map(row => indented(row, indent, tone))
}

/** A label in a column of its own, and prose that hangs beside it. */
export function labelled(page: Page, label: string, text: string, tone?: Tone, labelWidth = 11): Line[] {
  const rows = wrapWords(text, page.width - labelWidth)
  return rows.map(
    (row, index): Line => [
      { text: index === 0 ? label.padEnd(labelWidth) : ' '.repeat(labelWidth), tone: 'muted' },
      tone === undefined ? { text: row } : { text: row, tone },
    ],
  )
}

/** A list with a mark before each entry. */
export function bullets(page: Page, entries: readonly string[], mark: Span, indent = 0): Line[] {
  const room = page.width - indent - widthOf(mark.text) - 1
  return entries.flatMap(entry =>
    wrapWords(entry, room).map((row, index): Line => {
      const lead = index === 0 ? mark : { text: ' '.repeat(widthOf(mark.text)) }
      return [{ text: ' '.repeat(indent) }, lead, { text: ` ${row}` }]
    }),
  )
}

/**
 * Text that must be read exactly: broken where the row ends, never cut, and the continuation marked so that it
 * cannot be taken for a new line.
 */
export function exact(page: Page, text: string, options: { gutter?: Span; tone?: Tone } = {}): Line[] {
  const { gutter = { text: '' }, tone } = options
  const lead = widthOf(gutter.text)
  const mark = `${page.symbols.continued} `
  return text.split('\n').flatMap(raw => {
    const row = visible(raw)
    const pieces = breakInto(row, page.width - lead, page.width - lead - widthOf(mark))
    return pieces.map((piece, index): Line => {
      const content: Span = tone === undefined ? { text: piece } : { text: piece, tone }
      if (index === 0) return [gutter, content]
      return [{ text: ' '.repeat(lead) }, { text: mark, tone: 'muted' }, content]
    })
  })
}

/** A heading with a rule to the edge. */
export function heading(page: Page, text: string, tone: Tone = 'strong'): Line {
  const rule = Math.max(0, page.width - widthOf(text) - 1)
  return [
    { text, tone },
    { text: ` ${page.symbols.rule.repeat(rule)}`, tone: 'muted' },
  ]
}

function indented(row: string, indent: number, tone: Tone | undefined): Line {
  const content: Span = tone === undefined ? { text: row } : { text: row, tone }
  return indent === 0 ? [content] : [{ text: ' '.repeat(indent) }, content]
}

function breakInto(row: string, first: number, others: number): string[] {
  const [head = '', ...rest] = breakGently(row, first)
  return rest.length === 0 ? [head] : [head, ...breakGently(row.slice(head.length), others)]
}
