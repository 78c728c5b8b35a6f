/** awk(1): the language is in `awk-parser.ts` and `awk-run.ts`. */

import type { Call } from '../../system/call.ts'
import { parseAwk } from './awk-parser.ts'
import { AwkRun } from './awk-run.ts'

export async function awk(call: Call): Promise<number> {
  const variables: [string, string][] = []
  let separator: string | undefined
  let program: string | undefined
  let index = 0
  for (; index < call.words.length; index++) {
    const word = call.words[index] ?? ''
    if (word === '--') {
      index++
      break
    }
    const [, letter, value] = /^-([vFf])([\s\S]*)$/.exec(word) ?? []
    if (letter === undefined) break
    const text = value || (call.words[++index] ?? '')
    if (letter === 'F') separator = text
    else if (letter === 'f') program = (program ?? '') + (await call.text(text))
    else variables.push(text.split(/=(.*)/s).slice(0, 2) as [string, string])
  }
  program ??= call.words[index++] ?? ''
  let parsed: ReturnType<typeof parseAwk>
  try {
    parsed = parseAwk(program)
  } catch (error) {
    if (error instanceof SyntaxError) return call.fail(error.message, 2)
    throw error
  }
  const run = new AwkRun(parsed, call.process.environment)
  if (separator !== undefined) run.set('FS', separator === 't' ? '\t' : run.unescape(separator))
  for (const [name, value] of variables) run.set(name, run.unescape(value))
  const { texts, failed } = await call.texts(
    call.words.slice(index).filter(word => !/^[A-Za-z_]\w*=/.test(word)),
  )
  const status = run.all(texts, text => call.out(text))
  return failed ? 2 : status
}
