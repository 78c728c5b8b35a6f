/** What is left on the server by a run that ended at a bad moment, and what going on with it makes of that. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reopenJournal } from '../../../src/engine/journal.ts'
import { type RunState, replay } from '../../../src/engine/state.ts'
import type { RunEvent } from '../../../src/model/event.ts'
import { sh, verbatim } from '../../../src/model/script.ts'
import { bookOf, fileIsThere, type Stage, scriptRemedy, stage } from './stage.ts'

/** Ends a run when an event of this type has taken place, with or without that event on disk. */
async function cutAt(
  type: RunEvent['type'],
  onDisk: boolean,
  lasting: boolean,
  guarded = false,
  watch: (path: string, on: Stage) => void = () => {},
) {
  const on = stage({
    onEvent(event) {
      if (event.type === type) throw new Error('killed')
    },
  })
  const made = join(on.folder, 'made')
  const log = join(on.folder, 'log')
  writeFileSync(log, '')
  const script = sh`echo ran >> ${log}; touch ${made}`.text
  const remedy = scriptRemedy('a/make', sh`true`, {
    plan: async () => ({
      actions: [{ type: 'run', title: 'Make', script, as: 'root', timeoutSeconds: 1, lasting }],
      touches: [],
      undo: '',
      ...(guarded ? { guard: { revert: sh`echo reverted >> ${log}; rm -f ${made}`, afterSeconds: 3 } } : {}),
    }),
  })
  const book = bookOf([fileIsThere('a/there', made, { remedies: [remedy] })])
  watch(on.journalPath, on)
  await on.play(book).catch(() => {})
  const lines = readFileSync(on.journalPath, 'utf8').trimEnd().split('\n')
  const at = lines.findLastIndex(line => line.includes(`"type":"${type}"`))
  writeFileSync(on.journalPath, `${lines.slice(0, onDisk ? at + 1 : at).join('\n')}\n`)
  rmSync(`${on.journalPath}.writer`, { force: true })
  const goOn = async (): Promise<RunState> => {
    const { journal, reading } = reopenJournal(on.journalPath)
    return on.resume(replay(reading.events) as RunState, journal, book)
  }
  return { on, made, goOn, ran: () => readFileSync(log, 'utf8').trim().split('\n').join(' ') }
}

test('a job whose result is not on disk yet still has it on the server: it is not run again', async () => {
  const { goOn, ran } = await cutAt('action-finished', false, true)
  const state = await goOn()
  expect(state.remedies.map(({ outcome }) => outcome)).toEqual(['proven'])
  expect(ran()).toBe('ran')
}, 30_000)

test('a revert whose arming is not on disk is called off before anything else is done', async () => {
  const { on, goOn, ran } = await cutAt('guard-armed', false, false, true)
  const state = await goOn()
  expect(state.remedies.map(({ outcome }) => outcome)).toEqual(['failed', 'proven'])
  // Past the moment at which the first revert would have fired.
  await on.machine.run(verbatim('sleep 3.5'))
  expect(ran()).toBe('ran')
  expect(state.status).toBe('passed')
}, 30_000)

test('a lock that is not on disk, or that a killed process left, is released at the end', async () => {
  const { on, goOn } = await cutAt('lock-released', false, false)
  // As after a kill: nothing has released it.
  const folder = (await on.machine.run(verbatim('echo /var/lib/kneeboard'))).stdout.trim()
  const id = on.journalPath.split('/').at(-1)?.replace('.jsonl', '') ?? ''
  mkdirSync(folder, { recursive: true })
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(join(folder, 'lock'), `${id}\nme\nx\n120\n0\n${boot}\n0\n${boot}\n0\n`)
  await goOn()
  expect((await on.machine.run(verbatim('cat /var/lib/kneeboard/lock'))).exitCode).not.toBe(0)
}, 30_000)

test('a short command that was cut off is waited out: nothing is looked at while it may still run', async () => {
  const { on, goOn } = await cutAt('action-started', true, false)
  on.events.length = 0
  await goOn()
  const types = on.events.map(event => event.type)
  const waited = on.events.find(event => event.type === 'note')
  expect(waited).toMatchObject({
    text: expect.stringMatching(/^waiting \d s, until the command that was cut off/),
  })
  expect(types.indexOf('note')).toBeLessThan(types.indexOf('check-started'))
  const [note, next] = [types.indexOf('note'), types.indexOf('action-finished')].map(at =>
    Date.parse(on.events[at]?.at ?? ''),
  )
  expect((next ?? 0) - (note ?? 0)).toBeGreaterThan(2000)
}, 30_000)

test('a remedy that was agreed to and had not begun ends as what it is: nothing was changed', async () => {
  const { goOn, ran } = await cutAt('remedy-intent', false, false)
  const state = await goOn()
  expect(state.remedies.map(({ outcome, summary }) => `${outcome} ${summary}`)).toEqual([
    'failed the run was cut off before it began; nothing was changed',
    'proven proven: it is there',
  ])
  expect(ran()).toBe('ran')
}, 30_000)

test('what a job left on the server goes, also when the run was cut off right after its result was on disk', async () => {
  const { on, goOn, ran } = await cutAt('action-finished', true, true)
  const jobs = async () => (await on.machine.run(verbatim('ls /var/lib/kneeboard/jobs'))).stdout
  expect(await jobs()).not.toBe('')
  await goOn()
  expect(await jobs()).toBe('')
  expect(ran()).toBe('ran')
}, 30_000)

test.each([
  ['by the run that started it', 'run-finished', true],
  ['by the run that was gone on with', 'action-finished', false],
] as const)(
  'a job’s files are taken off the server %s, once its result is on disk',
  async (_, cut, isOnDisk) => {
    const onDisk: boolean[] = []
    const watched = (path: string, { machine }: Stage) => {
      const { run } = machine
      machine.run = (script, options) => {
        if (script.text.includes('echo cleaned'))
          onDisk.push(readFileSync(path, 'utf8').includes('"type":"action-finished"'))
        return run(script, options)
      }
    }
    const { on, goOn, ran } = await cutAt(cut, isOnDisk, true, false, watched)
    if (!isOnDisk) await goOn()
    expect(onDisk.length).toBeGreaterThan(0)
    expect(onDisk).not.toContain(false)
    expect(ran()).toBe('ran')
    expect(on.replayed().map(event => event.type)).toContain('action-finished')
  },
  30_000,
)
