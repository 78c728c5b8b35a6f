/** Reads awk programs (POSIX awk; no user functions with arrays by reference beyond what they need). */

import { regularExpression } from './regular-expression.ts'

export type Expression =
  | { k: 'number'; value: number }
  | { k: 'string'; value: string }
  | { k: 'regex'; value: RegExp }
  | { k: 'variable'; name: string }
  | { k: 'field'; index: Expression }
  | { k: 'element'; name: string; keys: Expression[] }
  | { k: 'assign'; target: Expression; operator: string; value: Expression }
  | { k: 'binary'; operator: string; left: Expression; right: Expression }
  | { k: 'unary'; operator: string; value: Expression }
  | { k: 'step'; target: Expression; by: number; after: boolean }
  | { k: 'conditional'; test: Expression; yes: Expression; no: Expression }
  | { k: 'in'; keys: Expression[]; name: string }
  | { k: 'call'; name: string; values: Expression[] }
  | { k: 'getline' }

export type Statement =
  | { k: 'block'; body: Statement[] }
  | { k: 'expression'; value: Expression }
  | { k: 'print'; values: Expression[] }
  | { k: 'printf'; values: Expression[] }
  | { k: 'if'; test: Expression; yes: Statement; no?: Statement }
  | { k: 'while'; test: Expression; body: Statement }
  | { k: 'for'; first?: Statement; test?: Expression; each?: Statement; body: Statement }
  | { k: 'forin'; name: string; array: string; body: Statement }
  | { k: 'delete'; name: string; keys: Expression[] }
  | { k: 'next' | 'break' | 'continue' }
  | { k: 'exit' | 'return'; value?: Expression }

export interface Rule {
  readonly kind: 'BEGIN' | 'END' | 'line'
  readonly from?: Expression
  readonly to?: Expression
  readonly body?: Statement
}

export interface AwkProgram {
  readonly rules: readonly Rule[]
  readonly functions: ReadonlyMap<string, { parameters: string[]; body: Statement }>
}

type Token = { k: 'word' | 'number' | 'string' | 'regex' | 'sign' | 'line'; text: string; spaced: boolean }

const SIGNS = [
  '**=',
  '&&',
  '||',
  '==',
  '!=',
  '<=',
  '>=',
  '++',
  '--',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '^=',
  '!~',
  '**',
  '>>',
]

function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let spaced = false
  const push = (k: Token['k'], value: string): void => {
    tokens.push({ k, text: value, spaced })
    spaced = false
  }
  while (at < text.length) {
    const rest = text.slice(at)
    const blank = /^(?:[ \t\r]|\\\n|#[^\n]*)+/.exec(rest)
    if (blank) {
      at += blank[0].length
      spaced = true
      continue
    }
    const character = text.charAt(at)
    if (character === '\n') {
      push('line', '\n')
      at++
      continue
    }
    const string = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest)
    if (string) {
      push('string', unescaped(string[1] ?? ''))
      at += string[0].length
      continue
    }
    const number = /^(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)/.exec(rest)
    if (number) {
      push('number', number[0])
      at += number[0].length
      continue
    }
    const word = /^[A-Za-z_]\w*/.exec(rest)
    if (word) {
      push('word', word[0])
      at += word[0].length
      continue
    }
    const before = tokens.at(-1)
    const valueBefore =
      before &&
      (before.k === 'number' ||
        before.k === 'string' ||
        (before.k === 'word' && !['print', 'return', 'in'].includes(before.text)) ||
        [')', ']', '$'].includes(before.text))
    const regex =
      character === '/' && !valueBefore ? /^\/((?:[^/\\\n[]|\\[\s\S]|\[\^?\]?[^\]]*\])*)\//.exec(rest) : null
    if (regex) {
      push('regex', regex[1] ?? '')
      at += regex[0].length
      continue
    }
    const sign = SIGNS.find(each => rest.startsWith(each)) ?? character
    push('sign', sign)
    at += sign.length
  }
  return tokens
}

