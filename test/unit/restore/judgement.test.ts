/** What a restore's checks make of what they read. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backupChosen } from '../../../checks/restore/backup-chosen.ts'
import { readHealth } from '../../../checks/restore/health.ts'
import { chosenBackup, lasting, restoreParams, sized } from '../../../checks/restore/parameters.ts'
import { restoredBeside } from '../../../checks/restore/restored-beside.ts'
import { differences, rowsMatch } from '../../../checks/restore/rows-match.ts'
import { spaceForCopy } from '../../../checks/restore/space.ts'
import type { Backup } from '../../../src/facts/backups.ts'
import {
  databasesOf,
  MARK,
  markerIn,
  type RestoreMarker,
  type Row,
} from '../../../src/facts/restore-databases.ts'
import { lossWords } from '../../../src/facts/restore-loss.ts'
import { compareMigrations, parseImageMigrations } from '../../../src/facts/restore-migrations.ts'
import { parseRecords } from '../../../src/facts/restore-record.ts'
import { writersOf } from '../../../src/facts/restore-writers.ts'
import { given } from '../docker/given.ts'

const captured = (name: string): string =>
  readFileSync(new URL(`./captured/${name}.txt`, import.meta.url), 'utf8')
const params = restoreParams.parse({})
const NOW = 1_795_270_000

const marker: RestoreMarker = {
  phase: 'restored',
  of: 'webshop',
  backup: 'webshop-20261121T121443Z.dump',
  bytes: 1000,
  sha256: 'a'.repeat(64),
  takenAt: '2026-11-21T12:14:43Z',
  stamp: '20261121t131531z',
}
const comment = (changed: Partial<RestoreMarker> = {}): string =>
  MARK + JSON.stringify({ ...marker, ...changed })

const row = (name: string, changed: Partial<Row> = {}): Row => ({
  name,
  owner: 'webshop',
  bytes: 25_000_000,
  allows: true,
  comment: '',
  slots: 0,
  prepared: 0,
  restoring: 0,
  version: '15.20',
  now: NOW,
  ...changed,
})

const backup = (changed: Partial<Backup> = {}): Backup => ({
  path: '/opt/webshop/backups/webshop-20261121T121443Z.dump',
  name: 'webshop-20261121T121443Z.dump',
  kind: 'custom',
  bytes: 1000,
  mode: '600',
  owner: 'root',
  takenAt: '2026-11-21T12:14:43Z',
  ageSeconds: 7200,
  checksum: 'a'.repeat(64),
  manifest: null,
  manifestProblem: null,
  ...changed,
})
const newer = backup({ name: 'webshop-20261121T150000Z.dump', checksum: 'b'.repeat(64), ageSeconds: 600 })

const facts = (rows: readonly Row[], backups: readonly Backup[], more: Record<string, unknown> = {}) => ({
  facts: { 'restore/databases': databasesOf(rows, 'webshop'), backups, ...more },
})
const choose = (rows: readonly Row[], backups: readonly Backup[], name = 'newest') =>
  chosenBackup(given({ ...params, backup: name }, facts(rows, backups)))

describe('which backup is meant', () => {
  test('the newest, while nothing was begun', async () => {
    expect(await choose([row('webshop')], [newer, backup()])).toMatchObject({
      name: newer.name,
      copy: null,
      restored: null,
    })
  })
  test('the one whose whole copy stands beside, whatever was saved since', async () => {
    const rows = [row('webshop'), row('restore_20261121t131531z', { comment: comment() })]
    expect(await choose(rows, [newer, backup()])).toMatchObject({
      name: backup().name,
      copy: { name: 'restore_20261121t131531z' },
      restored: null,
    })
  })
  test('a copy that is not whole, or of another file of the same name, is none', async () => {
    const unfinished = row('restore_x', { comment: comment({ phase: 'restoring' }) })
    expect(await choose([row('webshop'), unfinished], [backup()])).toMatchObject({ copy: null })
    const replaced = row('restore_x', { comment: comment({ sha256: 'c'.repeat(64) }) })
    expect(await choose([row('webshop'), replaced], [backup()])).toMatchObject({ copy: null })
  })
  test('the one that was swapped in lately; after a day, the newest again', async () => {
    const live = (hours: number) =>
      row('webshop', { comment: `the shop\n${comment({ swappedAt: NOW - hours * 3600 })}` })
    expect(await choose([live(2)], [newer, backup()])).toMatchObject({
      name: backup().name,
      restored: { name: 'webshop' },
    })
    expect(await choose([live(25)], [newer, backup()])).toMatchObject({ name: newer.name, restored: null })
  })
  test('one that is named, and only that', async () => {
    const rows = [row('webshop', { comment: comment({ swappedAt: NOW - 60 }) })]
    expect(await choose(rows, [newer, backup()], newer.name)).toMatchObject({
      name: newer.name,
      restored: null,
    })
    await expect(choose(rows, [backup()], 'nothing.dump')).rejects.toThrow('there is no backup nothing.dump')
  })
  test('a database that was undone is neither a copy nor the restored one', async () => {
    const undone = row('undone_20261121t131531z', { comment: comment({ phase: 'undone' }) })
    expect(await choose([row('webshop'), undone], [backup()])).toMatchObject({ copy: null, restored: null })
  })
})

test('a marker is the last line of a comment, and somebody else’s words are none', () => {
  expect(markerIn(`the shop\n${comment()}`)).toEqual(marker)
  for (const text of ['', 'the shop', `${comment()}\nand more`, `${MARK}{"phase":"restored"}`, `${MARK}{`])
    expect(markerIn(text)).toBeNull()
})

test('an empty backup and a missing one are named, with what else there is', async () => {
  const empty = await backupChosen.probe(
    given(params, facts([row('webshop')], [backup({ name: 'new.dump', bytes: 0 }), backup()])),
  )
  expect(empty).toMatchObject({
    status: 'fail',
    summary: expect.stringContaining('new.dump is empty'),
    advice: expect.stringContaining('webshop-20261121T121443Z.dump (2 hours old)'),
  })
  const none = await backupChosen.probe(given(params, facts([row('webshop')], [])))
  expect(none).toMatchObject({ status: 'fail', summary: 'there is no backup in /opt/webshop/backups' })
  const good = await backupChosen.probe(given(params, facts([row('webshop')], [backup()])))
  expect(good).toMatchObject({ status: 'pass', measured: '2 hours old, 1 kB' })
})

test('room is reckoned from the live database, its copy and the log', async () => {
  const probe = (freeBytes: number) =>
    spaceForCopy.probe(
      given(params, facts([row('webshop')], [backup()], { 'restore/database-disk': { freeBytes } })),
    )
  expect(await probe(60_000_000)).toMatchObject({ status: 'pass', expected: '55.0 MB' })
  expect(await probe(50_000_000)).toMatchObject({
    status: 'fail',
    summary: 'the database’s disk has 50.0 MB free, and a restore beside it needs about 55.0 MB',
  })
})

describe('what the job wrote down', () => {
  const [record] = parseRecords(captured('records'))

  test('figures, phases and the end, as the lab’s server wrote them', () => {
    expect(record).toMatchObject({
      stamp: '20261121t131531z',
      outcome: 'done',
      phase: 'amcheck',
      amcheck: 'sound',
    })
    expect(record?.tables).toHaveLength(16)
    expect(record?.highest).toContainEqual({ table: 'public.orders_order', column: 'id', highest: 20000 })
    expect(record?.seconds).toEqual({
      reading: 0.4,
      restoring: 5.7,
      analysing: 2,
      counting: 2.6,
      amcheck: 3.8,
    })
  })

  test('a restore that failed says so at the check that wants the copy', async () => {
    const text = `@ 20261121t140000z\nbackup ${backup().name}\nstarted ${NOW - 300}\nphase restoring 5.00\nsaid it could not be restored\nsaid psql:<stdin>:812: ERROR:  invalid input syntax\nended failed ${NOW - 240}\n`
    const verdict = await restoredBeside.probe(
      given(params, facts([row('webshop')], [backup()], { 'restore/records': parseRecords(text) })),
    )
    expect(verdict).toMatchObject({
      status: 'fail',
      summary: expect.stringMatching(
        /4 minutes ago ended while restoring, and nothing of it was kept: psql:<stdin>:812: ERROR/,
      ),
      remedies: [{ id: 'restore/restore-beside' }],
    })
  })

  test('rows are held against the backup, and what cannot be held against anything is no pass', async () => {
    const rows = [row('webshop'), row('restore_20261121t131531z', { comment: comment() })]
    const probe = (held: Record<string, number>) =>
      rowsMatch.probe(given(params, facts(rows, [backup()], { 'restore/records': [{ ...record, held }] })))
    const all = Object.fromEntries((record?.tables ?? []).map(({ name, rows: count }) => [name, count]))
    expect(await probe(all)).toMatchObject({ status: 'pass' })
    expect(await probe({ ...all, 'public.orders_order': 20001 })).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('public.orders_order has 20000 rows and not 20001'),
    })
    await expect(probe({})).rejects.toThrow('its rows could not be counted')
  })
})

test('tables are told apart by name, by rows and by what stands in them', () => {
  const table = (name: string, rows: number, checksum: string | null = null) => ({ name, rows, checksum })
  expect(differences([table('a', 1, 'x')], [table('a', 1, 'x')])).toEqual([])
  expect(differences([table('a', 1, 'x')], [table('a', 1, 'y')])).toEqual(['a has 1 rows, and other ones'])
  expect(differences([table('a', 1, null)], [table('a', 1, 'y')])).toEqual([])
  expect(differences([table('a', 1)], [])).toEqual(['a is missing'])
  expect(differences([], [table('b', 2), table('c', 0)])).toEqual(['b has 2 rows that were not backed up'])
})

describe('migrations', () => {
  const image = parseImageMigrations(captured('image-migrations'))
  const applied = image.migrations.map(({ app, name }) => ({ app, name }))

  test('of the lab’s image: the same, older, newer', () => {
    expect(compareMigrations(image, applied)).toEqual({ pending: [], unknown: [] })
    expect(compareMigrations(image, applied.slice(0, -1)).pending).toHaveLength(1)
    expect(compareMigrations(image, [...applied, { app: 'products', name: '0007_warehouse' }])).toEqual({
      pending: [],
      unknown: ['products.0007_warehouse'],
    })
    // An app that the image does not have leaves its rows behind: that is no newer release.
    expect(compareMigrations(image, [...applied, { app: 'axes', name: '0001_initial' }]).unknown).toEqual([])
  })

  test('a squashed one counts as what it stands for, either way', () => {
    const squashed = {
      apps: ['shop'],
      migrations: [{ app: 'shop', name: '0001_squashed', replaces: ['shop.0001', 'shop.0002'] }],
    }
    const both = [
      { app: 'shop', name: '0001' },
      { app: 'shop', name: '0002' },
    ]
    expect(compareMigrations(squashed, both)).toEqual({ pending: [], unknown: [] })
    expect(compareMigrations(squashed, [{ app: 'shop', name: '0001_squashed' }])).toEqual({
      pending: [],
      unknown: [],
    })
    expect(compareMigrations(squashed, both.slice(0, 1)).pending).toEqual(['shop.0001_squashed'])
  })
})

test('who is connected: services by their addresses, everybody else by name', () => {
  const container = (service: string, ipv4: string) => ({
    service,
    networks: [{ name: 'n', ipv4, ipv6: '' }],
  })
  const containers = [
    container('backend', '172.18.0.5'),
    container('db', '172.18.0.2'),
  ] as unknown as Parameters<typeof writersOf>[1]
  const sessions = [
    { address: '172.18.0.5', application: '', role: 'webshop' },
    { address: '', application: 'psql', role: 'webshop' },
    { address: '10.0.0.9', application: 'DBeaver', role: 'anna' },
  ]
  expect(writersOf(sessions, containers, 'db')).toEqual({
    services: ['backend'],
    others: ['psql of webshop on the server itself', 'DBeaver of anna from 10.0.0.9'],
  })
})

test('the health endpoint’s answer: its code, and what ails', () => {
  expect(readHealth('200\n{"checks":{"database":{"status":"healthy"}}}\n')).toEqual({ code: 200, ailing: [] })
  expect(readHealth('503\n{"checks":{"database":{"status":"unhealthy","message":"refused"}}}')).toEqual({
    code: 503,
    ailing: [{ name: 'database', status: 'unhealthy', message: 'refused' }],
  })
  expect(readHealth('no answer: refused')).toBeNull()
})

test('words for ages, sizes and losses', () => {
  expect([45, 90, 5400, 7200, 100_000, 200_000].map(lasting)).toEqual([
    '45 seconds',
    '90 seconds',
    '90 minutes',
    '2 hours',
    '27 hours',
    '2 days',
  ])
  expect([900, 1_500_000, 2_340_000_000].map(sized)).toEqual(['1 kB', '1.5 MB', '2.3 GB'])
  expect(lossWords({ table: 'public.orders_order', rows: 2, ids: ['7', '8'] })).toBe('orders_order 2 (7, 8)')
  expect(lossWords({ table: 'shop.basket', rows: 9, ids: ['1', '2', '3'] }, 2)).toBe(
    'shop.basket 9 (1, 2, …)',
  )
  expect(lossWords({ table: 'public.django_session', rows: 3, ids: [] })).toBe('django_session 3')
})
