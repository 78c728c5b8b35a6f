/** The grammar of the POSIX shell (Shell & Utilities §2.10), one complete command at a time. */

import { Scanner } from './scanner.ts'
import {
  type AndOr,
  type Assignment,
  type Command,
  type List,
  type Pipeline,
  type Redirection,
  ShellSyntaxError,
  type Word,
} from './syntax.ts'

const RESERVED = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'do',
  'done',
  'case',
  'esac',
  'while',
  'until',
  'for',
  '{',
  '}',
  '!',
  'in',
])
/** Reserved words that end a list. */
const CLOSING = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}'])

/**
 * Reads the next complete command from `at`.
 *
 * @returns null when there is none left, else the list and where the text goes on.
 * @throws Incomplete when the text ends in the middle of it and may go on; ShellSyntaxError.
 */
export function nextCommand(
  text: string,
  at: number,
  ended: boolean,
): { readonly list: List; readonly next: number } | null {
  const scanner = new Scanner(text, at, ended, inner => list(inner))
  for (;;) {
    if (scanner.at >= text.length) return null
    scanner.skipBlanks()
    if (scanner.peek() !== '\n') break
    scanner.newline()
  }
  if (scanner.peek() === '') return null
  const items: AndOr[] = []
  for (;;) {
    items.push(andOr(scanner))
    scanner.skipBlanks()
    const end = scanner.peek()
    if (end === ';') {
      if (scanner.peek(1) === ';') throw unexpected(scanner)
      scanner.at++
      scanner.skipBlanks()
    }
    if (scanner.peek() === '\n') {
      scanner.newline()
      return { list: items, next: scanner.at }
    }
    if (scanner.peek() === '') return { list: items, next: scanner.at }
    if (end !== ';' && items.at(-1)?.background !== true) throw unexpected(scanner)
  }
}

/** Commands up to what closes them: `)`, `;;`, a closing reserved word, or the end. */
function list(scanner: Scanner): List {
  const items: AndOr[] = []
  for (;;) {
    skipLines(scanner)
    if (closes(scanner)) return items
    items.push(andOr(scanner))
    scanner.skipBlanks()
    if (scanner.peek() === ';' && scanner.peek(1) !== ';') scanner.at++
    else if (scanner.peek() !== '\n' && !closes(scanner) && items.at(-1)?.background !== true)
      throw unexpected(scanner)
  }
}

function closes(scanner: Scanner): boolean {
  const character = scanner.peek()
  if (character === '' || character === ')') return true
  if (character === ';') return scanner.peek(1) === ';'
  return CLOSING.has(reservedAt(scanner))
}

function skipLines(scanner: Scanner): void {
  for (;;) {
    scanner.skipBlanks()
    if (scanner.peek() !== '\n') return
    scanner.newline()
  }
}

/** The reserved word that stands here, or ''. */
function reservedAt(scanner: Scanner): string {
  const character = scanner.peek()
  if (!/[a-z{}!]/.test(character)) return ''
  let end = 0
  while (/[a-z{}!]/.test(scanner.peek(end))) end++
  const after = scanner.peek(end)
  if (after !== '' && !' \t\n;&|()<>'.includes(after)) return ''
  const word = scanner.text.slice(scanner.at, scanner.at + end)
  return RESERVED.has(word) ? word : ''
}

function expect(scanner: Scanner, word: string): void {
  skipLines(scanner)
  if (reservedAt(scanner) !== word) {
    if (scanner.peek() === '') scanner.unexpectedEnd(`end of file unexpected (expecting "${word}")`)
    throw unexpected(scanner, word)
  }
  scanner.at += word.length
}

function unexpected(scanner: Scanner, expecting?: string): ShellSyntaxError {
  const [seen = ''] = /^\S+/.exec(scanner.text.slice(scanner.at, scanner.at + 40)) ?? ['newline']
  return new ShellSyntaxError(
    `Syntax error: "${seen}" unexpected${expecting ? ` (expecting "${expecting}")` : ''}`,
  )
}

