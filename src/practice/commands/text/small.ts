/** Small filters: each reads text and writes text. */

import type { Call } from '../../system/call.ts'
import { linesOf } from './regular-expression.ts'

export async function cat(call: Call): Promise<number> {
  const { operands } = call.options()
  let status = 0
  for (const path of operands.length > 0 ? operands : ['-']) {
    if (path === '-') {
      // Passed on as it comes: a pipe may stay open for long.
      const file = call.process.descriptors.get(0)
      for (;;) {
        const chunk = file ? await file.read(65_536, call.process.wait) : Buffer.alloc(0)
        if (chunk.length === 0) break
        await call.write(1, chunk)
      }
    } else {
      const { texts, failed } = await call.texts([path])
      await call.flush()
      for (const { text } of texts) await call.write(1, Buffer.from(text, 'latin1'))
      if (failed) status = 1
    }
  }
  return status
}

export async function head(call: Call): Promise<number> {
  const words = call.words.map(word => word.replace(/^-(\d+)$/, '-n$1'))
  const options = call.options('nc', ['lines', 'bytes'], words)
  const bytes = options.value('c', 'bytes')
  // A device has no end: of it no more is read than is wanted.
  if (bytes !== undefined && options.operands.length === 1)
    return firstBytes(call, options.operands[0] ?? '-', Number(bytes))
  const { texts, failed } = await call.texts(options.operands)
  for (const { path, text } of texts) {
    if (texts.length > 1 && !options.has('q')) call.out(`==> ${path} <==\n`)
    if (bytes !== undefined) call.out(text.slice(0, Number(bytes)))
    else {
      const count = Number(options.value('n', 'lines') ?? 10)
      const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
      call.out(lines.slice(0, count).join(''))
    }
  }
  return failed ? 1 : 0
}

async function firstBytes(call: Call, path: string, count: number): Promise<number> {
  const file = (await call.process.openFile(path === '-' ? '/dev/stdin' : path, 'read')).retain()
  try {
    for (let left = count; left > 0; ) {
      const chunk = await file.read(Math.min(left, 65_536), call.process.wait)
      if (chunk.length === 0) break
      await call.write(1, chunk)
      left -= chunk.length
    }
    return 0
  } finally {
    file.release()
  }
}

export async function tail(call: Call): Promise<number> {
  const words = call.words.map(word => word.replace(/^-(\d+)$/, '-n$1'))
  const options = call.options('nc', ['lines', 'bytes'], words)
  const bytes = options.value('c', 'bytes')
  const { texts, failed } = await call.texts(options.operands)
  for (const { text } of texts) {
    if (bytes !== undefined)
      call.out(
        bytes.startsWith('+')
          ? text.slice(Number(bytes) - 1)
          : text.slice(Math.max(0, text.length - Number(bytes))),
      )
    else {
      const count = options.value('n', 'lines') ?? '10'
      const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
      call.out(
        (count.startsWith('+')
          ? lines.slice(Number(count) - 1)
          : Number(count) === 0
            ? []
            : lines.slice(-Math.abs(Number(count)))
        ).join(''),
      )
    }
  }
  return failed ? 1 : 0
}

export async function wc(call: Call): Promise<number> {
  const options = call.options()
  const { texts, failed } = await call.texts(options.operands)
  const all = !options.has('l', 'w', 'c', 'm', 'lines', 'words', 'bytes')
  for (const { path, text } of texts) {
    const counts: number[] = []
    if (all || options.has('l', 'lines')) counts.push(text.split('\n').length - 1)
    if (all || options.has('w', 'words')) counts.push(text.split(/\s+/).filter(Boolean).length)
    if (all || options.has('c', 'm', 'bytes')) counts.push(text.length)
    const padded = counts.length === 1 ? counts.map(String) : counts.map(count => String(count).padStart(7))
    call.out(`${padded.join(' ')}${path === '-' ? '' : ` ${path}`}\n`)
  }
  return failed ? 1 : 0
}

export async function cut(call: Call): Promise<number> {
  const options = call.options('dfcb', ['delimiter', 'fields', 'characters', 'bytes', 'output-delimiter'])
  const delimiter = options.value('d', 'delimiter') ?? '\t'
  const fields = options.value('f', 'fields')
  const ranges = (fields ?? options.value('c', 'b', 'characters', 'bytes') ?? '').split(',').map(part => {
    const [from = '', to = from] = part.includes('-') ? part.split('-') : [part]
    return [Number(from || 1), to === '' ? Number.POSITIVE_INFINITY : Number(to)] as const
  })
  const wanted = (number: number): boolean => ranges.some(([from, to]) => number >= from && number <= to)
  const { texts, failed } = await call.texts(options.operands)
  for (const { text } of texts)
    for (const line of linesOf(text)) {
      if (fields === undefined) call.out(`${[...line].filter((_, index) => wanted(index + 1)).join('')}\n`)
      else if (!line.includes(delimiter)) {
        if (!options.has('s', 'only-delimited')) call.out(`${line}\n`)
      } else {
        const parts = line.split(delimiter).filter((_, index) => wanted(index + 1))
        call.out(`${parts.join(options.value('output-delimiter') ?? delimiter)}\n`)
      }
    }
  return failed ? 1 : 0
}

