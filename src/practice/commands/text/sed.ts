/** sed(1): a script is read into steps, and each line is taken through them. */

import type { Call } from '../../system/call.ts'
import { SystemError } from '../../system/system-error.ts'
import { linesOf, regularExpression } from './regular-expression.ts'

type Address = { line: number } | { last: true } | { test: RegExp }

interface Step {
  readonly from?: Address
  readonly to?: Address
  readonly negated: boolean
  readonly letter: string
  readonly text: string
  readonly test?: RegExp
  readonly body?: readonly Step[]
  /** Inside its range now. */
  active?: boolean
}

export async function sed(call: Call): Promise<number> {
  const inPlace =
    call.words.some(word => /^-[a-zA-Z]*i/.test(word) && !word.startsWith('--')) ||
    call.words.includes('--in-place')
  const words = call.words.map(word =>
    /^-[nEr]*i[^nEre]*$/.test(word) && word !== '-i' ? word.replace(/i.*/, 'i') : word,
  )
  const options = call.options('ef', ['expression', 'file'], words)
  const operands = [...options.operands]
  const scripts = [...options.values('e', 'expression')]
  for (const path of options.values('f', 'file')) scripts.push(await call.text(path))
  if (scripts.length === 0) scripts.push(operands.shift() ?? '')
  const extended = options.has('E', 'r', 'regexp-extended')
  let steps: Step[]
  try {
    steps = new SedReader(scripts.join('\n'), extended).steps()
  } catch (error) {
    if (error instanceof SyntaxError) return call.fail(`-e expression #1, char 1: ${error.message}`)
    throw error
  }
  const quiet = options.has('n', 'quiet', 'silent')
  if (!inPlace) {
    const { texts, failed } = await call.texts(operands)
    call.out(edited(steps, texts.map(({ text }) => text).join(''), quiet))
    return failed ? 2 : 0
  }
  for (const path of operands) {
    try {
      const text = edited(steps, await call.text(path), quiet)
      const found = call.process.find(path)
      if (found.node?.kind === 'file') call.process.files.put(found.node, Buffer.from(text, 'latin1'))
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      return call.fail(`can't read ${path}: ${error.message}`, 2)
    }
  }
  return 0
}

class SedReader {
  readonly #text: string
  readonly #extended: boolean
  #at = 0

  constructor(text: string, extended: boolean) {
    this.#text = text
    this.#extended = extended
  }

  steps(inBlock = false): Step[] {
    const steps: Step[] = []
    for (;;) {
      this.#skip(/[\s;]/)
      if (this.#at >= this.#text.length) return steps
      if (this.#peek() === '#') {
        this.#line()
        continue
      }
      if (this.#peek() === '}') {
        if (!inBlock) throw new SyntaxError("unexpected `}'")
        this.#at++
        return steps
      }
      steps.push(this.#step())
    }
  }

  #peek(): string {
    return this.#text.charAt(this.#at)
  }

  #skip(what: RegExp): void {
    while (this.#at < this.#text.length && what.test(this.#peek())) this.#at++
  }

  #line(): string {
    const end = this.#text.indexOf('\n', this.#at)
    const line = this.#text.slice(this.#at, end === -1 ? undefined : end)
    this.#at = end === -1 ? this.#text.length : end + 1
    return line
  }

