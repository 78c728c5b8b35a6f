/** The commands that a shell runs itself (Shell & Utilities §2.14, and dash(1)). */

import { numberOf, signalOf } from '../system/signals.ts'
import { SystemError } from '../system/system-error.ts'
import { Break, Continue, Exit, Return } from './control.ts'
import type { Interpreter } from './interpreter.ts'

type Builtin = (shell: Interpreter, words: readonly string[]) => Promise<number> | number

/** Those whose mistakes end the shell. */
export const SPECIAL = new Set([
  ':',
  '.',
  'break',
  'continue',
  'eval',
  'exec',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'trap',
  'unset',
])

/** Programs that every shell also has built in. */
const AS_PROGRAMS = ['[', 'echo', 'false', 'kill', 'printf', 'pwd', 'test', 'true'] as const

const numberIn = (words: readonly string[], otherwise: number): number =>
  words[1] === undefined ? otherwise : Number.parseInt(words[1], 10)

async function cd(shell: Interpreter, words: readonly string[]): Promise<number> {
  const [path = shell.state.get('HOME') ?? ''] = words.slice(1).filter(word => word !== '--' && word !== '-P')
  const { process } = shell
  try {
    const found = process.find(path === '-' ? (shell.state.get('OLDPWD') ?? '') : path)
    if (found.node?.kind !== 'directory') throw new SystemError(found.node ? 'ENOTDIR' : 'ENOENT')
    shell.state.set('OLDPWD', process.cwd)
    process.cwd = found.path
    shell.state.set('PWD', found.path)
    return 0
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    await shell.complain(`cd: can't cd to ${path}`)
    return 2
  }
}

async function dot(shell: Interpreter, words: readonly string[]): Promise<number> {
  const [, path = ''] = words
  try {
    const text = shell.process.files
      .read(path, shell.process.credentials, shell.process.cwd)
      .toString('latin1')
    return await shell.evaluate(text)
  } catch (error) {
    if (error instanceof Return) return error.status
    if (!(error instanceof SystemError)) throw error
    await shell.complain(`.: cannot open ${path}: No such file`)
    throw new Exit(2)
  }
}

async function exec(shell: Interpreter, words: readonly string[]): Promise<number> {
  if (words.length === 1) return 0
  const { process } = shell
  process.environment = shell.state.exported()
  for (const [signal, action] of shell.state.traps)
    if (action !== '' && signal !== 'EXIT') process.handlers.delete(signal)
  throw new Exit(
    await process.machine.execute(process, words.slice(1), `${shell.state.name}: 1: exec: `),
    true,
  )
}

function exportNames(shell: Interpreter, words: readonly string[]): number {
  for (const word of words.slice(1)) {
    const at = word.indexOf('=')
    const name = at === -1 ? word : word.slice(0, at)
    if (at !== -1) shell.state.set(name, word.slice(at + 1))
    shell.state.export(name)
  }
  return 0
}

function readonlyNames(shell: Interpreter, words: readonly string[]): number {
  for (const word of words.slice(1)) {
    const at = word.indexOf('=')
    const name = at === -1 ? word : word.slice(0, at)
    if (at !== -1) shell.state.set(name, word.slice(at + 1))
    const variable = shell.state.variables.get(name)
    if (variable) variable.readonly = true
  }
  return 0
}

function local(shell: Interpreter, words: readonly string[]): number {
  for (const word of words.slice(1)) {
    const at = word.indexOf('=')
    shell.state.local(at === -1 ? word : word.slice(0, at))
    if (at !== -1) shell.state.set(word.slice(0, at), word.slice(at + 1))
  }
  return 0
}

function set(shell: Interpreter, words: readonly string[]): number {
  const { state } = shell
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--') {
      state.positional = words.slice(index + 1)
      return 0
    }
    if (!/^[-+]./.test(word)) {
      state.positional = words.slice(index)
      return 0
    }
    const names =
      word.slice(1) === 'o' ? [LONG_OPTIONS[words[++index] ?? ''] ?? words[index] ?? ''] : [...word.slice(1)]
    for (const [position, name] of names.entries()) {
      const option =
        name === 'o' && position > 0 ? (LONG_OPTIONS[words[++index] ?? ''] ?? words[index] ?? '') : name
      if (word.startsWith('-')) state.options.add(option)
      else state.options.delete(option)
    }
  }
  return 0
}

const LONG_OPTIONS: Readonly<Record<string, string>> = {
  errexit: 'e',
  nounset: 'u',
  noglob: 'f',
  xtrace: 'x',
  allexport: 'a',
}

async function shift(shell: Interpreter, words: readonly string[]): Promise<number> {
  const count = numberIn(words, 1)
  if (count > shell.state.positional.length) {
    await shell.complain("shift: can't shift that many")
    throw new Exit(2)
  }
  shell.state.positional = shell.state.positional.slice(count)
  return 0
}

function trap(shell: Interpreter, words: readonly string[]): number {
  const [first, ...rest] = words.slice(1).filter((word, index) => index > 0 || word !== '--')
  if (first === undefined) return 0
  const resets = first === '-' || (rest.length === 0 && signalOf(first) !== undefined)
  for (const name of rest.length === 0 ? [first] : rest) {
    const signal = signalOf(name)
    if (signal) shell.setTrap(signal, resets ? undefined : first)
  }
  return 0
}

function unset(shell: Interpreter, words: readonly string[]): number {
  const functions = words[1] === '-f'
  for (const name of words.slice(1).filter(word => !word.startsWith('-'))) {
    if (functions) shell.state.functions.delete(name)
    else shell.state.variables.delete(name)
  }
  return 0
}

