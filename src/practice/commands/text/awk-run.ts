/** Runs awk programs over texts. */

import type { AwkProgram, Expression, Rule, Statement } from './awk-parser.ts'
import { unescaped } from './awk-parser.ts'
import { linesOf, regularExpression } from './regular-expression.ts'

/** A value: a number, a string, or a string that looks like a number because it came from input. */
type Value = number | string | { readonly input: string }
type Scope = Map<string, Value | Map<string, Value>>

class Next extends Error {}
class Leave extends Error {
  readonly how: 'break' | 'continue' | 'exit' | 'return'
  readonly value: Value
  constructor(how: 'break' | 'continue' | 'exit' | 'return', value: Value = '') {
    super(how)
    this.how = how
    this.value = value
  }
}

const textOf = (value: Value): string => {
  if (typeof value === 'string') return value
  if (typeof value === 'object') return value.input
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)))
}
const numberOf = (value: Value): number => {
  if (typeof value === 'number') return value
  return Number.parseFloat(/^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(textOf(value))?.[0] ?? '0')
}
const looksNumeric = (text: string): boolean => /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(text)
const truth = (value: Value): boolean => {
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'string') return value !== ''
  return looksNumeric(value.input) ? Number(value.input) !== 0 : value.input !== ''
}

export class AwkRun {
  readonly #program: AwkProgram
  readonly #globals: Scope = new Map<string, Value | Map<string, Value>>([
    ['FS', ' '],
    ['OFS', ' '],
    ['ORS', '\n'],
    ['RS', '\n'],
    ['NR', 0],
    ['NF', 0],
    ['FNR', 0],
    ['SUBSEP', '\x1c'],
    ['RSTART', 0],
    ['RLENGTH', -1],
    ['FILENAME', ''],
  ])
  #scope: Scope = this.#globals
  #fields: string[] = ['']
  readonly #lines: string[] = []
  /** Names of the files, by their first lines. */
  readonly #files = new Map<number, string>()
  #line = 0
  readonly #active = new Set<Rule>()
  #print: (text: string) => void = () => {}

  constructor(program: AwkProgram, environment: ReadonlyMap<string, string>) {
    this.#program = program
    this.#globals.set('ENVIRON', new Map([...environment].map(([name, value]) => [name, { input: value }])))
  }

  set(name: string, value: string): void {
    this.#globals.set(name, { input: value })
  }

  unescape(text: string): string {
    return unescaped(text)
  }

  /** @param inputs what it reads, each with the name that the program may ask for; `-` is its standard input. */
  all(
    inputs: readonly { readonly path: string; readonly text: string }[],
    print: (text: string) => void,
  ): number {
    this.#print = print
    let status = 0
    const { rules } = this.#program
    try {
      for (const { kind, body } of rules) if (kind === 'BEGIN' && body) this.#run(body)
      if (rules.some(({ kind }) => kind !== 'BEGIN')) {
        for (const { path, text } of inputs) {
          this.#files.set(this.#lines.length, path === '-' ? '' : path)
          this.#lines.push(...this.#records(text))
        }
        for (this.#line = 0; this.#line < this.#lines.length; this.#line++) this.#record(rules)
      }
    } catch (error) {
      if (!(error instanceof Leave) || error.how !== 'exit') throw error
      status = numberOf(error.value)
      if (error.message === 'exit at the end') return status
    }
    try {
      for (const { kind, body } of rules) if (kind === 'END' && body) this.#run(body)
    } catch (error) {
      if (!(error instanceof Leave) || error.how !== 'exit') throw error
      return error.value === '' ? status : numberOf(error.value)
    }
    return status
  }

  #records(text: string): string[] {
    const separator = textOf(this.#get('RS'))
    if (separator === '\n') return linesOf(text)
    if (separator === '')
      return text
        .replace(/^\n+|\n+$/g, '')
        .split(/\n\n+/)
        .filter(Boolean)
    const parts = text.split(
      separator.length === 1 ? separator : regularExpression(separator, { extended: true }),
    )
    if (parts.at(-1)?.trim() === '') parts.pop()
    return parts
  }

  /** The line at hand is the record, and counted. */
  #take(text: string): void {
    const file = this.#files.get(this.#line)
    if (file !== undefined) {
      this.#globals.set('FILENAME', file)
      this.#globals.set('FNR', 0)
    }
    this.#globals.set('NR', numberOf(this.#get('NR')) + 1)
    this.#globals.set('FNR', numberOf(this.#get('FNR')) + 1)
    this.#split(text)
  }

  #record(rules: readonly Rule[]): void {
    this.#take(this.#lines[this.#line] ?? '')
    try {
      for (const rule of rules) {
        if (rule.kind !== 'line' || !this.#applies(rule)) continue
        if (rule.body) this.#run(rule.body)
        else this.#print(`${this.#fields[0]}${textOf(this.#get('ORS'))}`)
      }
    } catch (error) {
      if (!(error instanceof Next)) throw error
    }
  }

  #applies(rule: Rule): boolean {
    if (!rule.from) return true
    if (!rule.to) return truth(this.#value(rule.from))
    if (!this.#active.has(rule)) {
      if (!truth(this.#value(rule.from))) return false
      this.#active.add(rule)
    }
    if (truth(this.#value(rule.to))) this.#active.delete(rule)
    return true
  }

  #split(line: string): void {
    this.#fields = [line, ...this.#parts(line, textOf(this.#get('FS')))]
    this.#globals.set('NF', this.#fields.length - 1)
  }

  #parts(text: string, separator: string): string[] {
    if (text === '') return []
    if (separator === ' ')
      return text
        .trim()
        .split(/[ \t\n]+/)
        .filter(part => part !== '')
    if (separator.length === 1 && separator !== '|' && !/[.*+?^$()[\]{}\\]/.test(separator))
      return text.split(separator)
    return text.split(separator.length === 1 ? separator : regularExpression(separator, { extended: true }))
  }

  #get(name: string): Value {
    const value = this.#scope.get(name) ?? this.#globals.get(name)
    return value === undefined || value instanceof Map ? { input: '' } : value
  }

  #array(name: string): Map<string, Value> {
    const scope = this.#scope.has(name) ? this.#scope : this.#globals
    const found = scope.get(name)
    if (found instanceof Map) return found
    const made = new Map<string, Value>()
    scope.set(name, made)
    return made
  }

  #run(statement: Statement): void {
    switch (statement.k) {
      case 'block':
        for (const inner of statement.body) this.#run(inner)
        return
      case 'expression':
        this.#value(statement.value)
        return
      case 'print':
        this.#print(
          (statement.values.length === 0
            ? (this.#fields[0] ?? '')
            : statement.values.map(value => textOf(this.#value(value))).join(textOf(this.#get('OFS')))) +
            textOf(this.#get('ORS')),
        )
        return
      case 'printf':
        this.#print(this.#format(statement.values.map(value => this.#value(value))))
        return
      case 'if':
        if (truth(this.#value(statement.test))) this.#run(statement.yes)
        else if (statement.no) this.#run(statement.no)
        return
      case 'while':
        this.#loop(() => truth(this.#value(statement.test)), statement.body)
        return
      case 'for': {
        if (statement.first) this.#run(statement.first)
        const { test, each } = statement
        this.#loop(() => !test || truth(this.#value(test)), statement.body, each)
        return
      }
      case 'forin': {
        const keys = [...this.#array(statement.array).keys()]
        this.#loop(() => {
          const key = keys.shift()
          if (key !== undefined) this.#store({ k: 'variable', name: statement.name }, { input: key })
          return key !== undefined
        }, statement.body)
        return
      }
      case 'delete':
        if (statement.keys.length === 0) this.#array(statement.name).clear()
        else this.#array(statement.name).delete(this.#key(statement.keys))
        return
      case 'next':
        throw new Next()
      case 'break':
      case 'continue':
        throw new Leave(statement.k)
      case 'exit':
      case 'return':
        throw new Leave(statement.k, statement.value ? this.#value(statement.value) : '')
    }
  }

  #loop(goesOn: () => boolean, body: Statement, each?: Statement): void {
    while (goesOn()) {
      try {
        this.#run(body)
      } catch (error) {
        if (!(error instanceof Leave) || (error.how !== 'break' && error.how !== 'continue')) throw error
        if (error.how === 'break') return
      }
      if (each) this.#run(each)
    }
  }

  #key(keys: readonly Expression[]): string {
    return keys.map(key => textOf(this.#value(key))).join(textOf(this.#get('SUBSEP')))
  }

  #store(target: Expression, value: Value): Value {
    if (target.k === 'variable') {
      if (this.#scope.has(target.name)) this.#scope.set(target.name, value)
      else this.#globals.set(target.name, value)
      if (target.name === 'NF') {
        const count = numberOf(value)
        this.#fields = [
          this.#fields[0] ?? '',
          ...Array.from({ length: count }, (_, index) => this.#fields[index + 1] ?? ''),
        ]
        this.#join()
      }
    } else if (target.k === 'element') this.#array(target.name).set(this.#key(target.keys), value)
    else if (target.k === 'field') {
      const index = numberOf(this.#value(target.index))
      if (index === 0) this.#split(textOf(value))
      else {
        while (this.#fields.length <= index) this.#fields.push('')
        this.#fields[index] = textOf(value)
        this.#globals.set('NF', this.#fields.length - 1)
        this.#join()
      }
    }
    return value
  }

  #join(): void {
    this.#fields[0] = this.#fields.slice(1).join(textOf(this.#get('OFS')))
  }

  #value(expression: Expression): Value {
    switch (expression.k) {
      case 'number':
      case 'string':
        return expression.value
      case 'regex':
        return expression.value.test(this.#fields[0] ?? '') ? 1 : 0
      case 'variable':
        return this.#get(expression.name)
      case 'field':
        return { input: this.#fields[numberOf(this.#value(expression.index))] ?? '' }
      case 'element': {
        const array = this.#array(expression.name)
        const key = this.#key(expression.keys)
        if (!array.has(key)) array.set(key, { input: '' })
        return array.get(key) ?? ''
      }
      case 'assign': {
        const right = this.#value(expression.value)
        if (expression.operator === '') return this.#store(expression.target, right)
        return this.#store(
          expression.target,
          this.#arithmetic(expression.operator, numberOf(this.#value(expression.target)), numberOf(right)),
        )
      }
      case 'step': {
        const before = numberOf(this.#value(expression.target))
        this.#store(expression.target, before + expression.by)
        return expression.after ? before : before + expression.by
      }
      case 'conditional':
        return this.#value(truth(this.#value(expression.test)) ? expression.yes : expression.no)
      case 'in':
        return this.#array(expression.name).has(this.#key(expression.keys)) ? 1 : 0
      case 'unary': {
        const value = this.#value(expression.value)
        return expression.operator === '!'
          ? truth(value)
            ? 0
            : 1
          : expression.operator === '-'
            ? -numberOf(value)
            : numberOf(value)
      }
      case 'binary':
        return this.#binary(expression)
      case 'getline': {
        this.#line += 1
        const next = this.#lines[this.#line]
        if (next === undefined) return 0
        this.#take(next)
        return 1
      }
      case 'call':
        return this.#call(expression.name, expression.values)
    }
  }

  #binary({ operator, left, right }: Extract<Expression, { k: 'binary' }>): Value {
    if (operator === '&&') return truth(this.#value(left)) && truth(this.#value(right)) ? 1 : 0
    if (operator === '||') return truth(this.#value(left)) || truth(this.#value(right)) ? 1 : 0
    const a = this.#value(left)
    if (operator === '~' || operator === '!~')
      return this.#pattern(right).test(textOf(a)) === (operator === '~') ? 1 : 0
    const b = this.#value(right)
    if (operator === ' ') return textOf(a) + textOf(b)
    if (['<', '<=', '==', '!=', '>', '>='].includes(operator)) return this.#compare(operator, a, b) ? 1 : 0
    return this.#arithmetic(operator, numberOf(a), numberOf(b))
  }

  #compare(operator: string, a: Value, b: Value): boolean {
    const numeric = (value: Value): boolean =>
      typeof value === 'number' ||
      (typeof value === 'object' && (looksNumeric(value.input) || value.input === ''))
    const order =
      numeric(a) && numeric(b) && !(textOf(a) === '' && textOf(b) === '')
        ? Math.sign(numberOf(a) - numberOf(b))
        : textOf(a) < textOf(b)
          ? -1
          : textOf(a) > textOf(b)
            ? 1
            : 0
    return (
      {
        '<': order < 0,
        '<=': order <= 0,
        '==': order === 0,
        '!=': order !== 0,
        '>': order > 0,
        '>=': order >= 0,
      }[operator] ?? false
    )
  }

  #arithmetic(operator: string, a: number, b: number): number {
    switch (operator) {
      case '+':
        return a + b
      case '-':
        return a - b
      case '*':
        return a * b
      case '/':
        return a / b
      case '%':
        return a % b
      default:
        return a ** b
    }
  }

  #pattern(expression: Expression): RegExp {
    return expression.k === 'regex'
      ? expression.value
      : regularExpression(textOf(this.#value(expression)), { extended: true })
  }

  #call(name: string, values: readonly Expression[]): Value {
    const at = (index: number): Value => {
      const found = values[index]
      return found ? this.#value(found) : ''
    }
    const text = (index: number): string => textOf(at(index))
    const [first, second, third] = values
    switch (name) {
      case ' value':
        return at(0)
      case ' group':
        return values.map(value => textOf(this.#value(value))).join('')
      case ' print to': {
        // Only the two places that scripts print to beside standard output.
        return 0
      }
      case 'length':
        if (
          first?.k === 'variable' &&
          (this.#scope.get(first.name) ?? this.#globals.get(first.name)) instanceof Map
        )
          return this.#array(first.name).size
        return first ? text(0).length : (this.#fields[0] ?? '').length
      case 'substr': {
        const from = Math.round(numberOf(at(1)))
        const start = Math.max(1, from)
        return third
          ? text(0).slice(start - 1, Math.max(0, from + Math.round(numberOf(at(2))) - 1))
          : text(0).slice(start - 1)
      }
      case 'index':
        return text(0).indexOf(text(1)) + 1
      case 'split': {
        if (second?.k !== 'variable') return 0
        const parts =
          third?.k === 'regex'
            ? text(0).split(third.value)
            : this.#parts(text(0), third ? text(2) : textOf(this.#get('FS')))
        const array = this.#array(second.name)
        array.clear()
        const found = text(0) === '' ? [] : parts
        found.forEach((part, index) => {
          array.set(String(index + 1), { input: part })
        })
        return found.length
      }
      case 'sub':
      case 'gsub': {
        const target: Expression = third ?? { k: 'field', index: { k: 'number', value: 0 } }
        const pattern = first ? this.#pattern(first) : /$^/
        const replacement = text(1)
        let count = 0
        const result = textOf(this.#value(target)).replace(
          new RegExp(pattern.source, name === 'gsub' ? 'g' : ''),
          match => {
            count += 1
            return replacement.replace(/\\\\&|\\&|&/g, found => (found === '&' ? match : '&'))
          },
        )
        if (count > 0) this.#store(target, { input: result })
        return count
      }
      case 'match': {
        const found = second ? this.#pattern(second).exec(text(0)) : null
        this.#globals.set('RSTART', found ? found.index + 1 : 0)
        this.#globals.set('RLENGTH', found ? found[0].length : -1)
        return found ? found.index + 1 : 0
      }
      case 'sprintf':
        return this.#format(values.map(value => this.#value(value)))
      case 'tolower':
        return text(0).toLowerCase()
      case 'toupper':
        return text(0).toUpperCase()
      case 'int':
        return Math.trunc(numberOf(at(0)))
      case 'sqrt':
        return Math.sqrt(numberOf(at(0)))
      case 'log':
        return Math.log(numberOf(at(0)))
      case 'exp':
        return Math.exp(numberOf(at(0)))
      case 'systime':
        return Math.floor(Date.now() / 1000)
      case 'close':
      case 'fflush':
      case 'srand':
        return 0
      case 'rand':
        return Math.random()
    }
    return this.#userFunction(name, values)
  }

  #userFunction(name: string, values: readonly Expression[]): Value {
    const known = this.#program.functions.get(name)
    if (!known) return ''
    const before = this.#scope
    const inner: Scope = new Map()
    known.parameters.forEach((parameter, index) => {
      const given = values[index]
      const array =
        given?.k === 'variable' ? (before.get(given.name) ?? this.#globals.get(given.name)) : undefined
      inner.set(parameter, array instanceof Map ? array : given ? this.#value(given) : { input: '' })
    })
    this.#scope = inner
    try {
      this.#run(known.body)
      return ''
    } catch (error) {
      if (error instanceof Leave && error.how === 'return') return error.value
      throw error
    } finally {
      this.#scope = before
    }
  }

  #format([format = '', ...values]: readonly Value[]): string {
    let index = 0
    return textOf(format).replace(
      /%([-+ 0#]*)(\*|\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
      (_, flags: string, width: string | undefined, digits: string | undefined, letter: string) => {
        if (letter === '%') return '%'
        const size = width === '*' ? numberOf(values[index++] ?? 0) : Number(width ?? 0)
        const value = values[index++] ?? ''
        const number = numberOf(value)
        const shown =
          letter === 's'
            ? textOf(value).slice(0, digits === undefined ? undefined : Number(digits))
            : letter === 'c'
              ? typeof value === 'number'
                ? String.fromCharCode(value)
                : textOf(value).charAt(0)
              : /[di]/.test(letter)
                ? String(Math.trunc(number))
                : letter === 'x'
                  ? Math.trunc(number).toString(16)
                  : letter === 'o'
                    ? Math.trunc(number).toString(8)
                    : letter === 'g'
                      ? String(Number(number.toPrecision(digits === undefined ? 6 : Number(digits))))
                      : letter === 'e'
                        ? number.toExponential(digits === undefined ? 6 : Number(digits))
                        : number.toFixed(digits === undefined ? 6 : Number(digits))
        if (flags.includes('-')) return shown.padEnd(size)
        return shown.padStart(size, flags.includes('0') && letter !== 's' ? '0' : ' ')
      },
    )
  }
}