  #step(): Step {
    const from = this.#address()
    let to: Address | undefined
    this.#skip(/[ \t]/)
    if (this.#peek() === ',') {
      this.#at++
      this.#skip(/[ \t]/)
      to = this.#address()
    }
    this.#skip(/[ \t]/)
    let negated = false
    while (this.#peek() === '!') {
      negated = true
      this.#at++
      this.#skip(/[ \t]/)
    }
    const letter = this.#peek()
    this.#at++
    const where = { ...(from ? { from } : {}), ...(to ? { to } : {}), negated, letter }
    switch (letter) {
      case '{':
        return { ...where, text: '', body: this.steps(true) }
      case 's':
        return { ...where, ...this.#substitution() }
      case 'y': {
        const [one = '', other = ''] = this.#delimited()
        return { ...where, text: `${one}\0${other}` }
      }
      case 'a':
      case 'i':
      case 'c':
        this.#skip(/[ \t]/)
        if (this.#text.startsWith('\\\n', this.#at)) this.#at += 2
        else if (this.#peek() === '\\') this.#at++
        return { ...where, text: this.#multiline() }
      default:
        if (!/[dpqD=hHgGxnNbtlQPw:]/.test(letter)) throw new SyntaxError(`unknown command: \`${letter}'`)
        return { ...where, text: /[bt:qQ]/.test(letter) ? this.#label() : '' }
    }
  }

  #label(): string {
    this.#skip(/[ \t]/)
    const start = this.#at
    this.#skip(/[^\s;}]/)
    return this.#text.slice(start, this.#at)
  }

  #multiline(): string {
    let text = this.#line()
    while (text.endsWith('\\') && this.#at < this.#text.length) text = `${text.slice(0, -1)}\n${this.#line()}`
    return text
  }

  #address(): Address | undefined {
    const character = this.#peek()
    if (/\d/.test(character)) {
      const start = this.#at
      this.#skip(/\d/)
      return { line: Number(this.#text.slice(start, this.#at)) }
    }
    if (character === '$') {
      this.#at++
      return { last: true }
    }
    if (character !== '/' && character !== '\\') return undefined
    if (character === '\\') this.#at++
    const test = this.#until(this.#text.charAt(this.#at++))
    const ignoreCase = this.#peek() === 'I'
    if (ignoreCase) this.#at++
    return { test: regularExpression(test, { extended: this.#extended, ignoreCase }) }
  }

  /** Up to the delimiter, which is passed; inside brackets it means itself. */
  #until(delimiter: string): string {
    let text = ''
    while (this.#at < this.#text.length && this.#peek() !== delimiter) {
      if (this.#peek() === '\\') {
        const next = this.#text.charAt(this.#at + 1)
        text += next === delimiter && !/[\w]/.test(delimiter) && delimiter !== '|' ? next : `\\${next}`
        if (next === delimiter && delimiter === '|') text = `${text.slice(0, -2)}|`
        this.#at += 2
      } else {
        text += this.#peek()
        this.#at++
      }
    }
    if (this.#at >= this.#text.length) throw new SyntaxError('unterminated command')
    this.#at++
    return text
  }

  #delimited(): string[] {
    const delimiter = this.#text.charAt(this.#at++)
    return [this.#until(delimiter), this.#until(delimiter)]
  }

  #substitution(): Pick<Step, 'text' | 'test'> {
    const [pattern = '', replacement = ''] = this.#delimited()
    const start = this.#at
    this.#skip(/[gpiIeE0-9]/)
    const flags = this.#text.slice(start, this.#at)
    return {
      test: regularExpression(pattern, { extended: this.#extended, ignoreCase: /i/i.test(flags) }),
      text: `${flags}\0${replacement}`,
    }
  }
}

interface Run {
  space: string
  hold: string
  output: string
  appended: string[]
  deleted: boolean
  quit: boolean
  substituted: boolean
}

function edited(steps: readonly Step[], text: string, quiet: boolean): string {
  const lines = linesOf(text)
  const unended = text !== '' && !text.endsWith('\n')
  const run: Run = {
    space: '',
    hold: '',
    output: '',
    appended: [],
    deleted: false,
    quit: false,
    substituted: false,
  }
  for (let index = 0; index < lines.length && !run.quit; index++) {
    run.space = lines[index] ?? ''
    run.deleted = false
    run.substituted = false
    const position = {
      get number() {
        return index + 1
      },
      get last() {
        return index === lines.length - 1
      },
      next: () => lines[++index],
    }
    execute(steps, run, position)
    if (!quiet && !run.deleted) run.output += `${run.space}${unended && position.last ? '' : '\n'}`
    run.output += run.appended
      .splice(0)
      .map(line => `${line}\n`)
      .join('')
  }
  return run.output
}

interface Position {
  readonly number: number
  readonly last: boolean
  next(): string | undefined
}

/** @returns false when the cycle ends. */
function execute(steps: readonly Step[], run: Run, position: Position): boolean {
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step
    if (!applies(step, run, position)) continue
    if (step.body) {
      if (!execute(step.body, run, position)) return false
      continue
    }
    switch (step.letter) {
      case 's':
        substitute(step, run)
        break
      case 'd':
        run.deleted = true
        return false
      case 'p':
        run.output += `${run.space}\n`
        break
      case 'q':
      case 'Q':
        run.quit = true
        run.deleted ||= step.letter === 'Q'
        return false
      case '=':
        run.output += `${position.number}\n`
        break
      case 'a':
        run.appended.push(step.text)
        break
      case 'i':
        run.output += `${step.text}\n`
        break
      case 'c':
        run.output += `${step.text}\n`
        run.deleted = true
        return false
      case 'y': {
        const [from = '', to = ''] = step.text.split('\0')
        run.space = [...run.space].map(c => (from.includes(c) ? to.charAt(from.indexOf(c)) : c)).join('')
        break
      }
      case 'h':
        run.hold = run.space
        break
      case 'H':
        run.hold += `\n${run.space}`
        break
      case 'g':
        run.space = run.hold
        break
      case 'G':
        run.space += `\n${run.hold}`
        break
      case 'x':
        ;[run.space, run.hold] = [run.hold, run.space]
        break
      case 'N': {
        const next = position.last ? undefined : position.next()
        if (next === undefined) return false
        run.space += `\n${next}`
        break
      }
      case 'n': {
        run.output += `${run.space}\n`
        const next = position.last ? undefined : position.next()
        if (next === undefined) {
          run.deleted = true
          return false
        }
        run.space = next
        break
      }
      case 'b':
      case 't': {
        if (step.letter === 't' && !run.substituted) break
        run.substituted = false
        const label = steps.findIndex(other => other.letter === ':' && other.text === step.text)
        if (step.text === '' || label === -1) return false
        index = label
      }
    }
  }
  return true
}

function applies(step: Step, run: Run, position: Position): boolean {
  const { from, to } = step
  let inside = from === undefined
  if (from && !to) inside = at(from, run, position)
  else if (from && to) {
    if (step.active) {
      inside = true
      if ('line' in to ? position.number >= to.line : at(to, run, position)) step.active = false
    } else if (at(from, run, position)) {
      inside = true
      step.active = !('line' in to && to.line <= position.number)
    }
  }
  return inside !== step.negated
}

function at(address: Address, run: Run, position: Position): boolean {
  if ('line' in address) return position.number === address.line
  return 'last' in address ? position.last : address.test.test(run.space)
}

function substitute(step: Step, run: Run): void {
  const zero = step.text.indexOf('\0')
  const flags = step.text.slice(0, zero)
  const replacement = step.text.slice(zero + 1)
  const nth = Number(/\d+/.exec(flags)?.[0] ?? 1)
  const all = flags.includes('g')
  let count = 0
  let changed = false
  run.space = run.space.replace(
    new RegExp(step.test?.source ?? '', `${step.test?.flags ?? ''}g`),
    (match, ...rest) => {
      count += 1
      if (count < nth || (!all && count > nth)) return match
      changed = true
      const groups = rest.slice(
        0,
        rest.findIndex(item => typeof item === 'number'),
      ) as (string | undefined)[]
      return replacement.replace(/\\([0-9nt&\\]|[\s\S])|&/g, (found, escaped: string | undefined) => {
        if (found === '&') return match
        if (escaped === 'n') return '\n'
        if (escaped === 't') return '\t'
        if (escaped !== undefined && /\d/.test(escaped))
          return escaped === '0' ? match : (groups[Number(escaped) - 1] ?? '')
        return escaped ?? ''
      })
    },
  )
  if (!changed) return
  run.substituted = true
  if (flags.includes('p')) run.output += `${run.space}\n`
}
