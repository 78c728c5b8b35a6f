/**
 * `deploy` and `rollback` against a real shop: a good release goes in, one that never gets healthy is gone back from,
 * one that was never built is found out before anything changes.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { type Kneeboard, kneeboard, notGood, type Report } from './kneeboard.ts'
import { type Shop, waitUntilHealthy } from './shop/site.ts'

let lab: Lab
let server: LabServer
let shop: Shop

beforeAll(async () => {
  lab = await openLab()
  const started = await startShopServer(lab, { tag: 'v1.0.0' })
  server = started.server
  shop = started.shop
})
afterAll(async () => {
  await lab?.close()
})

/** The program with minutes shortened to seconds. */
function impatient(): Kneeboard {
  const on = kneeboard()
  writeFileSync(
    join(on.home, 'policy.json'),
    JSON.stringify({ deployFirstLookSeconds: 2, deployLastLookSeconds: 12 }),
    { mode: 0o600 },
  )
  return on
}

const deploy = (tag: string, on = impatient()) =>
  on.json(server, 'run', 'deploy', '--consent', 'disruptive', '--set', `releaseTag=${tag}`)
const outcomes = (report: Report) => report.actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`)

/** Image of every service of a release, and what .env names. */
const running = (): Promise<string> =>
  shop.run(`
    for service in backend celery celery-beat frontend; do
      docker inspect --format '{{.Config.Image}} {{.State.Health.Status}}' $(compose ps -q $service)
    done
    sed -n 's/^IMAGE_TAG=//p' .env
  `)
const everywhere = (tag: string): string =>
  [
    ...['backend', 'backend', 'backend', 'frontend'].map(
      name => `registry.lab/webshop-${name}:${tag} healthy\n`,
    ),
    `${tag}\n`,
  ].join('')

test('v1.0.0 to v1.1.0: backed up, migrated in the order that it needs, watched, and noted as good', async () => {
  const { report, exitCode, stderr } = await deploy('v1.1.0')
  expect(notGood(report), stderr).toEqual([])
  expect([exitCode, report.status]).toEqual([0, 'passed'])
  expect(outcomes(report)).toEqual([
    'deploy/note-known-good proven',
    'backup/back-up-now proven',
    'deploy/roll-out proven',
    'deploy/watch-release proven',
  ])
  expect(await running()).toBe(everywhere('v1.1.0'))
  const ledger = await server.must(`cut -f 2-4 /var/lib/kneeboard/releases.tsv`)
  expect(ledger).toBe('good\twebshop\tv1.0.0\ndeployed\twebshop\tv1.1.0\ngood\twebshop\tv1.1.0\n')
  const again = await deploy('v1.1.0')
  expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])
})

test('v1.3.0 never gets healthy: the old one keeps serving meanwhile, and the rollback that is offered puts all back', async () => {
  const failures: string[] = []
  const stop = watchVisitors(failures)
  const { report, exitCode } = await deploy('v1.3.0')
  await stop()
  expect(failures).toEqual([])
  expect([exitCode, report.status]).toEqual([2, 'failed'])
  expect(outcomes(report)).toContain('deploy/roll-out failed')
  expect(outcomes(report).at(-1)).toBe('rollback/roll-back proven')
  expect(report.checks.find(({ id }) => id === 'deploy/release-runs')?.summary).toContain(
    'v1.3.0 was tried and failed: backend does not become healthy with v1.3.0',
  )
  expect(await running()).toBe(everywhere('v1.1.0'))
  await waitUntilHealthy(server)
})

/** What a visitor of the API would have seen. */
function watchVisitors(failures: string[]): () => Promise<void> {
  let going = true
  const done = (async () => {
    while (going) {
      const { stdout } = await server.exec(
        `curl -sk -o /dev/null -w '%{http_code} %{exitcode}' --max-time 20 --resolve ${shop.domain}:443:127.0.0.1 https://${shop.domain}/api/products/`,
      )
      // An error page or a refused connection; a machine that is slow for all of us is none of the shop’s.
      if (/^[45]\d\d | 7$/.test(stdout)) failures.push(stdout)
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  })()
  return async () => {
    going = false
    await done
  }
}

test('a tag that was never built is found out before anything changes', async () => {
  const containers = await shop.run('compose ps -q | sort')
  const ledger = await server.must('cat /var/lib/kneeboard/releases.tsv')
  const { report, exitCode } = await deploy('v9.9.9')
  expect(exitCode).toBe(2)
  expect(report.diagnosis[0]).toMatchObject({ cause: 'deploy/tag-available' })
  expect(report.actions).toEqual([])
  expect(await shop.run('compose ps -q | sort')).toBe(containers)
  expect(await server.must('cat /var/lib/kneeboard/releases.tsv')).toBe(ledger)
})

test('v1.2.0 breaks pages while its health is green: the gate sees it, and going back alone is refused with the reason', async () => {
  const { report, exitCode } = await deploy('v1.2.0')
  expect(exitCode).toBe(2)
  const pages = report.checks.find(({ id }) => id === 'deploy/pages-answer')
  expect(pages?.summary).toContain('/api/products/ answers 500')
  expect(pages?.remedies.map(({ id }) => id)).toEqual(['rollback/roll-back'])
  const back = await impatient().json(server, 'check', 'rollback', '--set', 'rollbackTag=v1.1.0')
  expect(back.report.checks.find(({ id }) => id === 'rollback/schema-fits')).toMatchObject({
    status: 'fail',
    summary: expect.stringContaining('products.0007_warehouse is applied'),
  })
  await shop.run(`
    compose run --rm --no-deps -T backend python manage.py migrate --noinput products 0006 < /dev/null
    sed -i 's/^IMAGE_TAG=.*/IMAGE_TAG=v1.1.0/' .env
    compose up -d --no-deps backend frontend celery celery-beat
  `)
  await waitUntilHealthy(server)
  await shop.run('compose exec -T nginx nginx -s reload < /dev/null')
})

test('rollback without a ledger: from a release that never gets healthy to the one whose migrations are applied', async () => {
  await server.must('rm -f /var/lib/kneeboard/releases.tsv')
  await findFault('never-healthy').inject(server)
  const { report, exitCode, stderr } = await impatient().json(
    server,
    'run',
    'rollback',
    '--consent',
    'disruptive',
  )
  expect(notGood(report), stderr).toEqual([])
  expect([exitCode, report.status, outcomes(report)]).toEqual([0, 'passed', ['rollback/roll-back-to proven']])
  expect(await running()).toBe(everywhere('v1.1.0'))
  const again = await impatient().json(server, 'run', 'rollback', '--consent', 'disruptive')
  expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])
})
