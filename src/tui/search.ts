/** Finding words in a long text: which rows have them, and where one is among them. Case does not matter. */

import { useMemo, useState } from 'react'
import type { Prompt } from './components/prompt-row.tsx'
import { keyTable } from './keys.ts'
import type { Line, Span } from './lines.ts'

/** Bindings for every screen with a long text. */
export const searchKeys = keyTable({
  search: { keys: ['/'], shown: '/', hint: 'search', help: 'Search in this text' },
  nextMatch: { keys: ['n'], shown: 'n', hint: 'next', help: 'To the next row with the words searched for' },
  previousMatch: { keys: ['N'], shown: 'N', hint: '', help: 'To the row before with the words searched for' },
})

/** Indices of the rows that hold the words, in order. */
export function matchingRows(lines: readonly Line[], words: string): number[] {
  const wanted = words.toLowerCase()
  if (wanted === '') return []
  return lines.flatMap((line, index) => (textOf(line).toLowerCase().includes(wanted) ? [index] : []))
}

/** The row with the words marked wherever they stand inside one span. */
export function markMatches(line: Line, words: string): Line {
  const wanted = words.toLowerCase()
  if (wanted === '') return line
  return line.flatMap(span => markSpan(span, wanted))
}

function markSpan(span: Span, wanted: string): Span[] {
  const parts: Span[] = []
  const lower = span.text.toLowerCase()
  // Where lower case has another length, places in it are not places in the text.
  if (lower.length !== span.text.length) return [span]
  let from = 0
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    if (at > from) parts.push({ ...span, text: span.text.slice(from, at) })
    parts.push({ text: span.text.slice(at, at + wanted.length), tone: 'match' })
    from = at + wanted.length
  }
  if (from < span.text.length) parts.push({ ...span, text: span.text.slice(from) })
  return parts
}

/** A row's text without its tones. */
export const textOf = (line: Line): string => line.map(({ text }) => text).join('')

export interface Search {
  /** What is searched for; '' for nothing. */
  readonly words: string
  /** `3 of 12`, for a border. */
  readonly where: string | undefined
  readonly handlers: {
    readonly search: () => void
    readonly nextMatch: (() => unknown) | undefined
    readonly previousMatch: (() => unknown) | undefined
  }
}

/**
 * @param rows of the window over the text. @param goTo shows the text from a row on.
 */
export function useSearch(
  prompt: Prompt,
  lines: readonly Line[],
  rows: number,
  goTo: (top: number) => void,
): Search {
  const [words, setWords] = useState('')
  const [at, setAt] = useState(-1)
  const found = useMemo(() => matchingRows(lines, words), [lines, words])
  const show = (row: number | undefined) => {
    if (row === undefined) return
    setAt(row)
    goTo(Math.max(0, row - Math.floor(rows / 3)))
  }
  const typed = (text: string) => {
    setWords(text)
    show(matchingRows(lines, text)[0])
  }
  const search = () =>
    prompt.ask({
      label: '/',
      placeholder: 'words to find',
      changed: typed,
      done: text => foundWords(lines, text),
    })
  const isFinding = words !== '' && found.length > 0
  return {
    words,
    where:
      words === ''
        ? undefined
        : found.length === 0
          ? 'not found'
          : `${found.indexOf(at) + 1} of ${found.length} found`,
    handlers: {
      search,
      nextMatch: isFinding ? () => show(found.find(row => row > at) ?? found[0]) : undefined,
      previousMatch: isFinding ? () => show(found.findLast(row => row < at) ?? found.at(-1)) : undefined,
    },
  }
}

const foundWords = (lines: readonly Line[], text: string): string | undefined =>
  matchingRows(lines, text).length === 0 ? `“${text}” is not in this text.` : undefined
