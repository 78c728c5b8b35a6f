/** A line of text being typed: readline's keys over graphemes. Pure, so that it can be tested by the thousand. */

import type { KeyPress } from './keys.ts'

export interface TextValue {
  readonly text: string
  /** Graphemes before the cursor. */
  readonly cursor: number
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The characters of a text as a person counts them. */
export function charactersOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment)
}

/** A value with the cursor behind it. */
export function textValue(text: string): TextValue {
  return { text, cursor: charactersOf(text).length }
}

/** The value after a key press; undefined when the key is none of a text field's. */
export function typeKey(value: TextValue, press: KeyPress): TextValue | undefined {
  if (press.text !== undefined) return insert(value, press.text)
  const all = charactersOf(value.text)
  const { cursor } = value
  const between = (from: number, to: number, at: number): TextValue => ({
    text: [...all.slice(0, from), ...all.slice(to)].join(''),
    cursor: at,
  })
  switch (press.name) {
    case 'left':
    case 'ctrl+b':
      return { ...value, cursor: Math.max(0, cursor - 1) }
    case 'right':
    case 'ctrl+f':
      return { ...value, cursor: Math.min(all.length, cursor + 1) }
    case 'home':
    case 'ctrl+a':
      return { ...value, cursor: 0 }
    case 'end':
    case 'ctrl+e':
      return { ...value, cursor: all.length }
    case 'alt+left':
    case 'ctrl+left':
    case 'alt+b':
      return { ...value, cursor: wordStart(all, cursor) }
    case 'alt+right':
    case 'ctrl+right':
    case 'alt+f':
      return { ...value, cursor: wordEnd(all, cursor) }
    case 'backspace':
      return cursor === 0 ? value : between(cursor - 1, cursor, cursor - 1)
    case 'delete':
    case 'ctrl+d':
      return between(cursor, cursor + 1, cursor)
    case 'ctrl+w':
    case 'alt+backspace':
      return between(wordStart(all, cursor), cursor, wordStart(all, cursor))
    case 'ctrl+u':
      return between(0, cursor, 0)
    case 'ctrl+k':
      return between(cursor, all.length, cursor)
    default:
      return undefined
  }
}

/**
 * Text put in at the cursor as text, whatever it holds: a line break becomes a space, except at the ends, where
 * it is dropped, and control characters are dropped.
 */
export function insert(value: TextValue, pasted: string): TextValue {
  const clean = pasted
    .replace(/^[\r\n]+|[\r\n]+$/g, '')
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[\x00-\x1f\x7f-\x9f]/g, '')
  const all = charactersOf(value.text)
  const before = all.slice(0, value.cursor).join('') + clean
  return {
    text: before + all.slice(value.cursor).join(''),
    cursor: charactersOf(before).length,
  }
}

function wordStart(all: readonly string[], from: number): number {
  let at = from
  while (at > 0 && /\s/.test(all[at - 1] ?? '')) at -= 1
  while (at > 0 && /\S/.test(all[at - 1] ?? '')) at -= 1
  return at
}

function wordEnd(all: readonly string[], from: number): number {
  let at = from
  while (at < all.length && /\s/.test(all[at] ?? '')) at += 1
  while (at < all.length && /\S/.test(all[at] ?? '')) at += 1
  return at
}
