/** The monthly drill on a real shop: held, measured, removed; and what makes it fail. */

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeBackup, sqlIn, tablesOf } from './backup-by-hand.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { type Kneeboard, kneeboard, notGood } from './kneeboard.ts'

let lab: Lab
let server: LabServer

beforeAll(async () => {
  lab = await openLab()
  server = (await startShopServer(lab)).server
})
afterAll(async () => {
  await lab?.close()
})
beforeEach(async () => {
  await server.must('rm -rf /opt/webshop/backups/* /var/lib/kneeboard/drills*')
})

const STAGING = ['--environment', 'staging']
const hold = (on: Kneeboard) => on.json(server, 'run', 'restore-drill', ...STAGING, '--consent', 'reversible')

/** Containers, volumes, networks and scratch directories: what a drill could leave. */
const inDocker = () =>
  server.must('docker ps -aq | sort; docker volume ls -q | sort; docker network ls -q | sort; ls /tmp')

test('a drill is held, measured against its targets, written down, and leaves nothing', async () => {
  const on = kneeboard()
  await sqlIn(
    server,
    "INSERT INTO orders_order (email, status, total, created_at) VALUES ('visitor@webshop.test', 'open', 12, now())",
  )
  const { name } = await makeBackup(server)
  // Somebody's own backup is newer, and is not what the drill is about.
  await makeBackup(server, { madeBy: 'run' })
  const [before, live] = [await inDocker(), await tablesOf(server, 'webshop_prod')]

  const { exitCode, report } = await hold(on)
  expect(notGood(report)).toEqual([])
  expect([
    exitCode,
    report.status,
    report.actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`),
  ]).toEqual([0, 'passed', ['drill/hold proven']])
  const said = (id: string) => report.checks.find(check => check.id === id)?.summary ?? ''
  expect(said('drill/held')).toContain(name)
  expect(said('drill/rows')).toMatch(/^16 tables with 85\d+ rows, counted and summed$/)
  expect(said('drill/business')).toMatch(/is there, .*; \d+ sums of closed months agree/)
  expect(said('drill/control')).toMatch(/^half of the backup was refused: could not read from input file/)
  expect(said('drill/recovery-time')).toMatch(
    / s from the decision to an answer: deciding .*restoring .*booting /,
  )
  expect(said('drill/recovery-point')).toMatch(/of business would be lost$/)
  expect(await inDocker()).toBe(before)
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)

  const [line = ''] = (await server.must('cat /var/lib/kneeboard/drills.jsonl')).trim().split('\n')
  const held = JSON.parse(line) as Record<string, unknown>
  expect(held).toMatchObject({ backup: name, failed: [] })
  expect(held.recoverySeconds).toBeGreaterThan(5)
  expect(held.pointSeconds).toBeGreaterThanOrEqual(0)

  // The same evening: it has been held, and is not held again.
  const again = await hold(on)
  expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])

  const markdown = await on.run('runs', 'export', 'last', '--format', 'markdown')
  expect(markdown.stdout).toMatch(/Recovery time .*4 h/)
  expect(markdown.stdout).toMatch(/Recovery point .*60 min/)
})

test('a backup of the automation that was cut off fails the drill at its first rung', async () => {
  const { path } = await makeBackup(server)
  await server.must(`truncate -s 700000 ${path}`)
  const before = await inDocker()
  const { exitCode, report } = await hold(kneeboard())
  expect(exitCode).toBe(2)
  expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['drill/readable'])
  expect(report.checks.find(({ id }) => id === 'drill/readable')?.summary).toBe(
    'the file is not what was written: its SHA-256 is another',
  )
  expect(report.checks.find(({ id }) => id === 'drill/recovery-time')?.status).toBe('skipped')
  expect(await inDocker()).toBe(before)
})

test('a manifest that does not fit what restores fails the drill at its rows', async () => {
  const { path } = await makeBackup(server)
  await server.must(
    `sed -i 's/"public.orders_order", "rows" : [0-9]*/"public.orders_order", "rows" : 7/' ${path}.manifest.json`,
  )
  const { exitCode, report } = await hold(kneeboard())
  expect(exitCode).toBe(2)
  expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['drill/rows'])
  expect(report.checks.find(({ id }) => id === 'drill/rows')?.summary).toMatch(
    /orders_order has \d+ rows and not 7/,
  )
})

test('a drill that was killed in its middle leaves something behind, which is found and removed', async () => {
  await makeBackup(server)
  await server.must(`
    docker volume create --label kneeboard.drill=20261101t030000z kneeboard-drill-20261101t030000z-data
    docker create --label kneeboard.drill=20261101t030000z --name kneeboard-drill-20261101t030000z-db -v kneeboard-drill-20261101t030000z-data:/data postgres:15
  `)
  const { exitCode, report } = await hold(kneeboard())
  expect(notGood(report)).toEqual([])
  expect([exitCode, report.actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`)]).toEqual([
    0,
    ['drill/hold proven', 'drill/remove-leftovers proven'],
  ])
  expect(await server.must('docker ps -a --format {{.Names}}; docker volume ls -q')).not.toContain(
    'kneeboard-drill',
  )
})

test('without a backup of the automation there is no drill', async () => {
  await makeBackup(server, { madeBy: 'run' })
  const { exitCode, report } = await hold(kneeboard())
  expect(exitCode).toBe(2)
  expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['drill/backup-by-automation'])
  expect(report.actions).toEqual([])
})
