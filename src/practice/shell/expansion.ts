/** Expansions of words (Shell & Utilities §2.6): parameters, commands, arithmetic, fields, file names, quotes. */

import { ArithmeticError, evaluate } from './arithmetic.ts'
import type { Interpreter } from './interpreter.ts'
import { glob, matches, type Piece, patternSource } from './pattern.ts'
import type { Part, Word } from './syntax.ts'

/** An expansion went wrong in a way that ends a shell that nobody sits at. */
export class ExpansionError extends Error {
  override readonly name = 'ExpansionError'
}

/** A result of one part. Only what came unquoted from an expansion is split into fields. */
interface Expanded {
  readonly text: string
  readonly quoted: boolean
  readonly splits: boolean
  /** A new field begins here: between the members of `"$@"`. */
  readonly breaks?: boolean
}

type ParameterPart = Extract<Part, { kind: 'parameter' }>

export class Expander {
  readonly #shell: Interpreter

  constructor(shell: Interpreter) {
    this.#shell = shell
  }

  /** The fields of words: split, and with file names in place of patterns. */
  async fields(words: readonly Word[]): Promise<string[]> {
    const all: string[] = []
    for (const word of words)
      for (const field of this.#split(await this.#expand(word))) {
        const found = this.#shell.state.options.has('f') ? null : glob(field, this.#shell.process)
        if (found) all.push(...found)
        else all.push(field.map(piece => piece.text).join(''))
      }
    return all
  }

  /** One text, not split: assignments, redirections, here-documents. */
  async text(word: Word): Promise<string> {
    return (await this.#expand(word))
      .map((part, index) => (part.breaks && index > 0 ? ' ' : '') + part.text)
      .join('')
  }

  /** For `case` and `${x%…}`: quotes keep characters from being patterns. */
  async pattern(word: Word): Promise<Piece[]> {
    return (await this.#expand(word)).map(({ text, quoted }) => ({ text, literal: quoted }))
  }

  async #expand(word: Word): Promise<Expanded[]> {
    const found: Expanded[] = []
    for (const [index, part] of word.entries()) {
      switch (part.kind) {
        case 'text':
          found.push({
            text: index === 0 && !part.quoted ? this.#tilde(part.text, word.length === 1) : part.text,
            quoted: part.quoted,
            splits: false,
          })
          break
        case 'command':
          found.push({
            text: await this.#shell.substitute(part.body),
            quoted: part.quoted,
            splits: !part.quoted,
          })
          break
        case 'arithmetic':
          found.push({
            text: await this.#arithmetic(part.expression),
            quoted: part.quoted,
            splits: !part.quoted,
          })
          break
        case 'parameter':
          found.push(...(await this.#parameter(part)))
      }
    }
    return found
  }

  #tilde(text: string, alone: boolean): string {
    const [, user] = /^~([a-z_][a-z0-9_-]*)?(?=\/|$)/.exec(text) ?? []
    if (!text.startsWith('~') || (!alone && !text.includes('/')) || !/^~[a-z0-9_-]*(?:\/|$)/.test(text))
      return text
    const home = user === undefined ? this.#shell.state.get('HOME') : this.#shell.homeOf(user)
    return home === undefined ? text : home + text.slice(1 + (user?.length ?? 0))
  }

  async #arithmetic(expression: Word): Promise<string> {
    const { state } = this.#shell
    const text = await this.text(expression)
    try {
      return String(
        evaluate(text, {
          get: name => state.get(name),
          set: (name, value) => {
            state.set(name, value)
          },
        }),
      )
    } catch (error) {
      if (error instanceof ArithmeticError) throw new ExpansionError(error.message)
      throw error
    }
  }

  async #parameter(part: ParameterPart): Promise<Expanded[]> {
    const { name, operator, word = [], quoted } = part
    const { state } = this.#shell
    if ((name === '@' || name === '*') && operator === undefined) return this.#all(name, quoted)
    const value = this.#value(name)
    const one = (text: string): Expanded[] => [{ text, quoted, splits: !quoted }]
    if (operator === undefined || operator === 'length') {
      if (value === undefined && state.options.has('u'))
        throw new ExpansionError(`${name}: parameter not set`)
      if (operator === 'length')
        return one(String(name === '@' || name === '*' ? state.positional.length : (value ?? '').length))
      return one(value ?? '')
    }
    if (/^[#%]/.test(operator)) return one(trimmed(value ?? '', operator, await this.pattern(word)))
    const isSet = operator.startsWith(':') ? value !== undefined && value !== '' : value !== undefined
    switch (operator.replace(':', '')) {
      case '+':
        return isSet ? this.#alternative(word, quoted) : one('')
      case '-':
        return isSet ? this.#present(name, value ?? '', quoted) : this.#alternative(word, quoted)
      case '=': {
        if (isSet) return one(value ?? '')
        const text = await this.text(word)
        state.set(name, text)
        return one(text)
      }
      default: {
        if (isSet) return one(value ?? '')
        throw new ExpansionError(`${name}: ${(await this.text(word)) || 'parameter not set or null'}`)
      }
    }
  }

  #present(name: string, value: string, quoted: boolean): Expanded[] {
    if (name === '@' || name === '*') return this.#all(name, quoted)
    return [{ text: value, quoted, splits: !quoted }]
  }

  async #alternative(word: Word, quoted: boolean): Promise<Expanded[]> {
    const found = await this.#expand(word)
    // The word of an unquoted ${x:-a b} is split as well, save for its quoted parts.
    return quoted ? found : found.map(part => ({ ...part, splits: !part.quoted }))
  }

