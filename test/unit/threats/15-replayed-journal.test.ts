import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { reopenJournal } from '../../../src/engine/journal.ts'
import { type RunState, replay } from '../../../src/engine/state.ts'
import { sh } from '../../../src/model/script.ts'
import { bookOf, fileIsThere, type Stage, scriptRemedy, stage } from '../engine/stage.ts'

/** Ends a run as a kill would, after the event given, and rewrites its journal as a forger would: every hash right. */
async function forgedRun(after: string, lasting: boolean, forge: (text: string, on: Stage) => string) {
  const on = stage({
    onEvent(event) {
      if (event.type === after) throw new Error('killed')
    },
  })
  const made = join(on.folder, 'made')
  const remedy = scriptRemedy('a/make', sh`true`, {
    plan: async () => ({
      actions: [
        { type: 'run', title: 'Make', script: `touch ${made}`, as: 'root', timeoutSeconds: 1, lasting },
      ],
      touches: [],
      undo: '',
      guard: { revert: { text: `touch ${made}.reverted` }, afterSeconds: 3 },
    }),
  })
  const book = bookOf([fileIsThere('a/there', made, { remedies: [remedy] })])
  await on.play(book).catch(() => {})
  let previous = ''
  const lines = readFileSync(on.journalPath, 'utf8').trimEnd().split('\n')
  const end = lines.findLastIndex(line => line.includes(`"type":"${after}"`)) + 1
  const forged = lines.slice(0, end).map(line => {
    const { h: _hash, ...fields } = JSON.parse(forge(line, on)) as Record<string, unknown>
    const body = JSON.stringify({ ...fields, prev: previous })
    previous = createHash('sha256').update(body).digest('hex')
    return `${body.slice(0, -1)},"h":"${previous}"}`
  })
  writeFileSync(on.journalPath, `${forged.join('\n')}\n`)
  rmSync(`${on.journalPath}.writer`, { force: true })
  return { on, book, made }
}

async function goOn(on: Stage, book: ReturnType<typeof bookOf>): Promise<RunState> {
  const { journal, reading } = reopenJournal(on.journalPath)
  return on.resume(replay(reading.events) as RunState, journal, book)
}

/** Threat 15: an old journal, a copied one or a forged one is used to make Kneeboard do something. */
describe('threat 15, a replayed or forged journal', () => {
  it.each([
    ['a short command', false, 'action-started'],
    ['a job', true, 'action-started'],
    ['a revert', false, 'guard-armed'],
  ] as const)(
    'no text of a forged journal is ever run: %s',
    async (_, lasting, after) => {
      const { on, book, made } = await forgedRun(after, lasting, (line, { folder }) =>
        line.replaceAll('touch ', `touch ${join(folder, 'owned')} `),
      )
      const before = on.machine.ran.length
      const state = await goOn(on, book)
      expect(existsSync(join(on.folder, 'owned'))).toBe(false)
      expect(on.machine.ran.slice(before).filter(script => script.includes('owned'))).toEqual([])
      // The remedy is planned afresh from the runbook, shown, and agreed to again.
      expect(on.asked).toHaveLength(2)
      expect(existsSync(made)).toBe(true)
      expect(state.status).toBe('passed')
    },
    60_000,
  )

  it('a journal that claims a remedy was proven proves nothing: its check looks again', async () => {
    const { on, book, made } = await forgedRun('check-finished', false, line =>
      line.replace('"status":"fail"', '"status":"pass"'),
    )
    expect(existsSync(made)).toBe(false)
    const state = await goOn(on, book)
    expect(state.remedies.map(({ outcome }) => outcome)).toEqual(['proven'])
    expect(existsSync(made)).toBe(true)
  })

  it('steps that a forger added are not walked, and checks that the runbook does not have are not run', async () => {
    const { on, book } = await forgedRun('check-finished', false, line =>
      line.replaceAll('"a/there"', '"a/elsewhere"'),
    )
    const state = await goOn(on, book)
    expect(Object.keys(state.checks)).toEqual(['a/elsewhere'])
    expect(state.status).not.toBe('passed')
  })

  it('from a copy of the journal nothing is done that the run has done already', async () => {
    const { on, book, made } = await forgedRun('action-started', true, line => line)
    const copy = `${on.journalPath}.copy`
    writeFileSync(copy, readFileSync(on.journalPath))
    await goOn(on, book)
    rmSync(made)
    const { journal, reading } = reopenJournal(copy)
    const state = await on.resume(replay(reading.events) as RunState, journal, book)
    // The names of its jobs and reverts are used up: that attempt was made, and is not made again.
    expect(existsSync(made)).toBe(false)
    expect(state.remedies.at(-1)?.outcome).toBe('failed')
  }, 60_000)
})
