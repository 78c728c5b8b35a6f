/** POSIX regular expressions, basic and extended, as JavaScript's. */

import { bracket } from '../../shell/pattern.ts'

export interface RegularOptions {
  readonly extended?: boolean
  readonly ignoreCase?: boolean
  /** Every character means itself. */
  readonly fixed?: boolean
  readonly global?: boolean
}

export function regularExpression(text: string, options: RegularOptions = {}): RegExp {
  const flags = `${options.ignoreCase ? 'i' : ''}${options.global ? 'g' : ''}`
  if (options.fixed) return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), flags)
  return new RegExp(translate(text, options.extended === true), flags)
}

/** The source of an equal JavaScript expression. */
function translate(text: string, extended: boolean): string {
  let source = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '[') {
      const end = bracketEnd(text, at)
      source += bracket(
        text
          .slice(at + 1, end)
          .replaceAll('\\t', '\t')
          .replaceAll('\\n', '\n'),
      )
      at = end
    } else if (character === '\\') {
      at += 1
      source += escapedCharacter(text.charAt(at), extended)
    } else if (extended)
      source += character === '{' && !/^\{\d*,?\d*\}/.test(text.slice(at)) ? '\\{' : character
    else if (/[+?(){}|]/.test(character)) source += `\\${character}`
    else if (character === '*' && (source === '' || source === '^' || source.endsWith('('))) source += '\\*'
    else if (character === '^' && source !== '' && !source.endsWith('(') && !source.endsWith('|'))
      source += '\\^'
    else if (character === '$' && at < text.length - 1 && !/^\\[)|]/.test(text.slice(at + 1))) source += '\\$'
    else source += character
  }
  return source
}

function escapedCharacter(character: string, extended: boolean): string {
  if (!extended && /[(){}|+?]/.test(character)) return character
  switch (character) {
    case '<':
      return '\\b(?=\\w)'
    case '>':
      return '\\b(?<=\\w)'
    case 'n':
      return '\\n'
    case 't':
      return '\\t'
    case '`':
      return '^'
    case "'":
      return '$'
  }
  return /[\w]/.test(character) ? `\\${character}` : `\\${character}`
}

function bracketEnd(text: string, start: number): number {
  let at = start + 1
  if (/[\^!]/.test(text.charAt(at))) at++
  if (text.charAt(at) === ']') at++
  while (at < text.length && text.charAt(at) !== ']') {
    if (text.startsWith('[:', at)) at = text.indexOf(':]', at) + 1
    at++
  }
  return at
}

/** Lines of a text; a last line without its newline counts. */
export function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
