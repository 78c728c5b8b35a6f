/** grep(1). */

import type { Call } from '../../system/call.ts'
import { SystemError } from '../../system/system-error.ts'
import { linesOf, regularExpression } from './regular-expression.ts'

export async function grep(call: Call): Promise<number> {
  const options = call.options('efmABC', ['regexp', 'file', 'max-count', 'include', 'color'])
  const operands = [...options.operands]
  const patterns = [...options.values('e', 'regexp')]
  for (const path of options.values('f', 'file')) patterns.push(...linesOf(await call.text(path)))
  if (patterns.length === 0) patterns.push(...(operands.shift() ?? '').split('\n'))
  const tests = patterns.map(pattern => expression(call, options, pattern))
  const recursive = options.has('r', 'R', 'recursive')
  const paths = recursive ? operands.flatMap(path => filesBelow(call, path)) : operands
  const quiet = options.has('q', 'quiet', 'silent')
  const named =
    !options.has('h', 'no-filename') && (options.has('H', 'with-filename') || paths.length > 1 || recursive)
  const { texts, failed } = await call.texts(paths, options.has('s', 'no-messages'))
  const most = Number(options.value('m', 'max-count') ?? Number.POSITIVE_INFINITY)
  const after = Number(options.value('A', 'C') ?? 0)
  const before = Number(options.value('B', 'C') ?? 0)
  let found = false
  for (const { path, text } of texts) {
    const prefix = named ? `${path === '-' ? '(standard input)' : path}:` : ''
    const lines = linesOf(text)
    const hits: number[] = []
    for (const [index, line] of lines.entries()) {
      if (hits.length >= most) break
      if (tests.some(test => test.test(line)) !== options.has('v', 'invert-match')) hits.push(index)
    }
    if (hits.length > 0) found = true
    if (quiet) continue
    if (options.has('l', 'files-with-matches')) {
      if (hits.length > 0) call.out(`${path}\n`)
    } else if (options.has('L')) {
      if (hits.length === 0) call.out(`${path}\n`)
    } else if (options.has('c', 'count')) call.out(`${prefix}${hits.length}\n`)
    else if (options.has('o', 'only-matching')) {
      for (const index of hits)
        for (const test of tests)
          for (const [match] of (lines[index] ?? '').matchAll(new RegExp(test.source, `${test.flags}g`)))
            if (match !== '') call.out(`${prefix}${match}\n`)
    } else {
      const shown = new Set(hits.flatMap(index => range(index - before, index + after)))
      for (const index of [...shown].sort((a, b) => a - b)) {
        const line = lines[index]
        if (line === undefined) continue
        const number = options.has('n', 'line-number')
          ? `${index + 1}${hits.includes(index) ? ':' : '-'}`
          : ''
        call.out(`${prefix}${number}${line}\n`)
      }
    }
  }
  if (found && quiet) return 0
  return failed ? 2 : found ? 0 : 1
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, offset) => from + offset).filter(index => index >= 0)

function expression(call: Call, options: ReturnType<Call['options']>, pattern: string): RegExp {
  const plain = regularExpression(pattern, {
    extended: options.has('E', 'extended-regexp', 'P') || call.name === 'egrep',
    fixed: options.has('F', 'fixed-strings') || call.name === 'fgrep',
    ignoreCase: options.has('i', 'ignore-case'),
  })
  if (options.has('x', 'line-regexp')) return new RegExp(`^(?:${plain.source})$`, plain.flags)
  if (options.has('w', 'word-regexp')) return new RegExp(`(?<!\\w)(?:${plain.source})(?!\\w)`, plain.flags)
  return plain
}

function filesBelow(call: Call, path: string): string[] {
  try {
    const node = call.process.node(path)
    if (node.kind !== 'directory') return [path]
    return [...node.entries.keys()].sort().flatMap(name => {
      const inner = node.entries.get(name)
      return inner?.kind === 'directory' || inner?.kind === 'file'
        ? filesBelow(call, `${path.replace(/\/$/, '')}/${name}`)
        : []
    })
  } catch (error) {
    if (error instanceof SystemError) return [path]
    throw error
  }
}
