import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { disclosed } from '../../../src/engine/disclosure.ts'
import { liveOutput } from '../../../src/engine/live-output.ts'
import { harmless } from '../../../src/host/evidence.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import type { RunEvent } from '../../../src/model/event.ts'

function pieces(chunks: readonly string[]): string[] {
  const out: string[] = []
  const live = liveOutput(text => out.push(text))
  for (const chunk of chunks) live.add(chunk)
  live.end()
  return out
}

describe('live output', () => {
  it('is handed on whole, in order, however it arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 300 })), chunks => {
        expect(pieces(chunks).join('')).toBe(chunks.join(''))
      }),
    )
  })

  it('is handed on by whole lines: a secret in two pieces is seen in one', () => {
    const redactor = createRedactor()
    redactor.learn('db', 'hunter2hunter2')
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), cuts => {
        const text = 'it is\nhunter2hunter2 and\nmore hunter2hunter2\n'
        const at = [...new Set(cuts)].sort((a, b) => a - b)
        const chunks = [...at, text.length].map((end, index) => text.slice(at[index - 1] ?? 0, end))
        const shown = pieces(chunks).map(piece => harmless(piece, redactor))
        expect(shown.join('')).toBe('it is\n[secret:db] and\nmore [secret:db]\n')
      }),
    )
  })

  it('holds a private key back until its end', () => {
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEowIBAAKCAQEAr1x2y3z4\n'.repeat(20)}-----END RSA PRIVATE KEY-----\n`
    const chunks = key.match(/[\s\S]{1,50}/g) ?? []
    const shown = pieces(['before\n', ...chunks, 'after\n']).map(piece => harmless(piece, createRedactor()))
    expect(shown.join('')).toBe('before\n[secret]\nafter\n')
  })

  it('does not wait without end for the end of a line', () => {
    const out = pieces(['x'.repeat(10_000), 'x'.repeat(10_000)])
    expect(out.length).toBeGreaterThan(1)
    expect(out.join('')).toHaveLength(20_000)
  })
})

describe('what leaves the engine', () => {
  it('has every text cleaned, and none of what we named ourselves', () => {
    const event: RunEvent = {
      type: 'check-finished',
      at: '2026-11-21T03:12:00.000Z',
      check: 'bad/id',
      round: 1,
      verdict: {
        status: 'fail',
        summary: 'bad',
        measured: 'bad',
        expected: 'bad',
        remedies: [{ id: 'bad/remedy', title: 'bad', grade: 'reversible' }],
      },
      evidence: [],
      durationMs: 3,
    }
    expect(disclosed(event, text => text.replaceAll('bad', 'good'))).toEqual({
      ...event,
      verdict: {
        status: 'fail',
        summary: 'good',
        measured: 'good',
        expected: 'good',
        remedies: [{ id: 'bad/remedy', title: 'good', grade: 'reversible' }],
      },
    })
  })
})
