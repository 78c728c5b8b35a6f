/** The practice server behind the ordinary command line: real SSH on loopback, real verdicts, remedies that mend. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { scenarios } from '../../src/practice/scenarios/index.ts'
import { practiceServer } from '../../src/practice/start.ts'

const PROGRAM = fileURLToPath(new URL('../../src/kneeboard.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'kneeboard-practice-test-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

interface Report {
  readonly status: string
  readonly checks: readonly { readonly id: string; readonly status: string; readonly summary: string }[]
  readonly diagnosis: readonly { readonly cause: string }[]
}

function kneeboard(...words: string[]): Promise<{ code: number | null; report: Report }> {
  const child = spawn(process.execPath, [PROGRAM, ...words, '--format', 'json'], {
    env: { ...process.env, KNEEBOARD_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.on('data', data => {
    out += data
  })
  return new Promise(resolve =>
    child.on('close', code => resolve({ code, report: JSON.parse(out || '{}') as Report })),
  )
}

test('a bare server is set up without anybody at the screen', { timeout: 300_000 }, async () => {
  const { code, report } = await kneeboard('run', 'server-setup', '-t', 'practice', '--consent', 'disruptive')
  expect(report.checks.filter(({ status }) => status !== 'pass' && status !== 'not-applicable')).toEqual([])
  expect(code).toBe(0)
})

test('nothing is wrong with the healthy shop', { timeout: 120_000 }, async () => {
  const { report } = await kneeboard('check', 'troubleshooting', '-t', 'practice:healthy-shop')
  expect(report.checks.filter(({ status }) => !['pass', 'not-applicable'].includes(status))).toEqual([])
  expect(report.status).toBe('passed')
})

describe('each incident has its cause at the head of the diagnosis', () => {
  for (const { name, cause, runbook } of scenarios.filter(each => each.cause !== undefined)) {
    if (runbook !== 'troubleshooting' || name === 'surprise') continue
    test(name, { timeout: 120_000 }, async () => {
      const { report } = await kneeboard('check', runbook, '-t', `practice:${name}`)
      expect(report.diagnosis[0]?.cause).toBe(cause)
    })
  }
})

describe('what a runbook offers mends what it can', () => {
  for (const { name, mends = [] } of scenarios) {
    if (mends.length === 0 || name === 'surprise') continue
    test(name, { timeout: 180_000 }, async () => {
      const { code } = await kneeboard(
        'run',
        'troubleshooting',
        '-t',
        `practice:${name}`,
        '--consent',
        'disruptive',
      )
      expect(code).toBe(0)
    })
  }
})

test('the server answers soon, stays small, and ends with whoever started it', {
  timeout: 60_000,
}, async () => {
  const server = await practiceServer('bare')
  expect(server.target.environment).toBe('practice')
  expect(server.target.host).toBe('127.0.0.1')
  expect(await server.ask('healthy')).toBe(true)
  expect(Number(await server.ask('memory'))).toBeLessThan(150 * 1024 ** 2)
  server.stop()
})

test('practising without a terminal is refused in one sentence, and the scenarios can be listed', async () => {
  const run = (...words: string[]): Promise<{ code: number | null; out: string; err: string }> => {
    const child = spawn(process.execPath, [PROGRAM, 'practice', ...words], {
      env: { ...process.env, KNEEBOARD_HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', data => {
      said.out += data
    })
    child.stderr.on('data', data => {
      said.err += data
    })
    return new Promise(resolve => child.on('close', code => resolve({ code, ...said })))
  }
  const refused = await run('full-disk')
  expect(refused.code).toBe(64)
  expect(refused.err).toMatch(
    /^kneeboard: practising needs a terminal; [^\n]+ -t practice:full-disk[^\n]+\.\n$/,
  )
  expect((await run()).err).toContain('-t practice:SCENARIO')
  expect(await run('nothing-like-this')).toMatchObject({
    code: 64,
    err: expect.stringContaining('There are: bare'),
  })
  const listed = await run('--list')
  expect(listed.code).toBe(0)
  for (const { name, title } of scenarios) expect(listed.out).toMatch(new RegExp(`^${name} +${title}`, 'm'))
})

test('there is no scenario of another name', async () => {
  const { code } = await kneeboard('check', 'system/disk-space', '-t', 'practice:nothing-like-this')
  expect(code).toBe(64)
})
