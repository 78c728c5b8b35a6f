/** What the sweep makes of what it reads: the cases that a healthy server never shows. */

import { describe, expect, test } from 'vitest'
import { judge as judgeLog } from '../../../checks/logs/quiet.ts'
import { meaningOf, signatures } from '../../../checks/logs/signatures.ts'
import { exceptionAt } from '../../../checks/nginx/behind.ts'
import { nearest } from '../../../checks/nginx/correct-upstream.ts'
import { withoutLine } from '../../../checks/nginx/take-line-out.ts'
import { withMemoryLimit } from '../../../checks/services/memory-limit.ts'
import { judgeSteady, parseDeath } from '../../../checks/services/state.ts'
import { judgePage } from '../../../checks/site/from-outside.ts'
import { bySymptom } from '../../../runbooks/by-symptom.ts'
import { troubleshooting } from '../../../runbooks/troubleshooting.ts'
import type { Container } from '../../../src/facts/containers.ts'
import { type DatabaseSession, rootBlockers } from '../../../src/facts/postgres-condition.ts'
import { checksOf } from '../../../src/model/runbook.ts'

const checks = checksOf(troubleshooting)
const ids = new Set(checks.map(({ id }) => id))

describe('the sweep as it is declared', () => {
  test('has more than a hundred checks', () => {
    expect(checks.length).toBeGreaterThan(100)
  })

  test('what a check explains, and what watches a log line, are checks that are in it', () => {
    const named = checks.flatMap(({ id, explains = [] }) => explains.map(other => `${id} → ${other}`))
    expect(named.filter(line => !ids.has(line.split(' → ')[1] ?? ''))).toEqual([])
    expect(signatures.flatMap(({ watchedBy }) => watchedBy ?? []).filter(id => !ids.has(id))).toEqual([])
  })

  test('no check explains one that it stands after: a consequence is not its own cause', () => {
    const turned = checks.flatMap(({ id, after = [], explains = [] }) =>
      explains.filter(other => after.includes(other)).map(other => `${id} → ${other}`),
    )
    expect(turned).toEqual([])
  })

  test('each entry by symptom is a part of it, with what its checks stand after', () => {
    expect(bySymptom.map(({ id }) => id)).toHaveLength(9)
    for (const entry of bySymptom) {
      const own = checksOf(entry)
      expect(own.length).toBeGreaterThan(10)
      expect(own.length).toBeLessThan(checks.length)
    }
  })
})

const container: Container = {
  id: 'a'.repeat(64),
  name: 'webshop-celery-1',
  project: 'webshop',
  service: 'celery',
  isOneOff: false,
  configHash: '',
  image: 'shop:1',
  imageId: 'sha256:1',
  status: 'running',
  exitCode: 0,
  outOfMemory: false,
  error: '',
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '0001-01-01T00:00:00Z',
  health: 'healthy',
  failingStreak: 0,
  healthOutput: '',
  restarts: 0,
  restartPolicy: 'unless-stopped',
  memoryLimit: 32 * 2 ** 20,
  user: '',
  privileged: false,
  readOnly: false,
  capDrop: [],
  logDriver: 'json-file',
  logOptions: {},
  logPath: '',
  processId: 1,
  networks: [],
  published: [],
  mounts: [],
}

describe('a container that Docker restarts', () => {
  test('is a loop while it goes on, and history once it is up and well', () => {
    const loop = { ...container, status: 'restarting', restarts: 4, exitCode: 2 }
    expect(judgeSteady(loop, [])).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('4 times'),
    })
    const young = { ...container, restarts: 4, health: 'starting', startedAt: new Date().toISOString() }
    expect(judgeSteady(young, []).status).toBe('fail')
    expect(judgeSteady({ ...container, restarts: 4 }, []).status).toBe('pass')
  })

  test('for want of memory is told as that, with its limit', () => {
    const killed = { ...container, status: 'restarting', restarts: 2, exitCode: 137, outOfMemory: true }
    expect(judgeSteady(killed, []).summary).toContain('at its limit of 32 MB')
  })

  test('between two deaths it is judged by the last of them, as Docker’s events have it', () => {
    const up = {
      ...container,
      restarts: 4,
      exitCode: 0,
      health: 'starting',
      startedAt: new Date().toISOString(),
    }
    const judged = (events: string) => judgeSteady({ ...up, ...parseDeath(events) }, []).summary
    expect(judged('oom <no value>\ndie 137\n')).toContain('at its limit of 32 MB')
    expect(judged('die 2\ndie 137\n')).toContain('at its limit of 32 MB')
    expect(judged('die 137\ndie 2\n')).toContain('4 times by now (exit status 2)')
    // Killed without a limit: by somebody, and not for want of memory.
    expect(judgeSteady({ ...up, memoryLimit: 0, ...parseDeath('die 137\n') }, []).summary).toContain(
      'exit status 137',
    )
    expect(parseDeath('')).toEqual({})
  })
})

