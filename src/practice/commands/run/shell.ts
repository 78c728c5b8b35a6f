/** sh(1): the shell as a program. */

import { Interpreter } from '../../shell/interpreter.ts'
import { ShellState } from '../../shell/state.ts'
import type { Call } from '../../system/call.ts'
import { wordsOf } from '../../system/system-error.ts'

export async function shell(call: Call): Promise<number> {
  const { process } = call
  const options: string[] = []
  let command = false
  let fromInput = false
  let index = 0
  for (; index < call.words.length; index++) {
    const word = call.words[index] ?? ''
    if (word === '--') {
      index++
      break
    }
    if (!/^[-+]./.test(word)) break
    if (word === '--login' || word === '-l') continue
    for (const letter of word.slice(1)) {
      if (letter === 'c') command = true
      else if (letter === 's') fromInput = true
      else if (letter === 'o') options.push(call.words[++index] ?? '')
      else if (/[aefuxn]/.test(letter)) options.push(letter)
    }
  }
  const rest = call.words.slice(index)
  const name = process.command[0] ?? 'sh'
  const state = new ShellState(name, [], process.pid)
  for (const [variable, value] of process.environment)
    state.variables.set(variable, { value, exported: true })
  state.set('PWD', process.cwd)
  for (const option of options) state.options.add({ errexit: 'e', nounset: 'u' }[option] ?? option)
  const interpreter = new Interpreter(process, state)
  if (command) {
    state.name = rest[1] ?? name
    state.positional = rest.slice(2)
    return interpreter.runText(rest[0] ?? '')
  }
  const [path, ...positional] = rest
  if (path === undefined || fromInput) {
    state.positional = [...rest]
    return interpreter.runStream(process.descriptor(0))
  }
  state.name = path
  state.positional = positional
  let text: string
  try {
    text = await call.text(path)
  } catch (error) {
    return call.fail(`0: cannot open ${path}: ${wordsOf(error)}`, 2)
  }
  return interpreter.runText(text)
}
