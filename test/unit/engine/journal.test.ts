import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createJournal, readJournal, reopenJournal } from '../../../src/engine/journal.ts'
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

const evidence = (stdout: string) => ({
  script: 'cat /proc/mounts',
  as: 'root',
  where: 't',
  startedAt: at,
  durationMs: 12,
  ending: 'exited' as const,
  exitCode: 0,
  stdout,
  stderr: '',
  omittedBytes: 0,
})
const finished = (check: string, ...stdout: string[]): RunEvent => ({
  type: 'check-finished',
  at,
  check,
  round: 1,
  verdict: { status: 'pass', summary: '', remedies: [] },
  evidence: stdout.map(evidence),
  durationMs: 1,
})

test('what several checks rest on is stored once, and is with each of them when it is read back', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-journal-')), 'x.jsonl')
  const [mounts, disks] = ['mount '.repeat(5000), 'disk '.repeat(5000)]
  const checks = [
    finished('disk/space', mounts, disks),
    finished('disk/inodes', disks, mounts),
    finished('disk/other', 'short', mounts),
  ]
  const journal = createJournal(path)
  for (const event of checks) journal.append(event)
  journal.close()
  expect(readJournal(path)).toMatchObject({ state: 'whole', events: checks })
  expect(statSync(path).size).toBeLessThan(1.1 * (mounts.length + disks.length))
  // A run that is resumed writes on, not knowing what stands there: it repeats, and reads back just as well.
  const { journal: again } = reopenJournal(path)
  again.append(finished('disk/space', mounts))
  again.close()
  expect(readJournal(path).events).toEqual([...checks, finished('disk/space', mounts)])
})

test.each([
  [{ line: 1, item: 0 }],
  [{ line: 9, item: 0 }],
  [{ line: 0, item: 0 }],
  [{ line: -1, item: 0 }],
  [{}],
  ['x'],
  [null],
])('evidence that is said to stand where there is none (%j) breaks the journal there', seen => {
  const path = written()
  const { head } = readJournal(path)
  const body = JSON.stringify({ v: 2, seq: 5, ...finished('c'), evidence: [{ seen }], prev: head })
  appendFileSync(path, `${body.slice(0, -1)},"h":"${createHash('sha256').update(body).digest('hex')}"}\n`)
  expect(readJournal(path)).toMatchObject({ state: 'broken', line: 5 })
})

test('a journal of format 1, in which all evidence is repeated, is read', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-journal-')), 'x.jsonl')
  let prev = ''
  for (const [index, event] of [finished('a', 'x'), finished('b', 'x')].entries()) {
    const body = JSON.stringify({ v: 1, seq: index + 1, ...event, prev })
    prev = createHash('sha256').update(body).digest('hex')
    appendFileSync(path, `${body.slice(0, -1)},"h":"${prev}"}\n`)
  }
  expect(readJournal(path)).toMatchObject({
    state: 'whole',
    events: [finished('a', 'x'), finished('b', 'x')],
  })
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
  const body = JSON.stringify({ v: 3, seq: 1, type: 'note', at, text: 'x', prev: '' })
  writeFileSync(path, `${body.slice(0, -1)},"h":"${createHash('sha256').update(body).digest('hex')}"}\n`)
  expect(() => readJournal(path)).toThrow('written in format 3; this Kneeboard reads format 2')
})

test('a folder that cannot be written is one sentence, before anything runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-journal-'))
  writeFileSync(join(folder, 'runs'), '')
  expect(() => createJournal(join(folder, 'runs', 'x.jsonl'))).toThrow(/^the journal .* cannot be written: /)
})
