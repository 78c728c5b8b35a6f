/** Reads the characters of a script: words with their quotes and expansions, and here-documents. */

import { Incomplete, type List, type Part, type Redirection, ShellSyntaxError, type Word } from './syntax.ts'

/** What ends an unquoted word. */
const WORD_ENDS = new Set([' ', '\t', '\n', ';', '&', '|', '(', ')', '<', '>'])
const OPERATORS = [':-', ':=', ':?', ':+', '##', '%%', '-', '=', '?', '+', '#', '%'] as const

interface PendingDocument {
  readonly redirection: Redirection
  readonly delimiter: string
  readonly quoted: boolean
  readonly stripTabs: boolean
}

export class Scanner {
  readonly text: string
  /** Whether no more text will come. */
  readonly ended: boolean
  at: number
  /** Parses the commands inside `$( … )` and back quotes. */
  readonly parseList: (scanner: Scanner) => List
  readonly #documents: PendingDocument[] = []

  constructor(text: string, at: number, ended: boolean, parseList: (scanner: Scanner) => List) {
    this.text = text
    this.at = at
    this.ended = ended
    this.parseList = parseList
  }

  /** The character at hand. @throws Incomplete at the end of text that may go on; returns '' at the real end. */
  peek(offset = 0): string {
    const character = this.text[this.at + offset]
    if (character !== undefined) return character
    if (!this.ended) throw new Incomplete('more is needed')
    return ''
  }

  startsWith(text: string): boolean {
    for (let offset = 0; offset < text.length; offset++) if (this.peek(offset) !== text[offset]) return false
    return true
  }

  unexpectedEnd(what: string): never {
    if (!this.ended) throw new Incomplete('more is needed')
    throw new ShellSyntaxError(`Syntax error: ${what}`)
  }

  /** Blanks, comments and joined lines; no newline. */
  skipBlanks(): void {
    for (;;) {
      const character = this.peek()
      if (character === ' ' || character === '\t' || character === '\r') this.at++
      else if (character === '\\' && this.peek(1) === '\n') this.at += 2
      else if (character === '#') {
        while (this.peek() !== '\n' && this.peek() !== '') this.at++
      } else return
    }
  }

  /** One newline, and the here-documents that begin after it. */
  newline(): void {
    this.at++
    for (const document of this.#documents.splice(0)) this.#readDocument(document)
  }

  addDocument(document: PendingDocument): void {
    this.#documents.push(document)
  }

  /** An unquoted word; null where none begins. */
  word(): Word | null {
    const parts: Part[] = []
    for (;;) {
      const character = this.peek()
      if (character === '' || WORD_ENDS.has(character)) break
      this.#part(parts)
    }
    return parts.length === 0 ? null : parts
  }

  #part(parts: Part[]): void {
    const character = this.peek()
    if (character === "'") {
      const end = this.text.indexOf("'", this.at + 1)
      if (end === -1) this.unexpectedEnd('Unterminated quoted string')
      parts.push({ kind: 'text', text: this.text.slice(this.at + 1, end), quoted: true })
      this.at = end + 1
    } else if (character === '"') {
      this.at++
      const inner = this.doubleQuoted('"')
      // An empty pair of quotes is still a word.
      parts.push(...(inner.length > 0 ? inner : [{ kind: 'text', text: '', quoted: true } as const]))
      this.at++
    } else if (character === '\\') {
      const next = this.peek(1)
      this.at += next === '' ? 1 : 2
      if (next !== '\n' && next !== '') parts.push({ kind: 'text', text: next, quoted: true })
    } else if (character === '$') parts.push(this.#dollar(false))
    else if (character === '`') parts.push(this.#backQuoted(false))
    else {
      let end = this.at + 1
      while (
        end < this.text.length &&
        !WORD_ENDS.has(this.text[end] ?? '') &&
        !/['"\\$`]/.test(this.text[end] ?? '')
      )
        end++
      parts.push({ kind: 'text', text: this.text.slice(this.at, end), quoted: false })
      this.at = end
      this.peek()
    }
  }

  /** Text as inside double quotes, up to `end` (which is left) or, for `''`, the end of the text. */
  doubleQuoted(end: string): Part[] {
    const parts: Part[] = []
    let text = ''
    const flush = (): void => {
      if (text !== '') parts.push({ kind: 'text', text, quoted: true })
      text = ''
    }
    for (;;) {
      const character = this.peek()
      if (character === '') {
        if (end === '') break
        this.unexpectedEnd('Unterminated quoted string')
      }
      if (character === end) break
      if (character === '\\') {
        const next = this.peek(1)
        if (next === '\n') this.at += 2
        else if (
          next !== '' &&
          ('$`\\'.includes(next) || (end !== '' && next === end) || (end === '}' && next === '"'))
        ) {
          text += next
          this.at += 2
        } else {
          text += character
          this.at++
        }
      } else if (character === '$' || character === '`') {
        flush()
        parts.push(character === '$' ? this.#dollar(true) : this.#backQuoted(true))
      } else {
        text += character
        this.at++
      }
    }
    flush()
    return parts
  }

  #dollar(quoted: boolean): Part {
    const next = this.peek(1)
    if (next === '(' && this.peek(2) === '(') return this.#arithmetic(quoted)
    if (next === '(') {
      this.at += 2
      const body = this.parseList(this)
      this.skipBlanks()
      if (this.peek() !== ')') throw new ShellSyntaxError('Syntax error: ")" expected')
      this.at++
      return { kind: 'command', body, quoted }
    }
    if (next === '{') return this.#braced(quoted)
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(
      this.text.slice(this.at + 1, this.at + 200),
    )?.[0]
    if (name === undefined) {
      this.at++
      return { kind: 'text', text: '$', quoted: true }
    }
    this.at += 1 + name.length
    if (this.at >= this.text.length) this.peek()
    return { kind: 'parameter', name, quoted }
  }

  #braced(quoted: boolean): Part {
    this.at += 2
    const length = this.peek() === '#' && this.peek(1) !== '}'
    if (length) this.at++
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])/.exec(
      this.text.slice(this.at, this.at + 200),
    )?.[0]
    if (name === undefined) throw new ShellSyntaxError('Bad substitution')
    this.at += name.length
    if (this.peek() === '}') {
      this.at++
      return { kind: 'parameter', name, quoted, ...(length ? { operator: 'length' } : {}) }
    }
    const operator = OPERATORS.find(candidate => this.startsWith(candidate))
    if (operator === undefined || length) throw new ShellSyntaxError('Bad substitution')
    this.at += operator.length
    const isPattern = operator.startsWith('#') || operator.startsWith('%')
    const word = quoted && !isPattern ? this.doubleQuotedBraced() : this.#bracedWord()
    this.at++
    return { kind: 'parameter', name, operator, word, quoted }
  }

