/** What the screens are given by the program: a shell's command, what is due, exports. */

import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cutOff, overdue, upcoming } from '../../../src/cli/due.ts'
import { exportRun } from '../../../src/cli/export-run.ts'
import type { StoredRun } from '../../../src/cli/history.ts'
import { digestOf, type RunDigest } from '../../../src/cli/run-digest.ts'
import { shellCommand } from '../../../src/cli/shell.ts'
import { readJournal } from '../../../src/engine/journal.ts'
import { check } from '../../../src/model/check.ts'
import { Failure } from '../../../src/model/failure.ts'
import { Target } from '../../../src/model/target.ts'
import { pass } from '../../../src/model/verdict.ts'
import { bookOf, fileIsThere, stage } from '../engine/stage.ts'

describe('the command of a shell', () => {
  const target = Target.parse({
    name: 'web-1',
    environment: 'staging',
    host: '203.0.113.5',
    user: 'deploy',
    port: 2222,
    identity: '/keys/id',
  })

  test('is OpenSSH’s, with the address, key and known hosts of the run', () => {
    expect(shellCommand(target, { knownHosts: '/a b/known', sshConfig: '/cfg' })).toEqual({
      program: 'ssh',
      words: [
        '-F',
        '/cfg',
        '-p',
        '2222',
        '-l',
        'deploy',
        '-i',
        '/keys/id',
        '-o',
        'UserKnownHostsFile="/a b/known"',
        '--',
        '203.0.113.5',
      ],
    })
  })

  test('prefers the key of this call', () => {
    expect(shellCommand(target, { identity: '/other' }).words).toContain('/other')
  })

  test('on this machine is the operator’s own shell', () => {
    const here = Target.parse({ name: 'here', environment: 'practice', host: 'localhost' })
    expect(shellCommand(here, {}, { SHELL: '/bin/zsh' })).toEqual({ program: '/bin/zsh', words: ['-i'] })
  })
})

const untouched = () => false

async function storedRun(isStopped: boolean): Promise<StoredRun> {
  const stop = new AbortController()
  const on = stage({
    signal: stop.signal,
    onEvent: event => {
      if (isStopped && event.type === 'connected') stop.abort()
    },
  })
  const state = await on.play(bookOf([fileIsThere('a/one', '/')]))
  return { path: on.journalPath, state, reading: readJournal(on.journalPath) }
}

describe('what waits for the operator', () => {
  test('is a run that was cut off', async () => {
    const run = digestOf(await storedRun(true))
    expect(cutOff([run], untouched)).toMatchObject([
      { kind: 'resume', subject: run.run, title: 'A runbook was cut off', target: { name: 'web-1' } },
    ])
  })

  test('is nothing when a later run of the same runbook there has looked at everything', async () => {
    const runs = [digestOf(await storedRun(false)), digestOf(await storedRun(true))]
    expect(cutOff(runs, untouched)).toEqual([])
  })

  test('is nothing that another process is still at', async () => {
    const run = digestOf(await storedRun(true))
    expect(cutOff([run], id => id === run.run)).toEqual([])
  })
})

describe('what checks ask to be looked at again', () => {
  async function reminded(at: string, start: () => string): Promise<RunDigest> {
    const on = stage()
    const reminding = check({
      id: 'drill/held',
      title: 'A drill was held',
      why: 'A test needs it.',
      params: z.object({}),
      probe: async () => pass(start(), { due: { at, runbook: 'restore-drill', title: 'Restore drill' } }),
    })
    const state = await on.play(bookOf([reminding]))
    return digestOf({ path: on.journalPath, state, reading: readJournal(on.journalPath) })
  }
  const now = Date.parse('2026-11-21T12:00:00Z')

  test('waits for the operator from its day on, and is said beforehand until then', async () => {
    const run = await reminded('2026-11-20T00:00:00Z', () => 'held')
    expect(overdue([run], now)).toMatchObject([
      { kind: 'runbook', subject: 'restore-drill', title: 'Restore drill is due', target: { name: 'web-1' } },
    ])
    expect(upcoming([run], 'web-1', now)).toEqual([])
    const earlier = Date.parse('2026-11-01T00:00:00Z')
    expect(overdue([run], earlier)).toEqual([])
    expect(upcoming([run], 'web-1', earlier)).toEqual([
      { title: 'Restore drill', at: '2026-11-20T00:00:00Z', runbook: 'restore-drill' },
    ])
    expect(upcoming([run], 'web-2', earlier)).toEqual([])
  })

  test('is what the newest run says', async () => {
    const old = await reminded('2026-10-01T00:00:00Z', () => 'held in August')
    const fresh = await reminded('2026-12-01T00:00:00Z', () => 'held in October')
    expect(overdue([fresh, old], now)).toEqual([])
    expect(upcoming([fresh, old], 'web-1', now)).toHaveLength(1)
  })
})

describe('an export', () => {
  test('is a file of the owner’s alone, named after the run, and never written over another', async () => {
    const run = await storedRun(false)
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-export-'))
    const path = exportRun(run, 'markdown', folder)
    expect(path).toBe(join(folder, `kneeboard-a-runbook-web-1-${run.state.run}.md`))
    expect(readFileSync(path, 'utf8')).toContain('# A runbook on web-1: passed')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(() => exportRun(run, 'markdown', folder)).toThrow(Failure)
  })

  test.each(['html', 'json', 'jsonl', 'plain'] as const)('can be %s', async format => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-export-'))
    expect(readFileSync(exportRun(await storedRun(false), format, folder), 'utf8')).toContain('web-1')
  })
})
