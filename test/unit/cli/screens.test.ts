/** What the screens are given by the program: a shell's command, what is due, exports. */

import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cutOff } from '../../../src/cli/due.ts'
import { exportRun } from '../../../src/cli/export-run.ts'
import type { StoredRun } from '../../../src/cli/history.ts'
import { shellCommand } from '../../../src/cli/shell.ts'
import { readJournal } from '../../../src/engine/journal.ts'
import { Failure } from '../../../src/model/failure.ts'
import { Target } from '../../../src/model/target.ts'
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
    const run = await storedRun(true)
    expect(cutOff([run])).toMatchObject([
      { kind: 'resume', subject: run.state.run, title: 'A runbook was cut off', target: { name: 'web-1' } },
    ])
  })

  test('is nothing when a later run of the same runbook there has looked at everything', async () => {
    expect(cutOff([await storedRun(false), await storedRun(true)])).toEqual([])
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
