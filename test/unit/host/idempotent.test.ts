import { expect, test } from 'vitest'
import { runIdempotent } from '../../../src/host/idempotent.ts'
import { type CommandResult, Unreadable } from '../../../src/model/command.ts'
import { verbatim } from '../../../src/model/script.ts'
import { ShellMachine } from './shell-machine.ts'

const script = verbatim('echo ran >>~/ran; echo answer')
const options = { as: 'login' } as const

test('a script whose answer was lost is asked again over one new connection', async () => {
  const machine = new ShellMachine('dash')
  machine.lostAnswers.add(1).add(2)
  const events: string[] = []
  const patience = {
    onLost: (reason: string) => events.push(reason),
    onRestored: () => events.push('restored'),
  }
  expect(await runIdempotent(machine, script, 'it', { ...options, ...patience })).toBe('answer\n')
  expect(events).toEqual(['the connection was cut', 'restored', 'the connection was cut', 'restored'])
  expect(await machine.shell('wc -l <~/ran')).toBe('3\n')
})

test('callers that lose the same connection wait for the same new one', async () => {
  const machine = new ShellMachine('dash')
  machine.lostAnswers.add(1)
  await machine.run(script)
  await Promise.all([1, 2, 3].map(() => runIdempotent(machine, script, 'it', options)))
  expect(machine.reconnects).toBe(1)
})

test('a script that may not run at all is unreadable, and costs no working connection', async () => {
  const machine = new ShellMachine('dash')
  const refusing = Object.assign(Object.create(machine) as ShellMachine, {
    run: async (asked: typeof script): Promise<CommandResult> => {
      const result = await machine.run(asked)
      return asked === script
        ? { ...result, ending: 'not-run', exitCode: null, reason: 'sudo says no' }
        : result
    },
  })
  await expect(runIdempotent(refusing, script, 'it', options)).rejects.toThrow(
    new Unreadable('it could not be learnt: sudo says no'),
  )
  expect(machine.reconnects).toBe(0)
})

test('without patience a lost answer is unreadable at once', async () => {
  const machine = new ShellMachine('dash')
  machine.lostAnswers.add(1)
  await expect(runIdempotent(machine, script, 'it', { ...options, reconnectSeconds: 0 })).rejects.toThrow(
    Unreadable,
  )
  expect(machine.runs).toBe(1)
})

test('a link that drops every answer is given up', async () => {
  const machine = new ShellMachine('dash')
  for (let run = 1; run < 100; run += 1) machine.lostAnswers.add(run)
  await expect(runIdempotent(machine, script, 'it', options)).rejects.toThrow('the connection was cut')
})