function andOr(scanner: Scanner): AndOr {
  const first = pipeline(scanner)
  const rest: { operator: '&&' | '||'; pipeline: Pipeline }[] = []
  for (;;) {
    scanner.skipBlanks()
    const operator = scanner.startsWith('&&') ? '&&' : scanner.startsWith('||') ? '||' : undefined
    if (operator === undefined) break
    scanner.at += 2
    skipLines(scanner)
    rest.push({ operator, pipeline: pipeline(scanner) })
  }
  const background = scanner.peek() === '&'
  if (background) scanner.at++
  return { first, rest, background }
}

function pipeline(scanner: Scanner): Pipeline {
  scanner.skipBlanks()
  let negated = false
  while (reservedAt(scanner) === '!') {
    negated = !negated
    scanner.at++
    scanner.skipBlanks()
  }
  const commands = [command(scanner)]
  for (;;) {
    scanner.skipBlanks()
    if (scanner.peek() !== '|' || scanner.peek(1) === '|') return { negated, commands }
    scanner.at++
    skipLines(scanner)
    commands.push(command(scanner))
  }
}

function command(scanner: Scanner): Command {
  scanner.skipBlanks()
  if (scanner.peek() === '(') {
    scanner.at++
    const body = list(scanner)
    if (scanner.peek() !== ')') scanner.unexpectedEnd('end of file unexpected (expecting ")")')
    scanner.at++
    return { kind: 'subshell', body, redirections: redirections(scanner) }
  }
  const word = reservedAt(scanner)
  if (word === '' || word === 'in') return simple(scanner)
  scanner.at += word.length
  switch (word) {
    case '{': {
      const body = list(scanner)
      expect(scanner, '}')
      return { kind: 'group', body, redirections: redirections(scanner) }
    }
    case 'if':
      return conditional(scanner)
    case 'while':
    case 'until': {
      const condition = list(scanner)
      expect(scanner, 'do')
      const body = list(scanner)
      expect(scanner, 'done')
      return { kind: word, condition, body, redirections: redirections(scanner) }
    }
    case 'for':
      return forLoop(scanner)
    case 'case':
      return caseOf(scanner)
    default:
      scanner.at -= word.length
      throw unexpected(scanner)
  }
}

function conditional(scanner: Scanner): Command {
  const branches: { condition: List; body: List }[] = []
  for (;;) {
    const condition = list(scanner)
    expect(scanner, 'then')
    branches.push({ condition, body: list(scanner) })
    skipLines(scanner)
    const word = reservedAt(scanner)
    if (word === 'elif') {
      scanner.at += 4
      continue
    }
    let otherwise: List | undefined
    if (word === 'else') {
      scanner.at += 4
      otherwise = list(scanner)
    }
    expect(scanner, 'fi')
    return { kind: 'if', branches, otherwise, redirections: redirections(scanner) }
  }
}

function forLoop(scanner: Scanner): Command {
  scanner.skipBlanks()
  const name = literalOf(scanner.word())
  if (name === undefined) throw unexpected(scanner)
  skipLines(scanner)
  let words: Word[] | undefined
  if (reservedAt(scanner) === 'in') {
    scanner.at += 2
    words = []
    for (;;) {
      scanner.skipBlanks()
      const word = scanner.word()
      if (word === null) break
      words.push(word)
    }
  }
  scanner.skipBlanks()
  if (scanner.peek() === ';') scanner.at++
  expect(scanner, 'do')
  const body = list(scanner)
  expect(scanner, 'done')
  return { kind: 'for', name, words, body, redirections: redirections(scanner) }
}

function caseOf(scanner: Scanner): Command {
  scanner.skipBlanks()
  const subject = scanner.word()
  if (subject === null) throw unexpected(scanner)
  expect(scanner, 'in')
  const branches: { patterns: Word[]; body: List }[] = []
  for (;;) {
    skipLines(scanner)
    if (reservedAt(scanner) === 'esac') break
    if (scanner.peek() === '') scanner.unexpectedEnd('end of file unexpected (expecting "esac")')
    if (scanner.peek() === '(') scanner.at++
    const patterns: Word[] = []
    for (;;) {
      scanner.skipBlanks()
      const pattern = scanner.word()
      if (pattern === null) throw unexpected(scanner)
      patterns.push(pattern)
      scanner.skipBlanks()
      if (scanner.peek() !== '|') break
      scanner.at++
    }
    if (scanner.peek() !== ')') throw unexpected(scanner, ')')
    scanner.at++
    branches.push({ patterns, body: list(scanner) })
    skipLines(scanner)
    if (scanner.startsWith(';;')) scanner.at += 2
  }
  scanner.at += 4
  return { kind: 'case', subject, branches, redirections: redirections(scanner) }
}

