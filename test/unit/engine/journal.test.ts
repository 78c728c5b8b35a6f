import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createJournal, readJournal } from '../../../src/engine/journal.ts'
import type { RunEvent } from '../../../src/model/event.ts'

const at = '2026-11-21T03:12:00.000Z'
const events: RunEvent[] = [
  {
    type: 'run-started',
    at,
    run: 'R',
    tool: 'kneeboard test',
    operator: 'me',
    mode: 'run',
    runbook: 'b',
    title: 'B',
    target: { name: 't', environment: 'staging', host: 'h' },
    params: {},
    steps: [],
  },
  { type: 'note', at, text: 'one' },
  { type: 'note', at, text: 'two' },
  { type: 'run-finished', at, status: 'passed', summary: '0 passed' },
]

function written(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-journal-')), 'runs', 'x.jsonl')
  const journal = createJournal(path)
  for (const event of events) journal.append(event)
  journal.close()
  return path
}

test('what was appended is read back, whole and in order', () => {
  const reading = readJournal(written())
  expect(reading).toMatchObject({ state: 'whole', events })
  expect(reading.head).toMatch(/^[0-9a-f]{64}$/)
})

test('only its owner may read it', () => {
  expect(statSync(written()).mode & 0o777).toBe(0o600)
})

test('live output is drawn, not stored', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-journal-')), 'x.jsonl')
  const journal = createJournal(path)
  journal.append({ type: 'action-output', at, remedy: 'r', check: 'c', attempt: 1, index: 0, text: 'noise' })
  journal.close()
  expect(readFileSync(path, 'utf8')).toBe('')
})

test('a line cut by a crash is left out, at whatever byte the cut was', () => {
  const path = written()
  const whole = readFileSync(path)
  const lastStart = whole.lastIndexOf('\n', whole.length - 2) + 1
  for (let end = lastStart + 1; end < whole.length; end += 1) {
    writeFileSync(path, whole.subarray(0, end))
    expect(readJournal(path)).toMatchObject({ state: 'torn', line: 4, events: events.slice(0, 3) })
  }
})

test.each([
  ['changed', (lines: string[]) => lines.map(line => line.replace('"one"', '"ONE"'))],
  ['dropped', (lines: string[]) => lines.filter((_, at) => at !== 1)],
  ['swapped', ([a, b, c, ...rest]: string[]) => [a, c, b, ...rest] as string[]],
])('a line that was %s is found, and nothing after it is believed', (_, edit) => {
  const path = written()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  writeFileSync(path, `${edit(lines).join('\n')}\n`)
  expect(readJournal(path)).toMatchObject({ state: 'broken', line: 2, events: events.slice(0, 1) })
})

test('a line added by hand is found', () => {
  const path = written()
  appendFileSync(path, '{"v":1,"seq":5,"type":"note","at":"x","text":"forged","prev":"","h":"00"}\n')
  expect(readJournal(path)).toMatchObject({ state: 'broken', line: 5 })
})

test('a journal of a newer format is refused with a sentence', () => {
  const path = written()
  const body = JSON.stringify({ v: 2, seq: 1, type: 'note', at, text: 'x', prev: '' })
  writeFileSync(path, `${body.slice(0, -1)},"h":"${createHash('sha256').update(body).digest('hex')}"}\n`)
  expect(() => readJournal(path)).toThrow('written in format 2; this Kneeboard reads format 1')
})

test('a folder that cannot be written is one sentence, before anything runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-journal-'))
  writeFileSync(join(folder, 'runs'), '')
  expect(() => createJournal(join(folder, 'runs', 'x.jsonl'))).toThrow(/^the journal .* cannot be written: /)
})