async function wait(shell: Interpreter, words: readonly string[]): Promise<number> {
  const { jobs } = shell.state
  const wanted = words.length > 1 ? words.slice(1).map(Number) : [...jobs.keys()]
  let status = 0
  for (const pid of wanted) {
    const child = jobs.get(pid)
    if (!child) {
      status = 127
      continue
    }
    const ended = await shell.waitFor(child)
    if (typeof ended === 'string') return 128 + numberOf(ended)
    jobs.delete(pid)
    status = ended
  }
  return words.length > 1 ? status : 0
}

async function read(shell: Interpreter, words: readonly string[]): Promise<number> {
  const raw = words.includes('-r')
  const names = words.slice(1).filter(word => word !== '-r')
  let line = ''
  let ended = true
  const file = shell.process.descriptors.get(0)
  while (file) {
    const byte = (await file.read(1, shell.process.wait)).toString('latin1')
    if (byte === '') break
    if (byte === '\n' && !(!raw && line.endsWith('\\'))) {
      ended = false
      break
    }
    line = byte === '\n' ? line.slice(0, -1) : line + byte
  }
  if (!raw) line = line.replace(/\\(.)/g, '$1')
  assignFields(shell, line, names.length > 0 ? names : ['REPLY'])
  return ended ? 1 : 0
}

function assignFields(shell: Interpreter, line: string, names: readonly string[]): void {
  const separators = shell.state.get('IFS') ?? ' \t\n'
  const blanks = [...separators].filter(character => ' \t\n'.includes(character)).join('')
  const isBlank = (character: string): boolean => character !== '' && blanks.includes(character)
  let rest = line
  const trimStart = (): void => {
    while (isBlank(rest.charAt(0))) rest = rest.slice(1)
  }
  trimStart()
  names.forEach((name, index) => {
    if (index === names.length - 1) {
      while (isBlank(rest.charAt(rest.length - 1))) rest = rest.slice(0, -1)
      shell.state.set(name, rest)
      return
    }
    let end = 0
    while (end < rest.length && !separators.includes(rest.charAt(end))) end++
    shell.state.set(name, rest.slice(0, end))
    rest = rest.slice(end)
    trimStart()
    if (rest !== '' && separators.includes(rest.charAt(0)) && !isBlank(rest.charAt(0))) {
      rest = rest.slice(1)
      trimStart()
    }
  })
}

async function umask(shell: Interpreter, words: readonly string[]): Promise<number> {
  if (words[1] === undefined) {
    await print(shell, `${shell.process.umask.toString(8).padStart(4, '0')}\n`)
    return 0
  }
  shell.process.umask = Number.parseInt(words[1], 8) & 0o777
  return 0
}

async function print(shell: Interpreter, text: string): Promise<void> {
  await shell.process.descriptors.get(1)?.write(Buffer.from(text, 'latin1'), shell.process.wait)
}

async function command(shell: Interpreter, words: readonly string[]): Promise<number> {
  if (words[1] !== '-v' && words[1] !== '-V')
    return runPlain(
      shell,
      words.slice(1).filter((word, index) => index > 0 || (word !== '-p' && word !== '--')),
    )
  let status = 0
  for (const name of words.slice(2)) {
    const known = BUILTINS.has(name) || shell.state.functions.has(name)
    const path = shell.state.get('PATH') ?? shell.process.environment.get('PATH') ?? ''
    const located = known ? name : shell.process.machine.locate(shell.process, name, path)?.path
    if (located === undefined) {
      shell.process.machine.asked(name)
      status = 127
    } else await print(shell, `${located}\n`)
  }
  return status
}

async function runPlain(shell: Interpreter, words: readonly string[]): Promise<number> {
  const [name = ''] = words
  if (name === '') return 0
  const builtin = BUILTINS.get(name)
  if (builtin) return builtin(shell, words)
  const { machine } = shell.process
  const child = machine.spawn(shell.process, { command: words, environment: shell.state.exported() })
  machine.start(child, () => machine.execute(child, words, `${shell.state.name}: 1: `))
  return shell.process.wait(child.exited)
}

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  [':', () => 0],
  ['.', dot],
  ['source', dot],
  [
    'break',
    (_, words) => {
      throw new Break(numberIn(words, 1))
    },
  ],
  [
    'continue',
    (_, words) => {
      throw new Continue(numberIn(words, 1))
    },
  ],
  ['cd', cd],
  ['command', command],
  ['eval', (shell, words) => shell.evaluate(words.slice(1).join(' '))],
  ['exec', exec],
  [
    'exit',
    (shell, words) => {
      throw new Exit(numberIn(words, shell.state.lastStatus) & 255)
    },
  ],
  ['export', exportNames],
  ['hash', () => 0],
  ['local', local],
  ['read', read],
  ['readonly', readonlyNames],
  [
    'return',
    (shell, words) => {
      throw new Return(numberIn(words, shell.state.lastStatus) & 255)
    },
  ],
  ['set', set],
  ['shift', shift],
  ['trap', trap],
  ['type', (shell, words) => command(shell, ['command', '-v', ...words.slice(1)])],
  ['ulimit', () => 0],
  ['umask', umask],
  ['unset', unset],
  ['wait', wait],
  ...AS_PROGRAMS.map((name): [string, Builtin] => [
    name,
    (shell, words) => {
      // What these read of the environment (PWD) is the shell's own.
      shell.process.environment = shell.state.exported()
      return shell.process.machine.run(shell.process, name, words)
    },
  ]),
])
