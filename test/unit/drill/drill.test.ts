/** What a drill's checks make of what it wrote down, and its job as shell text. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { drillScript } from '../../../checks/drill/drill-script.ts'
import { drillTrend, trendWords } from '../../../checks/drill/due.ts'
import { drillHeld, drillRemoved } from '../../../checks/drill/held.ts'
import { drillParams } from '../../../checks/drill/parameters.ts'
import { backupByAutomation, roomForDrill } from '../../../checks/drill/ready.ts'
import { judgePoint, recoveryTime } from '../../../checks/drill/recovery.ts'
import { boots, businessTruths, integrity, readable } from '../../../checks/drill/rungs.ts'
import type { Backup, BackupSummary } from '../../../src/facts/backups.ts'
import { type DrillRecord, parseDrills } from '../../../src/facts/drill-record.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { given } from '../docker/given.ts'

const held = parseDrills(readFileSync(new URL('./captured/drills.txt', import.meta.url), 'utf8'))
const record = held.last as DrillRecord
const params = drillParams.parse({})

const manifest: BackupSummary = {
  format: 1,
  madeBy: 'timer',
  startedAt: '2026-11-21T13:29:57Z',
  finishedAt: '2026-11-21T13:29:57Z',
  database: 'webshop_prod',
  serverVersion: '15.20',
  dumpVersion: '15.20',
  archive: '1.14-0',
  bytes: 1_482_410,
  sha256: record.sha256,
  databaseBytes: 25_451_879,
  newestBusinessRow: {
    table: 'public.orders_order',
    column: 'created_at',
    at: new Date((record.newest ?? 0) * 1000).toISOString(),
  },
  images: [],
  migrations: [],
}
const backup = (changed: Partial<Backup> = {}): Backup => ({
  path: '/opt/webshop/backups/webshop-20261121T132957Z.dump',
  name: 'webshop-20261121T132957Z.dump',
  kind: 'custom',
  bytes: 1_482_410,
  mode: '600',
  owner: 'root',
  takenAt: '2026-11-21T13:29:57Z',
  ageSeconds: 600,
  checksum: record.sha256,
  manifest,
  manifestProblem: null,
  ...changed,
})
const context = (
  changed: Partial<DrillRecord> = {},
  more: Record<string, unknown> = {},
  backups: readonly Backup[] = [backup()],
) =>
  given(params, {
    facts: {
      backups,
      'drill/records': { ...held, last: { ...record, ...changed } },
      'drill/leftovers': { names: [] },
      'drill/room': { memory: 8e9, disk: 50e9 },
      ...more,
    },
  })

test('a drill is read as the lab’s server wrote it down', () => {
  expect(record).toMatchObject({
    stamp: '20261121t133018z',
    recoverySeconds: 44.5,
    amcheck: 'sound',
    invalid: 0,
    behind: 0,
    months: 8,
    monthsDiffer: '',
    left: '0 containers, 0 volumes',
  })
  expect(Object.keys(record.rungs)).toEqual(['readable', 'restored', 'boots', 'control'])
  expect(Object.keys(record.seconds)).toEqual([
    'reading',
    'starting',
    'restoring',
    'checking',
    'booting',
    'control',
    'removing',
  ])
  expect(record.migrations).toContainEqual({ app: 'products', name: '0006_generate_skus' })
  expect(held.history.map(({ failed }) => failed)).toEqual([['restored'], []])
})

test('nothing was held, or a line was cut off: an empty history', () => {
  expect(parseDrills('now 5\nhistory {"stamp":"2026\n')).toEqual({ now: 5, history: [], last: null })
})

describe('before', () => {
  test('only what the timer made counts, and only while it is fresh', async () => {
    const own = backup({ manifest: { ...manifest, madeBy: 'run' } })
    expect(await backupByAutomation.probe(context({}, {}, [own]))).toMatchObject({ status: 'fail' })
    expect(await backupByAutomation.probe(context({}, {}, [own, backup()]))).toMatchObject({ status: 'pass' })
    const old = backup({ ageSeconds: 27 * 3600 })
    expect(await backupByAutomation.probe(context({}, {}, [old]))).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('is 27 hours old'),
    })
  })
  test('a drill that does not fit beside the shop is not begun', async () => {
    const room = (memory: number, disk: number) =>
      roomForDrill.probe(context({ endedAt: null }, { 'drill/room': { memory, disk } }))
    expect(await room(8e9, 50e9)).toMatchObject({ status: 'pass' })
    expect(await room(1e9, 50e9)).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('of memory'),
    })
    expect(await room(8e9, 1e6)).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('of disk'),
    })
    await expect(room(Number.NaN, 1e9)).rejects.toThrow('could not be read')
  })
})

describe('whether it was held', () => {
  const at = (changed: Partial<DrillRecord>) => drillHeld.probe(context(changed))
  test('with this very backup, to its end', async () => {
    expect(await at({})).toMatchObject({ status: 'pass' })
    expect(await at({ sha256: 'f'.repeat(64) })).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'drill/hold' }],
    })
    expect(await at({ endedAt: null })).toMatchObject({ status: 'fail', remedies: [{ id: 'drill/hold' }] })
  })
  test('one that failed is not repeated at once, and offered again later', async () => {
    const rungs = { ...record.rungs, boots: { ok: false, words: 'it does not answer' } }
    expect(await at({ rungs, endedAt: held.now - 60 })).toMatchObject({ status: 'pass' })
    expect(await at({ rungs, endedAt: held.now - 900 })).toMatchObject({
      status: 'fail',
      summary: 'the drill 15 minutes ago failed: it does not answer',
    })
  })
})

describe('the ladder', () => {
  test('a rung that was not reached has failed', async () => {
    expect(await readable.probe(context({ rungs: {} }))).toMatchObject({ status: 'fail' })
    expect(await boots.probe(context({ rungs: { boots: { ok: false, words: 'no answer' } } }))).toMatchObject(
      {
        status: 'fail',
        summary: 'no answer',
      },
    )
    expect(await recoveryTime.probe(context({ recoverySeconds: null }))).toMatchObject({ status: 'fail' })
    expect(await integrity.probe(context({ amcheck: 'absent' }))).toMatchObject({ status: 'fail' })
    expect(await integrity.probe(context({ invalid: null }))).toMatchObject({ status: 'fail' })
  })
  test('the manifest’s newest row has to be there, and closed months have to agree', async () => {
    expect(await businessTruths.probe(context())).toMatchObject({ status: 'pass', measured: '8 sums' })
    expect(await businessTruths.probe(context({ newest: (record.newest ?? 0) - 60 }))).toMatchObject({
      status: 'fail',
    })
    expect(
      await businessTruths.probe(context({ monthsDiffer: 'public.payments_payment.amount 2026-09 1 2' })),
    ).toMatchObject({
      status: 'fail',
      telling: 'public.payments_payment.amount 2026-09 1 2',
    })
  })
  test('the recovery time is told by phase, as a figure with its target', async () => {
    const verdict = await recoveryTime.probe(context())
    expect(verdict).toMatchObject({
      status: 'pass',
      summary: expect.stringMatching(
        /^45 s from the decision to an answer: deciding 1\.0 s, .*restoring 3\.9 s.*booting 17 s$/,
      ),
    })
    expect(verdict.figures?.[0]).toEqual({ name: 'Recovery time', value: 44.5, unit: 's', target: 14_400 })
    expect(await recoveryTime.probe(context({ recoverySeconds: 15_000 }))).toMatchObject({ status: 'fail' })
  })
  test('the recovery point: within its target, past it, and a quiet shop', () => {
    const at = (age: number, liveAge: number | null) =>
      judgePoint(
        {
          ...record,
          newest: record.decidedAt - age,
          liveNewest: liveAge === null ? null : record.decidedAt - liveAge,
        },
        defaultPolicy,
      )
    expect(at(1800, 10)).toMatchObject({ status: 'pass', measured: '30 min' })
    expect(at(30_000, 10)).toMatchObject({ status: 'fail', measured: '8 h 20 min' })
    expect(at(30_000, 30_000)).toMatchObject({ status: 'pass', measured: '0 s' })
    // What the live database says could not be read: then silence is no excuse.
    expect(at(30_000, null)).toMatchObject({ status: 'fail' })
    expect(judgePoint({ ...record, newest: null }, defaultPolicy)).toMatchObject({ status: 'fail' })
  })
})

test('what is left behind is named, and removed by its label alone', async () => {
  const left = { 'drill/leftovers': { names: ['container kneeboard-drill-x-db'] } }
  expect(await drillRemoved.probe(context({}, left))).toMatchObject({
    status: 'fail',
    summary: 'left behind: container kneeboard-drill-x-db',
    remedies: [{ id: 'drill/remove-leftovers' }],
  })
  expect(await drillRemoved.probe(context())).toMatchObject({ status: 'pass' })
})

test('the next one has its day, and the times before it are told', async () => {
  expect(await drillTrend.probe(context())).toMatchObject({
    status: 'pass',
    due: { runbook: 'restore-drill', at: '2026-12-22T13:31:11.000Z' },
  })
  expect(trendWords(held.history)).toBe('recovery times so far: not reached, 45 s')
  expect(trendWords(held.history.slice(0, 1))).toBe('the first drill here')
})

test('the job parses, holds no secret, and has no network', () => {
  const { text } = drillScript({
    stamp: '20261121t133018z',
    decidedAt: 1_795_267_818,
    backup: backup(),
    liveName: 'web"shop',
    database: 'd0',
    backend: 'b0',
    redis: 'r0',
    databaseHost: 'db',
    redisHost: 'redis',
    volumeTarget: '/var/lib/postgresql/data',
    dataDirectory: '/var/lib/postgresql/data',
    databaseMemoryMB: 1024,
    applicationMemoryMB: 768,
    processors: 1,
    tables: 16,
    port: 8000,
    healthPath: '/api/health/',
  })
  expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' }).stderr).toBe('')
  const runs = text.split('\n').filter(line => line.includes('docker run'))
  expect(runs).toHaveLength(3)
  for (const line of runs) {
    expect(line).toContain('--label "$label"')
    expect(line).toMatch(/--network (none|"container:\$name-db")/)
  }
  expect(text.match(/--memory /g)).toHaveLength(3)
  expect(text).not.toMatch(/requirepass [^"\s]*\$\{?pass/)
})
