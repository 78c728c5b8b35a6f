import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createJournal, readJournal, reopenJournal } from '../../../src/engine/journal.ts'
import type { RunEvent } from '../../../src/model/event.ts'

const at = '2026-11-21T03:12:00.000Z'
const EVENTS: RunEvent[] = [
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
  ...Array.from({ length: 8 }, (_, n): RunEvent => ({ type: 'note', at, text: `note ${n}` })),
]

function written(): { path: string; lines: string[] } {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-threat-16-')), 'x.jsonl')
  const journal = createJournal(path)
  for (const event of EVENTS) journal.append(event)
  journal.close()
  return { path, lines: readFileSync(path, 'utf8').trimEnd().split('\n') }
}

function readingOf(lines: readonly string[]): ReturnType<typeof readJournal> {
  const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-threat-16-')), 'x.jsonl')
  writeFileSync(path, lines.map(line => `${line}\n`).join(''))
  return readJournal(path)
}

/** The line with another text, and with the hash that belongs to it: what a careful forger writes. */
function forged(line: string, change: (fields: Record<string, unknown>) => void): string {
  const { h: _hash, ...fields } = JSON.parse(line) as Record<string, unknown>
  change(fields)
  const body = JSON.stringify(fields)
  return `${body.slice(0, -1)},"h":"${createHash('sha256').update(body).digest('hex')}"}`
}

/** Threat 16: the record of a run is made to say something else. */
describe('threat 16, a tampered journal', () => {
  const { lines } = written()

  it.each(lines.map((_, index) => index))('any change to line %i is found, and named', index => {
    const line = lines[index] ?? ''
    const rest = lines.length - index - 1
    for (let byte = 0; byte < line.length; byte += 7) {
      const flipped = `${line.slice(0, byte)}${line[byte] === 'x' ? 'y' : 'x'}${line.slice(byte + 1)}`
      const reading = readingOf(lines.with(index, flipped))
      expect(reading).toMatchObject({ state: 'broken', line: index + 1 })
      expect(reading.events).toHaveLength(index)
    }
    if (rest > 0)
      expect(readingOf(lines.toSpliced(index, 1))).toMatchObject({ state: 'broken', line: index + 1 })
    expect(readingOf(lines.toSpliced(index, 0, line))).toMatchObject({ state: 'broken' })
    if (rest > 0) {
      const swapped = lines.with(index, lines[index + 1] ?? '').with(index + 1, line)
      expect(readingOf(swapped)).toMatchObject({ state: 'broken', line: index + 1 })
    }
  })

  it('a line rewritten with its own right hash is found by the next line', () => {
    const lie = forged(lines[3] ?? '', fields => {
      fields.text = 'all was well'
    })
    expect(readingOf(lines.with(3, lie))).toMatchObject({ state: 'broken', line: 5 })
  })

  it('a chain forged to its end is whole, and has another head: that is what the head is kept elsewhere for', () => {
    const all = [...lines]
    let previous = (JSON.parse(all[2] ?? '') as { h: string }).h
    for (let index = 3; index < all.length; index += 1) {
      all[index] = forged(all[index] ?? '', fields => {
        fields.prev = previous
        if (index === 3) fields.text = 'all was well'
      })
      previous = (JSON.parse(all[index] ?? '') as { h: string }).h
    }
    const reading = readingOf(all)
    expect(reading.state).toBe('whole')
    expect(reading.head).not.toBe(readingOf(lines).head)
  })

  it('a tail cut in the middle of a line is a crash, one cut between lines has another head', () => {
    const { path } = written()
    const whole = readFileSync(path)
    writeFileSync(path, whole.subarray(0, whole.length - 5))
    expect(readJournal(path)).toMatchObject({ state: 'torn', line: lines.length })
    const shorter = readingOf(lines.slice(0, -1))
    expect(shorter.state).toBe('whole')
    expect(shorter.head).not.toBe(readingOf(lines).head)
  })

  it.each([
    ['no JSON', 'note'],
    ['JSON that is no event', 'other'],
  ])('a line with a right hash and %s is found, not thrown over', (_, kind) => {
    const body = kind === 'note' ? '{"v":1,"seq":1,oops,"prev":""}' : '{"v":1,"seq":1,"type":"x","prev":""}'
    const line = `${body.slice(0, -1)},"h":"${createHash('sha256').update(body).digest('hex')}"}`
    expect(readingOf([line])).toMatchObject({ state: 'broken', line: 1 })
  })

  it('a broken journal is not gone on with', () => {
    const { path } = written()
    writeFileSync(path, readFileSync(path, 'utf8').replace('note 3', 'note X'))
    expect(() => reopenJournal(path)).toThrow(/is not what was written, from line 5 on/)
  })
})
