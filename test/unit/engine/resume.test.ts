import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reopenJournal } from '../../../src/engine/journal.ts'
import { type RunState, replay } from '../../../src/engine/state.ts'
import { sh } from '../../../src/model/script.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from './stage.ts'

/** A remedy that leaves a line in a log each time it runs, as a short command and as a job. */
function counted(lasting: boolean) {
  const on = stage()
  const path = join(on.folder, 'here')
  const log = join(on.folder, 'log')
  writeFileSync(log, '')
  const script = sh`echo ran >> ${log}; touch ${path}`.text
  const remedy = scriptRemedy('a/make', sh`true`, {
    plan: async () => ({
      actions: [
        { type: 'run', title: 'make it', script, as: 'root', timeoutSeconds: lasting ? 20 : 1, lasting },
      ],
      touches: [],
      undo: '',
    }),
  })
  const book = bookOf(
    [fileIsThere('a/there', path, { remedies: [remedy] })],
    [fileIsThere('a/folder', on.folder)],
  )
  return { on, book, timesRun: () => readFileSync(log, 'utf8').split('\n').filter(Boolean).length }
}

/** Ends the run as a kill would, right after its nth event was written, and leaves the journal as the kill would. */
async function cutAfter(nth: number, lasting: boolean) {
  const { on, book, timesRun } = counted(lasting)
  let seen = 0
  const dying = stage({
    machine: on.machine,
    onEvent(event) {
      if (event.type === 'action-output') return
      seen += 1
      if (seen === nth) throw new Error('killed')
    },
  })
  const ended = await dying.play(book).then(
    () => 'whole',
    () => 'cut',
  )
  const lines = readFileSync(dying.journalPath, 'utf8').split('\n').slice(0, nth)
  writeFileSync(dying.journalPath, `${lines.join('\n')}\n`)
  // The process that died is this very one, so its claim would still count.
  rmSync(`${dying.journalPath}.writer`, { force: true })
  return { ended, dying, book, timesRun }
}

async function lengthOfAWholeRun(lasting: boolean): Promise<number> {
  const { on, book } = counted(lasting)
  await on.play(book)
  return on.replayed().length
}

test.each([
  ['a command', false],
  ['a job', true],
])(
  'cut after any event of a run with %s, it is gone on with to the same end, and nothing is done twice',
  async (_, lasting) => {
    const length = await lengthOfAWholeRun(lasting)
    for (let nth = 1; nth < length; nth += 1) {
      const { ended, dying, book, timesRun } = await cutAfter(nth, lasting)
      expect(ended).toBe('cut')
      const { journal, reading } = reopenJournal(dying.journalPath)
      const before = replay(reading.events) as RunState
      const state = await dying.resume(before, journal, book)
      expect(state.status, `cut after event ${nth}: ${reading.events.at(-1)?.type}`).toBe('passed')
      expect(timesRun(), `cut after event ${nth}: ${reading.events.at(-1)?.type}`).toBe(1)
      expect(dying.replayed().at(-1)?.type).toBe('run-finished')
    }
  },
  120_000,
)

test('what was left in the middle is said exactly', async () => {
  const { dying, book } = await cutAfter(11, false)
  const { journal, reading } = reopenJournal(dying.journalPath)
  expect(reading.events.at(-1)?.type).toBe('action-started')
  const state = await dying.resume(replay(reading.events) as RunState, journal, book)
  expect(state.remedies[0]).toMatchObject({
    outcome: 'unknown',
    summary: 'the run was cut off while “make it” ran: it may or may not have been done',
  })
}, 30_000)

test('a run that another process still writes is not gone on with', async () => {
  const { on, book } = counted(false)
  await on.play(book)
  writeFileSync(`${on.journalPath}.writer`, '1\n')
  expect(() => reopenJournal(on.journalPath)).toThrow(
    expect.objectContaining({
      exitCode: 75,
      message: expect.stringContaining('still going on in process 1'),
    }),
  )
})

test('a claim of a process that was killed counts no more', async () => {
  const { on, book } = counted(false)
  await on.play(book)
  writeFileSync(`${on.journalPath}.writer`, '4194304\n')
  const { journal, reading } = reopenJournal(on.journalPath)
  journal.close()
  expect(reading.state).toBe('whole')
})

test('a journal with a line that is not what was written is not gone on from', async () => {
  const { on, book } = counted(false)
  await on.play(book)
  writeFileSync(on.journalPath, readFileSync(on.journalPath, 'utf8').replace('make it', 'make IT'))
  expect(() => reopenJournal(on.journalPath)).toThrow(/is not what was written, from line \d+ on/)
})
