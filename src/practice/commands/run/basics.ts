/** true, false, echo, printf, test, sleep, kill, pwd, seq of arguments: what shells have built in as well. */

import type { Call } from '../../system/call.ts'
import { allows } from '../../system/file-system.ts'
import { sizeOf } from '../../system/nodes.ts'
import { signalOf } from '../../system/signals.ts'

export const yes = (): number => 0
export const no = (): number => 1

/** dash's echo, which reads backslashes. */
export function echo(call: Call): number {
  const words = [...call.words]
  let newline = true
  while (words[0] === '-n' || words[0] === '-e' || words[0] === '-ne') {
    if (words[0] !== '-e') newline = false
    words.shift()
  }
  const text = words.join(' ')
  const cut = text.indexOf('\\c')
  call.out(unescaped(cut === -1 ? text : text.slice(0, cut)) + (newline && cut === -1 ? '\n' : ''))
  return 0
}

function unescaped(text: string): string {
  return text.replace(/\\(0[0-7]{0,3}|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[abefnrtv\\"'])/g, (_, code: string) => {
    if (code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 255)
    return (
      (
        { a: '\x07', b: '\b', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' } as Record<
          string,
          string
        >
      )[code] ?? code
    )
  })
}

export function printf(call: Call): number {
  const [format = '', ...values] = call.words[0] === '--' ? call.words.slice(1) : call.words
  let status = 0
  let index = 0
  do {
    const start = index
    let done = false
    const text = format.replace(
      /%%|%([-+ 0#]*)(\d+|\*)?(?:\.(\d+|\*))?([a-zA-Z])|\\(?:0?[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[\s\S])|[^%\\]+/g,
      (
        found: string,
        flags: string | undefined,
        width: string | undefined,
        precision: string | undefined,
        letter: string | undefined,
      ) => {
        if (done) return ''
        if (found === '%%') return '%'
        if (letter === undefined) {
          if (found === '\\c') {
            done = true
            return ''
          }
          return found.startsWith('\\') ? unescaped(found) : found
        }
        const size = width === '*' ? Number(values[index++] ?? 0) : Number(width ?? 0)
        const digits =
          precision === '*'
            ? Number(values[index++] ?? 0)
            : precision === undefined
              ? undefined
              : Number(precision)
        const value = values[index++] ?? ''
        const shown = formatted(letter, value, digits, flags ?? '', () => {
          status = 1
        })
        if (flags?.includes('-')) return shown.padEnd(size)
        return shown.padStart(size, flags?.includes('0') && letter !== 's' ? '0' : ' ')
      },
    )
    call.out(text)
    if (index === start) break
  } while (index < values.length)
  return status
}

function formatted(
  letter: string,
  value: string,
  digits: number | undefined,
  flags: string,
  wrong: () => void,
): string {
  switch (letter) {
    case 's':
      return digits === undefined ? value : value.slice(0, digits)
    case 'b':
      return unescaped(value)
    case 'c':
      return value.slice(0, 1)
    case 'q':
      return /^[\w./:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
  }
  const number = /^["']/.test(value) ? value.charCodeAt(1) : value === '' ? 0 : Number(value)
  if (Number.isNaN(number)) wrong()
  const safe = Number.isNaN(number) ? Number.parseInt(value, 10) || 0 : number
  switch (letter) {
    case 'd':
    case 'i':
    case 'u':
      return `${flags.includes('+') && safe >= 0 ? '+' : ''}${Math.trunc(safe)}`
    case 'x':
      return Math.trunc(safe).toString(16)
    case 'X':
      return Math.trunc(safe).toString(16).toUpperCase()
    case 'o':
      return Math.trunc(safe).toString(8)
    default:
      return safe.toFixed(digits ?? 6)
  }
}

export function test(call: Call): number {
  let words = [...call.words]
  if (call.name === '[') {
    if (words.at(-1) !== ']') return call.fail('missing ]', 2)
    words = words.slice(0, -1)
  }
  try {
    return new Condition(call, words).holds() ? 0 : 1
  } catch (error) {
    if (error instanceof RangeError) return call.fail(error.message, 2)
    throw error
  }
}

class Condition {
  readonly #call: Call
  readonly #words: readonly string[]
  #at = 0

  constructor(call: Call, words: readonly string[]) {
    this.#call = call
    this.#words = words
  }

  holds(): boolean {
    if (this.#words.length === 0) return false
    const value = this.#or()
    if (this.#at < this.#words.length) throw new RangeError(`${this.#words[this.#at]}: unexpected operator`)
    return value
  }

  #or(): boolean {
    let value = this.#and()
    while (this.#words[this.#at] === '-o') {
      this.#at++
      const right = this.#and()
      value ||= right
    }
    return value
  }

  #and(): boolean {
    let value = this.#not()
    while (this.#words[this.#at] === '-a') {
      this.#at++
      const right = this.#not()
      value &&= right
    }
    return value
  }

  #not(): boolean {
    if (this.#words[this.#at] === '!' && this.#at + 1 < this.#words.length && !this.#isBinary(this.#at + 1)) {
      this.#at++
      return !this.#not()
    }
    return this.#primary()
  }

  #isBinary(index: number): boolean {
    return BINARY.has(this.#words[index] ?? '') && index + 1 < this.#words.length
  }

  #primary(): boolean {
    const words = this.#words
    const first = words[this.#at] ?? ''
    if (this.#isBinary(this.#at + 1)) {
      const [left = '', operator = '', right = ''] = words.slice(this.#at, this.#at + 3)
      this.#at += 3
      return this.#compare(left, operator, right)
    }
    if (first === '(') {
      this.#at++
      const value = this.#or()
      if (words[this.#at] !== ')') throw new RangeError('closing paren expected')
      this.#at++
      return value
    }
    if (/^-[a-zA-Z]$/.test(first) && this.#at + 1 < words.length) {
      const operand = words[this.#at + 1] ?? ''
      this.#at += 2
      return this.#unary(first, operand)
    }
    this.#at++
    return first !== ''
  }

  #unary(operator: string, operand: string): boolean {
    if (operator === '-n') return operand !== ''
    if (operator === '-z') return operand === ''
    if (operator === '-t') return false
    const { process } = this.#call
    const isLink = operator === '-L' || operator === '-h'
    const inherited = /^\/dev\/(?:fd\/(\d+)|stdin)$/.exec(operand)
    const node = inherited
      ? process.descriptors.get(Number(inherited[1] ?? 0))?.node
      : operand === ''
        ? undefined
        : process.maybe(operand, !isLink)
    if (!node) return false
    switch (operator) {
      case '-e':
        return true
      case '-f':
        return node.kind === 'file' || node.kind === 'generated'
      case '-d':
        return node.kind === 'directory'
      case '-L':
      case '-h':
        return node.kind === 'link'
      case '-p':
        return node.kind === 'fifo'
      case '-c':
        return node.kind === 'device'
      case '-b':
        return false
      case '-S':
        return (node.mode & 0o10000000) !== 0
      case '-s':
        return sizeOf(node) > 0
      case '-r':
        return allows(node, process.credentials, 4)
      case '-w':
        return allows(node, process.credentials, 2)
      case '-x':
        return allows(node, process.credentials, 1)
      case '-O':
        return node.uid === process.credentials.uid
      case '-G':
        return node.gid === process.credentials.gid
      case '-u':
        return (node.mode & 0o4000) !== 0
      case '-g':
        return (node.mode & 0o2000) !== 0
      case '-k':
        return (node.mode & 0o1000) !== 0
    }
    throw new RangeError(`${operator}: unexpected operator`)
  }

  #compare(left: string, operator: string, right: string): boolean {
    const { process } = this.#call
    switch (operator) {
      case '=':
      case '==':
        return left === right
      case '!=':
        return left !== right
      case '<':
        return left < right
      case '>':
        return left > right
      case '-nt':
      case '-ot': {
        const [a, b] = [process.maybe(left)?.modified ?? -1, process.maybe(right)?.modified ?? -1]
        return operator === '-nt' ? a > b : a < b
      }
      case '-ef':
        return process.maybe(left) !== undefined && process.maybe(left) === process.maybe(right)
    }
    const [a, b] = [left, right].map(value => {
      if (!/^\s*[-+]?\d+\s*$/.test(value)) throw new RangeError(`Illegal number: ${value}`)
      return Number(value)
    }) as [number, number]
    switch (operator) {
      case '-eq':
        return a === b
      case '-ne':
        return a !== b
      case '-lt':
        return a < b
      case '-le':
        return a <= b
      case '-gt':
        return a > b
      default:
        return a >= b
    }
  }
}

const BINARY = new Set([
  '=',
  '==',
  '!=',
  '<',
  '>',
  '-nt',
  '-ot',
  '-ef',
  '-eq',
  '-ne',
  '-lt',
  '-le',
  '-gt',
  '-ge',
])

export async function sleep(call: Call): Promise<number> {
  const [text = ''] = call.words
  const match = /^(\d*\.?\d+)([smhd]?)$/.exec(text)
  if (!match) return call.fail(`invalid time interval '${text}'`)
  const unit = { '': 1, s: 1, m: 60, h: 3600, d: 86400 }[match[2] ?? ''] ?? 1
  await call.process.sleep(Number(match[1]) * unit * 1000)
  return 0
}

export function pwd(call: Call): number {
  call.out(`${call.process.cwd}\n`)
  return 0
}

export function kill(call: Call): number {
  const words = [...call.words]
  let signal = signalOf('TERM')
  if (words[0] === '-l') {
    call.out('HUP INT QUIT KILL USR1 USR2 PIPE ALRM TERM CHLD CONT STOP\n')
    return 0
  }
  if (words[0] === '-s' || words[0] === '-n') {
    signal = signalOf(words[1] ?? '')
    words.splice(0, 2)
  } else if (/^-[A-Za-z0-9]+$/.test(words[0] ?? '') && words.length > 1)
    signal = signalOf((words.shift() ?? '').slice(1))
  if (words[0] === '--') words.shift()
  if (!signal) return call.fail('unknown signal')
  let status = 0
  for (const word of words) {
    const target = Number(word)
    const victim = target > 0 ? call.machine.processes.get(target) : undefined
    const { uid } = call.process.credentials
    if (victim && uid !== 0 && victim.credentials.uid !== uid) {
      call.err(`${call.name}: ${word}: Operation not permitted\n`)
      status = 1
    } else if (signal === 'EXIT') {
      const alive =
        target > 0
          ? victim !== undefined
          : [...call.machine.processes.values()].some(({ group }) => group === -target)
      if (!alive) {
        call.err(`${call.name}: No such process\n`)
        status = 1
      }
    } else if (call.machine.signal(target, signal) === 0) {
      call.err(`${call.name}: No such process\n`)
      status = 1
    }
  }
  return status
}