function simple(scanner: Scanner): Command {
  const assignments: Assignment[] = []
  const words: Word[] = []
  const found: Redirection[] = []
  for (;;) {
    scanner.skipBlanks()
    const redirection = oneRedirection(scanner)
    if (redirection) {
      found.push(redirection)
      continue
    }
    const word = scanner.word()
    if (word === null) break
    const assignment = words.length === 0 ? assignmentOf(word) : undefined
    if (assignment) assignments.push(assignment)
    else words.push(word)
    const name = literalOf(word)
    if (words.length === 1 && found.length === 0 && assignments.length === 0 && name !== undefined) {
      scanner.skipBlanks()
      if (scanner.peek() !== '(') continue
      scanner.at++
      scanner.skipBlanks()
      if (scanner.peek() !== ')') throw unexpected(scanner)
      scanner.at++
      skipLines(scanner)
      return { kind: 'function', name, body: command(scanner) }
    }
  }
  if (words.length + assignments.length + found.length === 0) throw unexpected(scanner)
  return { kind: 'simple', assignments, words, redirections: found }
}

function assignmentOf(word: Word): Assignment | undefined {
  const [first, ...rest] = word
  if (first?.kind !== 'text' || first.quoted) return undefined
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(first.text)
  if (!match?.[1]) return undefined
  const text = match[2] ?? ''
  return { name: match[1], value: text === '' ? rest : [{ kind: 'text', text, quoted: false }, ...rest] }
}

/** The text of a word without any quote or expansion. */
function literalOf(word: Word | null): string | undefined {
  if (word?.length !== 1) return undefined
  const [part] = word
  return part?.kind === 'text' && !part.quoted ? part.text : undefined
}

function redirections(scanner: Scanner): Redirection[] {
  const found: Redirection[] = []
  for (;;) {
    scanner.skipBlanks()
    const redirection = oneRedirection(scanner)
    if (!redirection) return found
    found.push(redirection)
  }
}

function oneRedirection(scanner: Scanner): Redirection | undefined {
  let digits = 0
  while (/[0-9]/.test(scanner.peek(digits))) digits++
  const sign = scanner.peek(digits)
  if (sign !== '<' && sign !== '>') return undefined
  const number = scanner.text.slice(scanner.at, scanner.at + digits)
  scanner.at += digits
  const descriptor = number === '' ? (sign === '<' ? 0 : 1) : Number(number)
  if (scanner.startsWith('<<')) return hereDocument(scanner, descriptor)
  const operator = (['>>', '>&', '>|', '<&', '<>', '<', '>'] as const).find(candidate =>
    scanner.startsWith(candidate),
  )
  if (operator === undefined) throw unexpected(scanner)
  scanner.at += operator.length
  scanner.skipBlanks()
  const word = scanner.word()
  if (word === null) throw unexpected(scanner)
  return { descriptor, operator, word }
}

function hereDocument(scanner: Scanner, descriptor: number): Redirection {
  scanner.at += 2
  if (scanner.peek() === '<') {
    scanner.at++
    scanner.skipBlanks()
    const word = scanner.word() ?? []
    return { descriptor, operator: '<<', word: [...word, { kind: 'text', text: '\n', quoted: true }] }
  }
  const stripTabs = scanner.peek() === '-'
  if (stripTabs) scanner.at++
  scanner.skipBlanks()
  const word = scanner.word()
  if (word === null) throw unexpected(scanner)
  const delimiter = word.map(part => (part.kind === 'text' ? part.text : '')).join('')
  const quoted = word.some(part => part.kind !== 'text' || part.quoted)
  const redirection: Redirection = { descriptor, operator: '<<', word: [] }
  scanner.addDocument({ redirection, delimiter, quoted, stripTabs })
  return redirection
}
