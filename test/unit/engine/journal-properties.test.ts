/** The journal reader on whatever it is given: it throws nothing but a sentence, and believes nothing but the chain. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJournal, readJournal } from '../../../src/engine/journal.ts'
import { replay } from '../../../src/engine/state.ts'
import type { RunEvent } from '../../../src/model/event.ts'
import { Failure } from '../../../src/model/failure.ts'
import { cases, PROPERTY_TIMEOUT } from '../../thorough.ts'

const at = '2026-11-21T03:12:00.000Z'
const folder = mkdtempSync(join(tmpdir(), 'kneeboard-properties-'))
const path = join(folder, 'x.jsonl')

/** A journal as it was written, and the events in it. */
const { whole, events } = (() => {
  const original = join(folder, 'original.jsonl')
  const journal = createJournal(original)
  const list: RunEvent[] = [
    {
      type: 'run-started',
      at,
      run: 'R',
      tool: 'kneeboard test',
      operator: 'me',
      mode: 'run',
      runbook: 'b',
      title: 'Bücher 日本 😀',
      target: { name: 't', environment: 'staging', host: 'h' },
      params: { a: 1 },
      steps: [],
    },
    ...Array.from({ length: 6 }, (_, n): RunEvent => ({ type: 'note', at, text: `note ${n} “é”` })),
    { type: 'run-finished', at, status: 'passed', summary: '0 passed' },
  ]
  for (const event of list) journal.append(event)
  journal.close()
  return { whole: journalBytes(original), events: list }
})()

function journalBytes(file: string): Buffer {
  const reading = readJournal(file)
  if (reading.state !== 'whole') throw new Error('the fixture is broken')
  return readFileSync(file)
}

function readingOf(bytes: Buffer): ReturnType<typeof readJournal> | 'refused' {
  writeFileSync(path, bytes)
  try {
    return readJournal(path)
  } catch (error) {
    expect(error).toBeInstanceOf(Failure)
    return 'refused'
  }
}

/** Cuts, doubles, swaps, overwrites: what hands, disks and forgers do. */
const edit = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), from: fc.nat(), length: fc.nat({ max: 400 }) }),
  fc.record({ kind: fc.constant('put' as const), from: fc.nat(), bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({
    kind: fc.constant('copy' as const),
    from: fc.nat(),
    length: fc.nat({ max: 600 }),
    to: fc.nat(),
  }),
  fc.record({ kind: fc.constant('flip' as const), from: fc.nat(), bit: fc.nat({ max: 7 }) }),
)

function edited(bytes: Buffer, change: typeof edit extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const from = bytes.length === 0 ? 0 : change.from % bytes.length
  switch (change.kind) {
    case 'cut':
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + change.length)])
    case 'put':
      return Buffer.concat([bytes.subarray(0, from), Buffer.from(change.bytes), bytes.subarray(from)])
    case 'copy': {
      const to = change.to % (bytes.length + 1)
      const part = bytes.subarray(from, from + change.length)
      return Buffer.concat([bytes.subarray(0, to), part, bytes.subarray(to)])
    }
    case 'flip': {
      const copy = Buffer.from(bytes)
      copy[from] = (copy[from] ?? 0) ^ (1 << change.bit)
      return copy
    }
  }
}

describe('the journal reader', () => {
  it(
    'reads arbitrary bytes without a crash, and finds no event in them',
    () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
          const reading = readingOf(Buffer.from(bytes))
          if (reading !== 'refused') expect(reading.events).toEqual([])
        }),
        { numRuns: cases(1000) },
      )
    },
    PROPERTY_TIMEOUT,
  )

  it(
    'believes of an edited journal only what stands before the edit',
    () => {
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), changes => {
          const bytes = changes.reduce(edited, whole)
          const reading = readingOf(bytes)
          if (reading === 'refused') return
          expect(reading.events).toEqual(events.slice(0, reading.events.length))
          // What is believed is, to the byte, what was written.
          expect(bytes.subarray(0, reading.bytes).equals(whole.subarray(0, reading.bytes))).toBe(true)
          if (reading.state === 'whole') expect(bytes.length).toBe(reading.bytes)
          // And what is believed can be folded into a state.
          replay(reading.events)
        }),
        { numRuns: cases(1000) },
      )
    },
    PROPERTY_TIMEOUT,
  )
})