export const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{1,3}|[\s\S])/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8))
    return (
      ({ n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', '/': '/' } as Record<string, string>)[code] ??
      `\\${code}`
    )
  })

/** @throws SyntaxError */
export function parseAwk(text: string): AwkProgram {
  return new Parser(tokenise(text)).program()
}

class Parser {
  readonly #tokens: Token[]
  #at = 0
  /** Inside `print …`, where `>` would be a redirection, and inside `for (x in y)`. */
  #noIn = false
  #noGreater = false

  constructor(tokens: Token[]) {
    this.#tokens = tokens
  }

  #peek(offset = 0): Token {
    return this.#tokens[this.#at + offset] ?? { k: 'line', text: '', spaced: false }
  }

  #is(text: string): boolean {
    const { k, text: found } = this.#peek()
    return found === text && (k === 'sign' || k === 'word')
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text))
      throw new SyntaxError(`line 1: syntax error at or near ${this.#peek().text || 'end of file'}`)
  }

  #lines(): void {
    while ((this.#peek().k === 'line' && this.#at < this.#tokens.length) || this.#is(';')) this.#at++
  }

  #newlines(): void {
    while (this.#peek().k === 'line' && this.#at < this.#tokens.length) this.#at++
  }

  program(): AwkProgram {
    const rules: Rule[] = []
    const functions = new Map<string, { parameters: string[]; body: Statement }>()
    for (this.#lines(); this.#at < this.#tokens.length; this.#lines()) {
      if (this.#take('function')) {
        const name = this.#name()
        this.#expect('(')
        const parameters: string[] = []
        while (!this.#take(')')) {
          parameters.push(this.#name())
          this.#take(',')
        }
        this.#newlines()
        functions.set(name, { parameters, body: this.#block() })
      } else if (this.#is('BEGIN') || this.#is('END')) {
        const kind = this.#peek().text as 'BEGIN' | 'END'
        this.#at++
        rules.push({ kind, body: this.#block() })
      } else {
        const from = this.#is('{') ? undefined : this.#expression()
        let to: Expression | undefined
        if (from && this.#take(',')) {
          this.#newlines()
          to = this.#expression()
        }
        const body = this.#is('{') ? this.#block() : undefined
        rules.push({
          kind: 'line',
          ...(from ? { from } : {}),
          ...(to ? { to } : {}),
          ...(body ? { body } : {}),
        })
      }
    }
    return { rules, functions }
  }

  #name(): string {
    const token = this.#peek()
    if (token.k !== 'word') throw new SyntaxError(`line 1: syntax error at or near ${token.text}`)
    this.#at++
    return token.text
  }

  #block(): Statement {
    this.#expect('{')
    const body: Statement[] = []
    for (this.#lines(); !this.#take('}'); this.#lines()) {
      if (this.#at >= this.#tokens.length)
        throw new SyntaxError('line 1: syntax error at or near end of file')
      body.push(this.#statement())
    }
    return { k: 'block', body }
  }

  #body(): Statement {
    this.#newlines()
    if (this.#take(';')) return { k: 'block', body: [] }
    return this.#statement()
  }

  #statement(): Statement {
    if (this.#is('{')) return this.#block()
    if (this.#take('if')) {
      this.#expect('(')
      const test = this.#expression()
      this.#expect(')')
      const yes = this.#body()
      const mark = this.#at
      this.#lines()
      if (this.#take('else')) return { k: 'if', test, yes, no: this.#body() }
      this.#at = mark
      return { k: 'if', test, yes }
    }
    if (this.#take('while')) {
      this.#expect('(')
      const test = this.#expression()
      this.#expect(')')
      return { k: 'while', test, body: this.#body() }
    }
    if (this.#take('for')) return this.#for()
    return this.#simple()
  }

  #for(): Statement {
    this.#expect('(')
    if (this.#peek().k === 'word' && this.#peek(1).text === 'in' && this.#peek(3).text === ')') {
      const name = this.#name()
      this.#at++
      const array = this.#name()
      this.#expect(')')
      return { k: 'forin', name, array, body: this.#body() }
    }
    const first = this.#is(';') ? undefined : this.#simple()
    this.#expect(';')
    const test = this.#is(';') ? undefined : this.#expression()
    this.#expect(';')
    const each = this.#is(')') ? undefined : this.#simple()
    this.#expect(')')
    return {
      k: 'for',
      ...(first ? { first } : {}),
      ...(test ? { test } : {}),
      ...(each ? { each } : {}),
      body: this.#body(),
    }
  }

  #simple(): Statement {
    for (const k of ['next', 'break', 'continue'] as const) if (this.#take(k)) return { k }
    for (const k of ['exit', 'return'] as const)
      if (this.#take(k)) {
        const ends = this.#peek().k === 'line' || this.#is(';') || this.#is('}')
        return ends ? { k } : { k, value: this.#expression() }
      }
    if (this.#take('delete')) {
      const name = this.#name()
      return { k: 'delete', name, keys: this.#take('[') ? this.#list(']') : [] }
    }
    if (this.#is('print') || this.#is('printf')) {
      const k = this.#peek().text as 'print' | 'printf'
      this.#at++
      this.#noGreater = true
      const values: Expression[] = []
      while (
        this.#peek().k !== 'line' &&
        !this.#is(';') &&
        !this.#is('}') &&
        !this.#is('>') &&
        !this.#is('|')
      ) {
        values.push(this.#expression())
        if (!this.#take(',')) break
        this.#newlines()
      }
      this.#noGreater = false
      if (this.#take('>')) {
        const target = this.#expression()
        return {
          k: 'expression',
          value: { k: 'call', name: ' print to', values: [target, { k: 'string', value: k }, ...values] },
        }
      }
      const [only] = values
      // `print (a, b)` has its values in parentheses.
      const inner = values.length === 1 && only?.k === 'call' && only.name === ' group' ? only.values : values
      return { k, values: inner }
    }
    return { k: 'expression', value: this.#expression() }
  }

  #list(end: string): Expression[] {
    const values: Expression[] = []
    const before = this.#noGreater
    this.#noGreater = false
    while (!this.#take(end)) {
      values.push(this.#expression())
      this.#newlines()
      if (!this.#take(',') && !this.#is(end))
        throw new SyntaxError(`line 1: syntax error at or near ${this.#peek().text}`)
      this.#newlines()
    }
    this.#noGreater = before
    return values
  }

  #expression(): Expression {
    const left = this.#conditional()
    const { text, k } = this.#peek()
    if (
      k === 'sign' &&
      ['=', '+=', '-=', '*=', '/=', '%=', '^=', '**='].includes(text) &&
      ['variable', 'field', 'element'].includes(left.k)
    ) {
      this.#at++
      this.#newlines()
      return { k: 'assign', target: left, operator: text.slice(0, -1), value: this.#expression() }
    }
    return left
  }

  #conditional(): Expression {
    const test = this.#or()
    if (!this.#take('?')) return test
    this.#newlines()
    const yes = this.#expression()
    this.#newlines()
    this.#expect(':')
    this.#newlines()
    return { k: 'conditional', test, yes, no: this.#expression() }
  }

  #or(): Expression {
    let left = this.#and()
    while (this.#take('||')) {
      this.#newlines()
      left = { k: 'binary', operator: '||', left, right: this.#and() }
    }
    return left
  }

  #and(): Expression {
    let left = this.#membership()
    while (this.#take('&&')) {
      this.#newlines()
      left = { k: 'binary', operator: '&&', left, right: this.#membership() }
    }
    return left
  }

  #membership(): Expression {
    let left = this.#match()
    while (!this.#noIn && this.#is('in')) {
      this.#at++
      left = {
        k: 'in',
        keys: left.k === 'call' && left.name === ' group' ? left.values : [left],
        name: this.#name(),
      }
    }
    return left
  }

  #match(): Expression {
    let left = this.#comparison()
    while (this.#is('~') || this.#is('!~')) {
      const operator = this.#peek().text
      this.#at++
      left = { k: 'binary', operator, left, right: this.#comparison() }
    }
    return left
  }

  #comparison(): Expression {
    const left = this.#concatenation()
    const { text, k } = this.#peek()
    if (
      k === 'sign' &&
      (['<', '<=', '==', '!=', '>='].includes(text) || (text === '>' && !this.#noGreater))
    ) {
      this.#at++
      return { k: 'binary', operator: text, left, right: this.#concatenation() }
    }
    return left
  }

  #concatenation(): Expression {
    let left = this.#sum()
    for (;;) {
      const { k, text } = this.#peek()
      const begins =
        k === 'number' ||
        k === 'string' ||
        k === 'regex' ||
        (k === 'word' && !['in', 'else'].includes(text)) ||
        (k === 'sign' &&
          ['$', '(', '!', '-', '+', '++', '--'].includes(text) &&
          !(text === '!' || text === '-' || text === '+'))
      if (!begins) return left
      left = { k: 'binary', operator: ' ', left, right: this.#sum() }
    }
  }

  #sum(): Expression {
    let left = this.#product()
    while (this.#is('+') || this.#is('-')) {
      const operator = this.#peek().text
      this.#at++
      left = { k: 'binary', operator, left, right: this.#product() }
    }
    return left
  }

  #product(): Expression {
    let left = this.#unary()
    while (this.#is('*') || this.#is('/') || this.#is('%')) {
      const operator = this.#peek().text
      this.#at++
      left = { k: 'binary', operator, left, right: this.#unary() }
    }
    return left
  }

  #unary(): Expression {
    for (const operator of ['!', '-', '+'])
      if (this.#take(operator)) return { k: 'unary', operator, value: this.#unary() }
    const base = this.#postfix()
    if (this.#take('^') || this.#take('**'))
      return { k: 'binary', operator: '^', left: base, right: this.#unary() }
    return base
  }

  #postfix(): Expression {
    for (const [sign, by] of [
      ['++', 1],
      ['--', -1],
    ] as const)
      if (this.#take(sign)) return { k: 'step', target: this.#primary(), by, after: false }
    const target = this.#primary()
    if (['variable', 'field', 'element'].includes(target.k))
      for (const [sign, by] of [
        ['++', 1],
        ['--', -1],
      ] as const)
        if (this.#take(sign)) return { k: 'step', target, by, after: true }
    return target
  }

  #primary(): Expression {
    const token = this.#peek()
    this.#at++
    switch (token.k) {
      case 'number':
        return { k: 'number', value: Number(token.text) }
      case 'string':
        return { k: 'string', value: token.text }
      case 'regex':
        return { k: 'regex', value: regularExpression(token.text, { extended: true }) }
      case 'word':
        return this.#named(token.text)
      case 'sign':
        if (token.text === '$') {
          if (this.#take('++'))
            return { k: 'field', index: { k: 'step', target: this.#primary(), by: 1, after: false } }
          return { k: 'field', index: this.#is('-') ? this.#unary() : this.#primary() }
        }
        if (token.text === '(') {
          const values = this.#list(')')
          const [only] = values
          return values.length === 1 && only
            ? { k: 'call', name: ' value', values: [only] }
            : { k: 'call', name: ' group', values }
        }
    }
    throw new SyntaxError(`line 1: syntax error at or near ${token.text || 'end of file'}`)
  }

  #named(name: string): Expression {
    if (name === 'getline') return { k: 'getline' }
    if (this.#is('(') && (!this.#peek().spaced || BUILTINS.has(name))) {
      this.#at++
      return { k: 'call', name, values: this.#list(')') }
    }
    if (this.#take('[')) return { k: 'element', name, keys: this.#list(']') }
    if (name === 'length') return { k: 'call', name, values: [] }
    return { k: 'variable', name }
  }
}

const BUILTINS = new Set([
  'length',
  'substr',
  'index',
  'split',
  'sub',
  'gsub',
  'match',
  'sprintf',
  'tolower',
  'toupper',
  'int',
  'sqrt',
  'exp',
  'log',
  'rand',
  'srand',
  'system',
  'close',
  'fflush',
  'systime',
  'strftime',
])