export async function tr(call: Call): Promise<number> {
  const options = call.options()
  const [first = '', second = ''] = options.operands.map(characterSet)
  const complement = options.has('c', 'C', 'complement')
  const text = await call.input()
  const inFirst = (character: string): boolean => first.includes(character) !== complement
  let result = ''
  const squeezed = options.has('s') ? (options.operands.length > 1 ? second : first) : ''
  for (const character of text) {
    if (options.has('d', 'delete')) {
      if (inFirst(character)) continue
      result += character
      continue
    }
    const mapped =
      options.operands.length > 1 && inFirst(character)
        ? complement
          ? second.slice(-1)
          : second.charAt(Math.min(first.indexOf(character), second.length - 1))
        : character
    if (squeezed.includes(mapped) && result.endsWith(mapped) && squeezed !== '') continue
    result += mapped
  }
  call.out(result)
  return 0
}

const CLASSES: Readonly<Record<string, string>> = {
  '[:space:]': ' \t\n\v\f\r',
  '[:blank:]': ' \t',
  '[:digit:]': '0123456789',
  '[:upper:]': 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  '[:lower:]': 'abcdefghijklmnopqrstuvwxyz',
  '[:alnum:]': '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  '[:alpha:]': 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  '[:cntrl:]': Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join(''),
}

function characterSet(text: string): string {
  let expanded = text
  for (const [name, characters] of Object.entries(CLASSES))
    expanded = expanded.replaceAll(name, () => characters)
  expanded = expanded.replace(/\\([0-7]{1,3}|[\s\S])/g, (_, code: string) => {
    if (/^[0-7]+$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8))
    return { n: '\n', t: '\t', r: '\r', '\\': '\\' }[code] ?? code
  })
  return expanded.replace(/([\s\S])-([\s\S])/g, (_, from: string, to: string) =>
    Array.from({ length: Math.max(0, to.charCodeAt(0) - from.charCodeAt(0) + 1) }, (_unused, offset) =>
      String.fromCharCode(from.charCodeAt(0) + offset),
    ).join(''),
  )
}

export async function sort(call: Call): Promise<number> {
  const options = call.options('kto', ['key', 'field-separator', 'output'])
  const { texts, failed } = await call.texts(options.operands)
  const separator = options.value('t', 'field-separator')
  const keys = options.values('k', 'key')
  const numeric = options.has('n', 'numeric-sort')
  const human = options.has('h', 'human-numeric-sort')
  const version = options.has('V', 'version-sort')
  const keyOf = (line: string, key: string): string => {
    const [, from = '1', to] = /^(\d+)(?:[.\d]*)[a-zA-Z]*(?:,(\d+))?/.exec(key) ?? []
    const fields = separator === undefined ? line.trim().split(/\s+/) : line.split(separator)
    return fields.slice(Number(from) - 1, to === undefined ? undefined : Number(to)).join(separator ?? ' ')
  }
  const compareBy = (a: string, b: string, kind: string): number => {
    if (kind.includes('n')) return (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0)
    if (kind.includes('h')) return humanSize(a) - humanSize(b)
    if (kind.includes('V')) return a.localeCompare(b, 'en', { numeric: true })
    return a < b ? -1 : a > b ? 1 : 0
  }
  const general = `${numeric ? 'n' : ''}${human ? 'h' : ''}${version ? 'V' : ''}`
  const lines = texts.flatMap(({ text }) => linesOf(text))
  lines.sort((a, b) => {
    for (const key of keys) {
      const flags = /[a-zA-Z]+/.exec(key)?.[0] ?? ''
      const order = compareBy(keyOf(a, key), keyOf(b, key), flags.replace('r', '') || general)
      if (order !== 0) return flags.includes('r') !== options.has('r', 'reverse') ? -order : order
    }
    const order = keys.length > 0 ? compareBy(a, b, '') : compareBy(a, b, general) || compareBy(a, b, '')
    return options.has('r', 'reverse') ? -order : order
  })
  const result = options.has('u', 'unique') ? lines.filter((line, index) => line !== lines[index - 1]) : lines
  const text = result.map(line => `${line}\n`).join('')
  const output = options.value('o', 'output')
  if (output === undefined) call.out(text)
  else {
    const file = (await call.process.openFile(output, 'write')).retain()
    await file.write(Buffer.from(text, 'latin1'), call.process.wait)
    file.release()
  }
  return failed ? 2 : 0
}

