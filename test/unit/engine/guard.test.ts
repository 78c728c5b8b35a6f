/** The dead man's switch around a change that could lock the operator out, by a server that runs its scripts. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { sh, verbatim } from '../../../src/model/script.ts'
import { shellMachine } from '../../shell-machine.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from './stage.ts'

vi.setConfig({ testTimeout: 30_000 })

/** A guarded change on a server that lets the operator in as `works` says, each time that it is asked. */
async function guardedRun(works: (login: number) => boolean, script = 'echo new') {
  let logins = 0
  const machine = shellMachine({
    login: () => {
      logins += 1
      return works(logins)
        ? { outcome: 'accepted', methods: ['publickey'], reason: 'a test login' }
        : { outcome: 'refused', methods: ['publickey'], reason: 'nobody is let in' }
    },
  })
  const on = stage({ machine })
  const file = join(on.folder, 'sshd_config')
  writeFileSync(file, 'old\n')
  const remedy = scriptRemedy('a/guarded', sh`true`, {
    plan: async () => ({
      actions: [
        {
          type: 'run',
          title: 'Change it',
          script: sh`${verbatim(script)} >${file}; touch ${join(on.folder, 'changed')}`.text,
          as: 'root',
          timeoutSeconds: 5,
          lasting: false,
        },
      ],
      touches: [],
      undo: '',
      guard: { revert: sh`echo old >${file}; rm -f ${join(on.folder, 'changed')}`, afterSeconds: 2 },
    }),
  })
  const state = await on.play(
    bookOf([fileIsThere('a/changed', join(on.folder, 'changed'), { remedies: [remedy] })]),
  )
  return { on, state, now: () => readFileSync(file, 'utf8') }
}

test('after a change that lets nobody in the server puts the old state back by itself, and the run says so', async () => {
  const { on, state, now } = await guardedRun(login => login === 1)
  expect(now()).toBe('old\n')
  expect(state.remedies[0]).toMatchObject({
    outcome: 'reverted',
    summary: expect.stringMatching(/^a fresh login no longer worked: nobody is let in/),
  })
  expect(state.status).toBe('failed')
  expect(on.events.map(event => event.type)).not.toContain('guard-called-off')
})

test('it is called off only after a login that was made after the change', async () => {
  const { on, state, now } = await guardedRun(() => true)
  // Past the moment at which it would have fired.
  await on.machine.run(verbatim('sleep 2.5'))
  expect(now()).toBe('new\n')
  expect(state.remedies[0]).toMatchObject({ outcome: 'proven', guard: { state: 'called-off' } })
})

test('where a second login does not work even before, nothing is changed', async () => {
  const { state, now } = await guardedRun(() => false)
  expect(now()).toBe('old\n')
  expect(state.remedies[0]).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('a second login does not work even before the change'),
  })
})

test('after an action that failed the old state is put back at once', async () => {
  const { state, now } = await guardedRun(() => true, '{ echo half; exit 3; }')
  expect(now()).toBe('old\n')
  expect(state.remedies[0]).toMatchObject({ outcome: 'reverted', guard: { state: 'fired' } })
})
