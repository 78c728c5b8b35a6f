/** What has changed since all was well: found in the journal of the last run that passed, likeliest first. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { named, sinceGreen } from '../../../checks/changes/since-green.ts'
import { createJournal } from '../../../src/engine/journal.ts'
import { rememberedFrom } from '../../../src/engine/remembered.ts'
import { changesBetween, parseFingerprint } from '../../../src/facts/fingerprint.ts'
import type { RunEvent } from '../../../src/model/event.ts'

const captured = readFileSync(join(import.meta.dirname, 'fixtures', 'fingerprint.txt'), 'utf8')

describe('two fingerprints', () => {
  test('of the same server say nothing', () => {
    expect(changesBetween(parseFingerprint(captured), parseFingerprint(captured))).toEqual([])
  })

  test('name what differs, the image before the package', () => {
    const later = captured
      .replace(/^(package)\t\S+\t(openssl)$/m, '$1\t9.9.9\t$2')
      .replace(/^image\t\S+\t(webshop-backend-1)$/m, 'image\t000000000000\t$1')
      .replace(/^environment\t\S+\t(DB_HOST in .*)$/m, '')
    const changes = changesBetween(parseFingerprint(captured), parseFingerprint(later))
    expect(named(changes)).toBe(
      'the image of webshop-backend-1, the value of DB_HOST in backend/.env.production is gone, the package openssl',
    )
  })

  test('an area that could not be read this time is not taken for gone', () => {
    const later = captured.replace(/^image.*\n/gm, '')
    expect(changesBetween(parseFingerprint(captured), parseFingerprint(later))).toEqual([])
  })
})

describe('the last run that passed', () => {
  const event = (fields: object) => ({ at: '2026-01-01T00:00:00.000Z', ...fields }) as RunEvent
  const journal = (target: string, status: string, output: string) => [
    event({
      type: 'run-started',
      run: 'x',
      tool: 't',
      operator: 'o',
      mode: 'check',
      runbook: 'troubleshooting',
      title: 't',
      target: { name: target, environment: 'staging', host: target },
      params: {},
      steps: [],
    }),
    event({
      type: 'check-finished',
      check: sinceGreen.id,
      round: 1,
      verdict: { status: 'pass', summary: '', remedies: [] },
      evidence: [
        {
          script: '',
          as: 'root',
          where: target,
          startedAt: '',
          durationMs: 1,
          ending: 'exited',
          exitCode: 0,
          stdout: output,
          stderr: '',
          omittedBytes: 0,
        },
      ],
      durationMs: 1,
    }),
    event({ type: 'run-finished', status, summary: '' }),
  ]

  test('on the same target is the newest that passed; another target’s and a failed one are passed over', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-remembered-'))
    const pathOf = (digit: number) => join(folder, `01M7Z4DEGK3FQAXWH09YAEAXA${digit}.jsonl`)
    const write = (digit: number, events: readonly RunEvent[]) => {
      const written = createJournal(pathOf(digit))
      for (const one of events) written.append(one)
      written.close()
    }
    write(1, journal('shop', 'passed', 'the oldest'))
    write(2, journal('shop', 'passed', 'this one'))
    write(3, journal('shop', 'failed', 'broken'))
    write(4, journal('other', 'passed', 'elsewhere'))
    writeFileSync(pathOf(5), '{"torn')
    // Somebody has changed what it says: it is not believed.
    write(6, journal('shop', 'passed', 'as written'))
    writeFileSync(pathOf(6), readFileSync(pathOf(6), 'utf8').replace('as written', 'as forged'))
    const newestFirst = [6, 5, 4, 3, 2, 1].map(pathOf)
    expect(rememberedFrom(newestFirst, 'shop', [sinceGreen as never]).get(sinceGreen.id)?.output).toBe(
      'this one',
    )
    expect(rememberedFrom(newestFirst, 'nobody', [sinceGreen as never]).size).toBe(0)
  })
})
