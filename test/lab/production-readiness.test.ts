/**
 * `monitoring` and `production-readiness` against a real shop: what can be checked is checked, what a person has to say
 * is asked for and kept with the name and the time, and both pass once everything was done and said.
 */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { monitoring } from '../../runbooks/monitoring.ts'
import { productionReadiness } from '../../runbooks/production-readiness.ts'
import { checksOf } from '../../src/model/runbook.ts'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'
import type { Shop } from './shop/site.ts'
import { walk } from './walk.ts'

let lab: Lab
let server: LabServer
let shop: Shop

beforeAll(async () => {
  lab = await openLab()
  const started = await startShopServer(lab)
  server = started.server
  shop = started.shop
})
afterAll(async () => {
  await lab?.close()
})

const headless = (runbook: string) => kneeboard().json(server, 'run', runbook, '--consent', 'disruptive')
const production = { environment: 'production' } as const

test('without backup, drill and people it says what is missing, and nobody is spoken for', async () => {
  const { report, exitCode } = await headless('production-readiness')
  expect(exitCode).toBe(2)
  const status = new Map(report.checks.map(({ id, status: found }) => [id, found]))
  expect(status.get('readiness/backups-proven')).toBe('fail')
  expect(status.get('readiness/drill-fresh')).toBe('fail')
  expect(status.get('readiness/tested')).toBe('unknown')
  expect([...status].filter(([, found]) => found === 'fail')).toHaveLength(2)
  // A person is needed: without a terminal nothing is confirmed.
  expect(report.actions.every(({ outcome }) => outcome === null)).toBe(true)
  expect(await server.exec('cat /var/lib/kneeboard/confirmations.tsv')).not.toMatchObject({ exitCode: 0 })
})

test('an operator confirms, each with name and time; whoever declines is not counted', async () => {
  const checks = checksOf(monitoring).filter(({ id }) => id === 'monitoring/alert-payment-error')
  const declined = await walk(server, checks, { ...production, manual: async () => 'not-done' })
  expect(declined.outcomes).toEqual(['monitoring/alert-payment-error-confirm failed'])
  expect(declined.verdict('monitoring/alert-payment-error').status).toBe('unknown')
  const done = await walk(server, checks, {
    ...production,
    params: { confirmedBy: 'Ada Lovelace' },
    manual: async () => 'done',
  })
  expect(done.verdict('monitoring/alert-payment-error')).toMatchObject({
    status: 'pass',
    summary: expect.stringContaining('Ada Lovelace confirmed it on 20'),
  })
  const plan = done.asked[0]?.plan
  expect(plan?.actions.map(({ type }) => type)).toEqual(['run', 'ask', 'run'])
  const sent = done.events.find(event => event.type === 'action-finished' && event.index === 0)
  expect(JSON.stringify(sent)).toContain('sent: ')
})

test('with a backup, a drill and everybody’s word both runbooks pass, also without a terminal', async () => {
  for (const runbook of ['backup', 'restore-drill']) {
    const { report, stderr } = await headless(runbook)
    expect(notGood(report), `${runbook}: ${stderr}`).toEqual([])
  }
  const checks = [...checksOf(monitoring), ...checksOf(productionReadiness)]
  const once = [...new Map(checks.map(check => [check.id, check])).values()]
  await walk(server, once, {
    ...production,
    params: { confirmedBy: 'Ada Lovelace' },
    manual: async () => 'done',
  })
  for (const runbook of ['monitoring', 'production-readiness']) {
    const { report, exitCode } = await headless(runbook)
    expect(notGood(report)).toEqual([])
    expect([exitCode, report.status, report.actions]).toEqual([0, 'passed', []])
  }
})

test.each([
  ['world-published-db-port', 'readiness/ports-closed', ':5432'],
  ['no-healthcheck', 'readiness/limits', 'no health check: frontend'],
  ['wrong-env-permissions', 'configuration/env-files-private', 'others than the owner can read'],
])('%s is found by %s', async (name, check, words) => {
  const fault = findFault(name)
  await fault.inject(server)
  try {
    const seen = await walk(server, checksOf(productionReadiness), { ...production, mode: 'check' })
    expect(seen.verdict(check)).toMatchObject({ status: 'fail', summary: expect.stringContaining(words) })
  } finally {
    await fault.undo?.(server)
  }
})

test('a header left out, and a redirect that is gone, are named', async () => {
  await shop.run(`
    sed -i '/X-Frame-Options/d' nginx/conf.d/headers.inc
    sed -i 's/return 301 .*/return 200 "hello";/' nginx/conf.d/site.conf
    compose exec -T nginx nginx -s reload < /dev/null; sleep 1
  `)
  const seen = await walk(server, checksOf(productionReadiness), { ...production, mode: 'check' })
  expect(seen.verdict('readiness/security-headers').summary).toContain('X-Frame-Options: DENY')
  expect(seen.verdict('readiness/https-redirect').summary).toContain('answers 200')
})
