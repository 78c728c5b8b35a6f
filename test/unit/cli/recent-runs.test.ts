/** The lists of runs: what is kept of a journal says what the journal says, and is never believed over it. */

import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStoredRun } from '../../../src/cli/history.ts'
import { journalsThatMay, recentRuns } from '../../../src/cli/recent-runs.ts'
import { digestOf } from '../../../src/cli/run-digest.ts'
import { createJournal } from '../../../src/engine/journal.ts'
import type { RunEvent } from '../../../src/model/event.ts'

const at = '2026-11-21T03:12:00.000Z'
const [FIRST, SECOND] = ['01M7Z4DEGK3FQAXWH09YAEAXA1', '01M7Z4DEGK3FQAXWH09YAEAXA2']

const DRILL = { id: 'drill/held', title: 'Held', why: '', after: [], explains: [], remedies: [] }

function folderWith(runs: Record<string, { isFinished: boolean }>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-recent-'))
  for (const [run, { isFinished }] of Object.entries(runs)) {
    const journal = createJournal(join(folder, `${run}.jsonl`))
    const events: RunEvent[] = [
      {
        type: 'run-started',
        at,
        run,
        tool: 'kneeboard test',
        operator: 'me',
        mode: 'run',
        runbook: 'restore-drill',
        title: 'Drill',
        target: { name: 'shop', environment: 'production', host: 'h' },
        params: {},
        steps: [{ id: 'hold', title: 'Hold', why: '', checks: [DRILL] }],
      },
      {
        type: 'check-finished',
        at,
        check: 'drill/held',
        round: 1,
        verdict: {
          status: 'pass',
          summary: 'held',
          remedies: [],
          due: { at: '2026-12-21T00:00:00Z', runbook: 'restore-drill', title: 'Restore drill' },
          figures: [{ name: 'recovery', value: 42, unit: 's' }],
        },
        evidence: [],
        durationMs: 1,
      },
    ]
    for (const event of events) journal.append(event)
    if (isFinished) journal.append({ type: 'run-finished', at, status: 'passed', summary: '1 passed' })
    journal.close()
  }
  return folder
}

const afresh = (folder: string, ...runs: string[]) => runs.map(run => digestOf(openStoredRun(folder, run)))

test('what is kept says what the journals say, newest first, to its owner alone', () => {
  const folder = folderWith({ [FIRST]: { isFinished: true }, [SECOND]: { isFinished: true } })
  const moment = new Date('2026-11-21T04:00:00Z')
  const path = join(folder, `${FIRST}.jsonl`)
  utimesSync(path, moment, moment)
  const before = recentRuns(folder)()
  expect(before).toEqual(afresh(folder, SECOND, FIRST))
  expect(before[1]).toMatchObject({ looked: ['drill/held'], due: [{ check: 'drill/held' }] })
  expect(statSync(join(folder, 'digests.json')).mode & 0o777).toBe(0o600)
  // Another start of the program: no journal is read, as one shows that could not be.
  writeFileSync(path, '\0'.repeat(statSync(path).size))
  utimesSync(path, moment, moment)
  expect(recentRuns(folder)()).toEqual(before)
})

test('a run without an end is read each time: it may have been gone on with', () => {
  const folder = folderWith({ [FIRST]: { isFinished: false } })
  const runs = recentRuns(folder)
  expect(runs()).toMatchObject([{ run: FIRST, status: 'interrupted', hasEnded: false }])
  const { head, events } = openStoredRun(folder, FIRST).reading
  expect([head.length, events.length]).toEqual([64, 2])
  rmSync(join(folder, `${FIRST}.jsonl`))
  expect(runs()).toEqual([])
})

test('a journal that has changed is read again, and a broken one hides no other', () => {
  const folder = folderWith({ [FIRST]: { isFinished: true }, [SECOND]: { isFinished: true } })
  const runs = recentRuns(folder)
  expect(runs()).toHaveLength(2)
  writeFileSync(join(folder, `${SECOND}.jsonl`), 'nothing of ours\n')
  expect(runs()).toEqual(afresh(folder, FIRST))
  appendFileSync(join(folder, `${FIRST}.jsonl`), 'torn')
  expect(runs()).toEqual(afresh(folder, FIRST))
})

test.each([
  ['garbage', (path: string) => writeFileSync(path, '{"format":1,"runs":{"x":')],
  ['of another version', (path: string) => writeFileSync(path, '{"format":99,"runs":{}}')],
  ['a link to another file', (path: string) => symlinkSync('/etc/passwd', path)],
])('what is kept is %s: the journals are read, and it is made anew', (_, spoil) => {
  const folder = folderWith({ [FIRST]: { isFinished: true } })
  spoil(join(folder, 'digests.json'))
  expect(recentRuns(folder)()).toEqual(afresh(folder, FIRST))
  expect(JSON.parse(readFileSync(join(folder, 'digests.json'), 'utf8'))).toMatchObject({
    format: 1,
    runs: { [FIRST]: { digest: { run: FIRST } } },
  })
  expect(readFileSync('/etc/passwd', 'utf8')).not.toContain('digest')
})

test('who looks for a run passes over those whose digest does not fit, and reads the ones that have none', () => {
  const folder = folderWith({ [FIRST]: { isFinished: true }, [SECOND]: { isFinished: false } })
  const pathOf = (run: string) => join(folder, `${run}.jsonl`)
  const none = () => false
  expect([...journalsThatMay(folder, none)]).toEqual([pathOf(SECOND), pathOf(FIRST)])
  recentRuns(folder)()
  expect([...journalsThatMay(folder, none)]).toEqual([pathOf(SECOND)])
  expect([...journalsThatMay(folder, ({ target }) => target.name === 'shop')]).toContain(pathOf(FIRST))
  // What is kept is of another file by now.
  appendFileSync(pathOf(FIRST), '{"torn')
  expect([...journalsThatMay(folder, none)]).toEqual([pathOf(SECOND), pathOf(FIRST)])
})