  #all(name: string, quoted: boolean): Expanded[] {
    const { positional } = this.#shell.state
    if (name === '*' && quoted) {
      const separator = (this.#shell.state.get('IFS') ?? ' \t\n').slice(0, 1)
      return [{ text: positional.join(separator), quoted, splits: false }]
    }
    if (positional.length === 0) return [{ text: '', quoted: false, splits: true }]
    return positional.map((text, index) => ({ text, quoted, splits: !quoted, breaks: index > 0 }))
  }

  #value(name: string): string | undefined {
    const { state } = this.#shell
    switch (name) {
      case '?':
        return String(state.lastStatus)
      case '$':
        return String(state.shellPid)
      case '!':
        return state.lastBackground === undefined ? undefined : String(state.lastBackground)
      case '#':
        return String(state.positional.length)
      case '-':
        return [...state.options].join('')
      case '0':
        return state.name
      case '@':
      case '*':
        return state.positional.length === 0 ? undefined : state.positional.join(' ')
    }
    return /^\d+$/.test(name) ? state.positional[Number(name) - 1] : state.get(name)
  }

  #split(parts: readonly Expanded[]): Piece[][] {
    const separators = this.#shell.state.get('IFS') ?? ' \t\n'
    const fields: Piece[][] = []
    let current: Piece[] | undefined
    const add = (text: string, literal: boolean): void => {
      current ??= []
      current.push({ text, literal })
    }
    const close = (): void => {
      if (current) fields.push(current)
      current = undefined
    }
    for (const { text, quoted, splits, breaks } of parts) {
      if (breaks) {
        close()
        if (quoted) current = []
      }
      if (!splits) {
        if (text !== '' || quoted) add(text, quoted)
        continue
      }
      for (const piece of pieces(text, separators)) {
        if (piece === null) close()
        else if (piece === '') add('', true)
        else add(piece, quoted)
      }
    }
    close()
    return fields
  }
}

/** Texts with null between fields. An empty text stands for an empty field between two separators that are no blanks. */
function pieces(text: string, separators: string): (string | null)[] {
  if (separators === '') return text === '' ? [] : [text]
  const found: (string | null)[] = []
  let current = ''
  let had = false
  for (const character of text) {
    if (!separators.includes(character)) {
      current += character
      had = true
    } else if (' \t\n'.includes(character)) {
      if (current !== '') found.push(current)
      current = ''
      found.push(null)
    } else {
      if (current !== '' || !had) found.push(current)
      current = ''
      had = false
      found.push(null)
    }
  }
  if (current !== '') found.push(current)
  return found
}

function trimmed(value: string, operator: string, pattern: readonly Piece[]): string {
  const longest = operator.length === 2
  const source = patternSource(pattern, longest)
  if (operator.startsWith('#')) return value.replace(new RegExp(`^(?:${source})`), '')
  if (longest) return value.replace(new RegExp(`(?:${source})$`), '')
  // The shortest suffix: tried from the end on.
  for (let at = value.length; at >= 0; at--) if (matches(value.slice(at), pattern)) return value.slice(0, at)
  return value
}