const humanSize = (text: string): number =>
  (Number.parseFloat(text) || 0) * 1024 ** ' KMGTP'.indexOf(/[KMGTP]/.exec(text)?.[0] ?? ' ')

export async function uniq(call: Call): Promise<number> {
  const options = call.options()
  const { texts } = await call.texts(options.operands.slice(0, 1))
  const groups: { line: string; count: number }[] = []
  for (const line of texts.flatMap(({ text }) => linesOf(text))) {
    const last = groups.at(-1)
    if (last?.line === line) last.count += 1
    else groups.push({ line, count: 1 })
  }
  for (const { line, count } of groups) {
    if (options.has('d') && count < 2) continue
    if (options.has('u') && count > 1) continue
    call.out(options.has('c') ? `${String(count).padStart(7)} ${line}\n` : `${line}\n`)
  }
  return 0
}

export async function paste(call: Call): Promise<number> {
  const options = call.options('d', ['delimiters'])
  const delimiter = (options.value('d', 'delimiters') ?? '\t').replace('\\n', '\n').replace('\\t', '\t')
  const { texts } = await call.texts(options.operands)
  const columns = texts.map(({ text }) => linesOf(text))
  if (options.has('s', 'serial')) for (const lines of columns) call.out(`${lines.join(delimiter)}\n`)
  else
    for (let row = 0; row < Math.max(0, ...columns.map(lines => lines.length)); row++)
      call.out(`${columns.map(lines => lines[row] ?? '').join(delimiter)}\n`)
  return 0
}

export async function tac(call: Call): Promise<number> {
  const { texts } = await call.texts(call.options().operands)
  for (const { text } of texts)
    call.out(
      linesOf(text)
        .reverse()
        .map(line => `${line}\n`)
        .join(''),
    )
  return 0
}

export async function rev(call: Call): Promise<number> {
  const { texts } = await call.texts(call.options().operands)
  for (const { text } of texts)
    call.out(
      linesOf(text)
        .map(line => `${[...line].reverse().join('')}\n`)
        .join(''),
    )
  return 0
}

export function seq(call: Call): number {
  const numbers = call.options('s').operands.map(Number)
  const [first, step, last] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers
  if (first === undefined || step === undefined || last === undefined) return call.fail('missing operand')
  for (let number = first; step > 0 ? number <= last : number >= last; number += step) call.out(`${number}\n`)
  return 0
}

export async function tee(call: Call): Promise<number> {
  const options = call.options()
  const text = await call.input()
  call.out(text)
  for (const path of options.operands) {
    const file = (await call.process.openFile(path, options.has('a') ? 'append' : 'write')).retain()
    await file.write(Buffer.from(text, 'latin1'), call.process.wait)
    file.release()
  }
  return 0
}

export async function compareFiles(call: Call): Promise<number> {
  const options = call.options()
  const [one = '', other = ''] = options.operands
  const { texts, failed } = await call.texts([one, other])
  if (failed) return 2
  const [a, b] = texts.map(({ text }) => text)
  if (a === b) return 0
  if (options.has('s', 'q') && call.name === 'cmp') return 1
  if (call.name === 'cmp') call.out(`${one} ${other} differ: char 1, line 1\n`)
  else if (options.has('q')) call.out(`Files ${one} and ${other} differ\n`)
  else {
    const [left, right] = [linesOf(a ?? ''), linesOf(b ?? '')]
    for (const line of left.filter(item => !right.includes(item)))
      call.out(`${options.has('u') ? '-' : '< '}${line}\n`)
    for (const line of right.filter(item => !left.includes(item)))
      call.out(`${options.has('u') ? '+' : '> '}${line}\n`)
  }
  return 1
}

export async function comm(call: Call): Promise<number> {
  const options = call.options()
  const { texts } = await call.texts(options.operands)
  const [one = [], other = []] = texts.map(({ text }) => linesOf(text))
  for (const line of [...new Set([...one, ...other])].sort()) {
    const column = one.includes(line) ? (other.includes(line) ? 3 : 1) : 2
    if (options.has(String(column))) continue
    const before = [1, 2].filter(number => number < column && !options.has(String(number))).length
    call.out(`${'\t'.repeat(before)}${line}\n`)
  }
  return 0
}