test('a failing page is told with what was raised for it, and with nothing of another moment', () => {
  const raised = 'django.db.utils.ProgrammingError: column products_product.stock does not exist'
  const errors = [
    { at: 1000, text: 'ValueError: of an hour ago' },
    { at: 90_000, text: 'Traceback (most recent call last):' },
    { at: 90_010, text: raised },
    { at: 90_020, text: 'ERROR a log line that only speaks of one' },
  ]
  expect(exceptionAt(errors, 90_400)).toBe(raised)
  expect(exceptionAt(errors, 60_000)).toBeUndefined()
})

test('a memory limit is raised under its own service alone', () => {
  const file =
    'services:\n  web:\n    mem_limit: 64m\n  celery:\n    image: x\n    mem_limit: 32m\n\nvolumes:\n  a:\n'
  expect(withMemoryLimit(file, 'celery', 512)).toBe(file.replace('32m', '512m'))
  expect(withMemoryLimit(file, 'a', 512)).toBeNull()
  expect(withMemoryLimit(file, 'nobody', 512)).toBeNull()
})

test('a misspelt name is only corrected where one service alone can be meant', () => {
  expect(nearest('backnd', ['backend', 'frontend', 'db'])).toBe('backend')
  expect(nearest('celary', ['celery', 'celary2'])).toBeNull()
  expect(nearest('payments', ['backend', 'db'])).toBeNull()
})

test('a line is taken out where it is a whole directive', () => {
  const file = 'server {\n    listen 80;\n    bad on;\n}\n'
  expect(withoutLine(file, 3)).toContain('# taken out, nginx refuses it:     bad on;')
  expect(withoutLine(file, 1)).toBeNull()
  expect(withoutLine(file, 9)).toBeNull()
  // A missing semicolon is noticed a line later, or at the end of the file.
  expect(withoutLine('a 1;\nb 2\n', 3)).toBe('a 1;\n# taken out, nginx refuses it: b 2\n')
  expect(withoutLine('server {\n  b 2\n}\n', 3)).toBe('server {\n# taken out, nginx refuses it:   b 2\n}\n')
})

test('of sessions that wait for each other, the one that waits for nobody is the cause', () => {
  const session = (pid: number, waitsFor: number[]): DatabaseSession => ({
    pid,
    began: '',
    application: '',
    user: '',
    address: '',
    state: '',
    verb: '',
    transactionSeconds: 0,
    stateSeconds: 0,
    waitsFor,
  })
  const sessions = [session(1, [2]), session(2, [3]), session(3, []), session(4, [2]), session(5, [])]
  expect(rootBlockers(sessions).map(({ pid }) => pid)).toEqual([3])
})

describe('a log', () => {
  const line = (text: string) => ({ at: Date.now(), text })
  test('with errors that another check looks at is quiet, and says their cause', () => {
    const verdict = judgeLog([line('FATAL:  password authentication failed for user "shop"')], 60)
    expect(verdict).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining('refuses the password'),
    })
  })

  test('with an error that nobody knows is not', () => {
    expect(judgeLog([line('ERROR shop.tax Rate table is empty')], 60)).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining('Rate table is empty'),
    })
  })

  test.each([
    ['Port could not be cast to integer value as “aB3”', 'configuration/redis-password-usable'],
    ['FATAL:  sorry, too many clients already', 'postgres/connections-left'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'redis/memory-left'],
    [
      '[emerg] 1#1: host not found in upstream "backnd:8000" in /etc/nginx/conf.d/upstreams.conf:3',
      'nginx/names-known',
    ],
  ])('%s is looked at by %s', (text, check) => {
    expect(meaningOf(text)?.watchedBy).toBe(check)
  })
})

test('a gateway’s status is a failure, a question for the password is an answer', () => {
  const answered = (status: number) =>
    judgePage(
      { outcome: 'answered', status, location: '', server: '', cloudflare: false, body: '' },
      'the page',
      [503],
    )
  expect(answered(502).status).toBe('fail')
  expect(answered(503).status).toBe('pass')
  expect(answered(404).status).toBe('fail')
  expect(answered(401).status).toBe('pass')
  expect(judgePage({ outcome: 'refused', reason: '' }, 'the page', []).summary).toBe(
    'the page refuses connections',
  )
})
