/** Shell patterns (`*`, `?`, `[…]`) as regular expressions, and the files that they name. */

import type { Process } from '../system/process.ts'
import { SystemError } from '../system/system-error.ts'

/** A piece of a field: literal pieces came from quotes, and nothing in them is a pattern. */
export interface Piece {
  readonly text: string
  readonly literal: boolean
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** The source of a regular expression for a pattern; `*` and `?` take any character. */
export function patternSource(pieces: readonly Piece[], greedy = true): string {
  const star = greedy ? '[\\s\\S]*' : '[\\s\\S]*?'
  let source = ''
  // Brackets may hold quoted characters, so the pieces are read as one run of characters.
  const characters = pieces.flatMap(({ text, literal }) =>
    [...text].map(character => ({ character, literal })),
  )
  for (let at = 0; at < characters.length; at++) {
    const { character = '', literal = false } = characters[at] ?? {}
    if (literal) source += escaped(character)
    else if (character === '*') source += star
    else if (character === '?') source += '[\\s\\S]'
    else if (character === '\\' && at + 1 < characters.length)
      source += escaped(characters[++at]?.character ?? '')
    else if (character === '[') {
      const end = characters.findIndex(
        (other, index) =>
          index > at + 1 + Number(/[!^]/.test(characters[at + 1]?.character ?? '')) &&
          other.character === ']' &&
          !other.literal,
      )
      if (end === -1) source += '\\['
      else {
        source += bracket(
          characters
            .slice(at + 1, end)
            .map(other => other.character)
            .join(''),
        )
        at = end
      }
    } else source += escaped(character)
  }
  return source
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  space: '\\s',
  blank: ' \\t',
  upper: 'A-Z',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  cntrl: '\\x00-\\x1f\\x7f',
  print: ' -~',
  graph: '!-~',
}

/** The inside of a bracket expression, for shell patterns and regular expressions alike. */
export function bracket(inside: string): string {
  const negated = /^[!^]/.test(inside)
  const body = (negated ? inside.slice(1) : inside).replace(
    /\[:(\w+):\]|([\\\]^[])/g,
    (_, name: string | undefined, other: string | undefined) => (name ? (CLASSES[name] ?? '') : `\\${other}`),
  )
  return `[${negated ? '^' : ''}${body}]`
}

export function matches(text: string, pieces: readonly Piece[]): boolean {
  return new RegExp(`^(?:${patternSource(pieces)})$`).test(text)
}

const isPattern = (pieces: readonly Piece[]): boolean =>
  pieces.some(({ text, literal }) => !literal && /[*?[]/.test(text))

/** The paths that a field names, sorted; null when it is no pattern, or nothing fits. */
export function glob(pieces: readonly Piece[], process: Process): string[] | null {
  if (!isPattern(pieces)) return null
  const segments: Piece[][] = [[]]
  for (const { text, literal } of pieces)
    text.split('/').forEach((part, index) => {
      if (index > 0) segments.push([])
      if (part !== '') segments.at(-1)?.push({ text: part, literal })
    })
  let found = ['']
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1
    const plain = segment.map(piece => piece.text).join('')
    found = found.flatMap(base => {
      if (segment.length === 0) return [isLast ? base : `${base}/`]
      const join = (name: string): string => `${base}${name}${isLast ? '' : '/'}`
      if (!isPattern(segment)) return [join(plain)]
      const test = new RegExp(`^(?:${patternSource(segment)})$`)
      return namesIn(process, base || '.')
        .filter(name => (plain.startsWith('.') || !name.startsWith('.')) && test.test(name))
        .map(join)
    })
  })
  const there = found.filter(path => process.maybe(path, false) !== undefined)
  return there.length > 0 ? there.sort() : null
}

function namesIn(process: Process, path: string): string[] {
  try {
    return process.files.names(path, process.credentials, process.cwd)
  } catch (error) {
    if (error instanceof SystemError) return []
    throw error
  }
}