  /** Inside double quotes, quotes within `${x:-"…"}` are taken away as well. */
  doubleQuotedBraced(): Part[] {
    const parts: Part[] = []
    while (this.peek() !== '}') {
      if (this.peek() === '') this.unexpectedEnd('Missing "}"')
      if (this.peek() === '"') {
        this.at++
        parts.push(...this.doubleQuoted('"'))
        this.at++
      } else parts.push(...this.#upToQuoteOrBrace())
    }
    return parts
  }

  #upToQuoteOrBrace(): Part[] {
    const parts: Part[] = []
    let text = ''
    for (
      let character = this.peek();
      character !== '}' && character !== '"' && character !== '';
      character = this.peek()
    ) {
      if (character === '$' || character === '`') {
        if (text !== '') parts.push({ kind: 'text', text, quoted: true })
        text = ''
        parts.push(character === '$' ? this.#dollar(true) : this.#backQuoted(true))
      } else {
        if (character === '\\' && '$`"\\}'.includes(this.peek(1))) this.at++
        text += this.peek()
        this.at++
      }
    }
    if (text !== '') parts.push({ kind: 'text', text, quoted: true })
    return parts
  }

  #bracedWord(): Part[] {
    const parts: Part[] = []
    while (this.peek() !== '}') {
      const character = this.peek()
      if (character === '') this.unexpectedEnd('Missing "}"')
      if (WORD_ENDS.has(character)) {
        parts.push({ kind: 'text', text: character, quoted: false })
        this.at++
      } else if (/['"\\$`]/.test(character)) this.#part(parts)
      else {
        parts.push({ kind: 'text', text: character, quoted: false })
        this.at++
      }
    }
    return parts
  }

  #arithmetic(quoted: boolean): Part {
    this.at += 3
    const start = this.at
    let depth = 0
    for (;;) {
      const character = this.peek()
      if (character === '') this.unexpectedEnd('Missing "))"')
      if (character === '(') depth++
      if (character === ')') {
        if (depth === 0) break
        depth--
      }
      this.at++
    }
    if (this.peek(1) !== ')') throw new ShellSyntaxError('Syntax error: "))" expected')
    const inner = new Scanner(this.text.slice(start, this.at), 0, true, this.parseList)
    this.at += 2
    return { kind: 'arithmetic', expression: inner.doubleQuoted(''), quoted }
  }

  #backQuoted(quoted: boolean): Part {
    let end = this.at + 1
    let text = ''
    while (this.text[end] !== '`') {
      if (end >= this.text.length) return this.unexpectedEnd('EOF in backquote substitution') as never
      if (this.text[end] === '\\' && /[$`\\]/.test(this.text[end + 1] ?? '')) end++
      text += this.text[end]
      end++
    }
    this.at = end + 1
    const inner = new Scanner(text, 0, true, this.parseList)
    return { kind: 'command', body: this.parseList(inner), quoted }
  }

  #readDocument({ redirection, delimiter, quoted, stripTabs }: PendingDocument): void {
    let body = ''
    for (;;) {
      const end = this.text.indexOf('\n', this.at)
      if (end === -1 && !this.ended) throw new Incomplete('more is needed')
      const line = this.text.slice(this.at, end === -1 ? this.text.length : end)
      const bare = stripTabs ? line.replace(/^\t+/, '') : line
      this.at = end === -1 ? this.text.length : end + 1
      if (bare === delimiter || (end === -1 && line === '')) break
      body += `${bare}\n`
      if (end === -1) break
    }
    if (quoted) redirection.word = [{ kind: 'text', text: body, quoted: true }]
    else redirection.word = new Scanner(body, 0, true, this.parseList).doubleQuoted('')
  }
}
