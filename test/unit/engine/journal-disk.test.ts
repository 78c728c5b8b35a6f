import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createJournal, readJournal, reopenJournal } from '../../../src/engine/journal.ts'

const JOURNAL = fileURLToPath(new URL('../../../src/engine/journal.ts', import.meta.url))

/** Appends notes until the disk takes no more, in a process whose files may not grow past 8 KiB. */
const WRITER = `
import { createJournal } from ${JSON.stringify(JOURNAL)}
const journal = createJournal(process.argv[2])
const failures = []
for (let n = 0; n < 40; n += 1) {
  try { journal.append({ type: 'note', at: '', text: String(n).padStart(n === 20 ? 9000 : 700, 'x') }) }
  catch (error) { failures.push([error.name, error.exitCode, error.message.replace(process.argv[2], 'J')]) }
}
console.log(JSON.stringify({ failures, head: journal.head() }))
`

test('a disk that is full in the middle of a line costs that line and no other, and is one sentence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-disk-'))
  const script = join(folder, 'writer.mts')
  const path = join(folder, 'x.jsonl')
  writeFileSync(script, WRITER)
  const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" "$@"`
  const { stdout, stderr } = spawnSync('bash', ['-c', limited, process.execPath, script, path], {
    encoding: 'utf8',
  })
  expect(stderr.replace(/^.*Warning.*$/gm, '').trim()).toBe('')
  const { failures, head } = JSON.parse(stdout) as { failures: unknown[][]; head: string }
  expect(failures.length).toBeGreaterThan(20)
  expect(failures[0]).toEqual(['Failure', 78, expect.stringMatching(/^the journal J could not be written: /)])
  const reading = readJournal(path)
  expect(reading).toMatchObject({ state: 'whole', head })
  expect(reading.events.length).toBe(40 - failures.length)
  // With space again it is gone on with, over the claim that the ended process left.
  const { journal } = reopenJournal(path)
  journal.append({ type: 'note', at: '', text: 'space again' })
  journal.close()
  expect(readJournal(path).state).toBe('whole')
})

/** A line with two pieces of evidence that does not fit, and then lines that do: one of them with the first piece again. */
const EVIDENCE_WRITER = `
import { createJournal } from ${JSON.stringify(JOURNAL)}
const journal = createJournal(process.argv[2])
const piece = stdout => ({
  script: 'df', as: 'root', where: 't', startedAt: '', durationMs: 1, ending: 'exited',
  exitCode: 0, stdout, stderr: '', omittedBytes: 0,
})
const finished = (check, ...stdout) => ({
  type: 'check-finished', at: '', check, round: 1, durationMs: 1,
  verdict: { status: 'pass', summary: '', remedies: [] }, evidence: stdout.map(piece),
})
const events = [
  finished('a/too-long', 'x'.repeat(300), 'y'.repeat(9000)),
  finished('b/short', 'z'.repeat(400)),
  finished('c/again', 'x'.repeat(300)),
  finished('d/and-again', 'x'.repeat(300)),
]
const written = []
for (const event of events) try { journal.append(event); written.push(event) } catch {}
console.log(JSON.stringify(written))
`

test('evidence of a line that was taken back is written whole with the next that has it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-disk-'))
  const script = join(folder, 'writer.mts')
  const path = join(folder, 'x.jsonl')
  writeFileSync(script, EVIDENCE_WRITER)
  const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" "$@"`
  const { stdout } = spawnSync('bash', ['-c', limited, process.execPath, script, path], { encoding: 'utf8' })
  const written = JSON.parse(stdout) as { check: string }[]
  expect(written.map(({ check }) => check)).toEqual(['b/short', 'c/again', 'd/and-again'])
  expect(readJournal(path)).toMatchObject({ state: 'whole', events: written })
})

test('a line that was cut, at whatever byte, is taken away before the journal is gone on with', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-disk-')), 'x.jsonl')
  const first = createJournal(path)
  for (const text of ['one', 'two', 'three']) first.append({ type: 'note', at: '', text })
  first.close()
  const whole = readFileSync(path)
  const lines = whole.toString().trimEnd().split('\n')
  const keep = Buffer.byteLength(`${lines.slice(0, 2).join('\n')}\n`)
  for (let end = keep + 1; end < whole.length; end += 5) {
    writeFileSync(path, whole.subarray(0, end))
    const { journal, reading } = reopenJournal(path)
    expect(reading.state).toBe('torn')
    journal.append({ type: 'note', at: '', text: 'after' })
    journal.close()
    expect(readJournal(path)).toMatchObject({ state: 'whole', events: { length: 3 } })
  }
})

test('two processes that go on with one run at once: one does, the other is told', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-disk-')), 'x.jsonl')
  createJournal(path).close()
  const { journal } = reopenJournal(path)
  expect(() => reopenJournal(path)).toThrow(expect.objectContaining({ exitCode: 75 }))
  journal.close()
  rmSync(path)
  appendFileSync(path, '')
})
