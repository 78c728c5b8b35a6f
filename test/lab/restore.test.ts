/** A restore on a real shop: beside, proven, swapped, and back; and what must not happen to it. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { backupChosen } from '../../checks/restore/backup-chosen.ts'
import { restore } from '../../runbooks/restore.ts'
import { makeBackup, sqlIn, tablesOf } from './backup-by-hand.ts'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { kneeboard, notGood, type Report } from './kneeboard.ts'
import { walk } from './walk.ts'

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
  await server.must('rm -rf /opt/webshop/backups/* /var/lib/kneeboard/restores')
  for (const name of await others()) await sqlIn(server, `DROP DATABASE "${name}"`, 'postgres')
  await sqlIn(server, 'COMMENT ON DATABASE webshop_prod IS NULL', 'postgres')
})

/** Every database but the shop's own and PostgreSQL's. */
async function others(): Promise<string[]> {
  const names = await sqlIn(
    server,
    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', 'webshop_prod') ORDER BY 1",
    'postgres',
  )
  return names.split('\n').filter(name => name !== '')
}

const STAGING = ['--environment', 'staging']
const outcomes = ({ actions }: Report) => actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`)
const name = () => `${server.ipv4}`
const NEW_ORDER = `INSERT INTO orders_order (email, status, total, created_at) VALUES ('visitor@webshop.test', 'open', 12, now())`

test('a restore gives back what was backed up, keeps the old database, and is undone to what was live', async () => {
  const on = kneeboard()
  const { name: file, path } = await makeBackup(server, { hoursAgo: 1 })
  const dump = await server.must(`sha256sum ${path}`)
  const backedUp = await tablesOf(server, 'webshop_prod')
  await sqlIn(server, `${NEW_ORDER}; ${NEW_ORDER}; DELETE FROM orders_orderline WHERE id <= 1000`)
  await sqlIn(
    server,
    `COMMENT ON DATABASE webshop_prod IS 'the shop';
     ALTER DATABASE webshop_prod SET search_path = public, pg_catalog;
     ALTER DATABASE webshop_prod SET app.motto = 'it''s = ours';
     ALTER DATABASE webshop_prod CONNECTION LIMIT 45;
     DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reporting') THEN CREATE ROLE reporting; END IF; END$$;
     GRANT CONNECT ON DATABASE webshop_prod TO reporting;
     REVOKE TEMPORARY ON DATABASE webshop_prod FROM PUBLIC`,
  )
  const live = await tablesOf(server, 'webshop_prod')

  // Without the name typed, it goes as far as it can without touching what is live.
  const beside = await on.json(server, 'run', 'restore', ...STAGING, '--consent', 'disruptive')
  expect(beside.exitCode).toBe(2)
  expect(outcomes(beside.report)).toEqual(['restore/restore-beside proven', 'restore/swap-in null'])
  expect(beside.report.diagnosis.map(({ cause }) => cause)).toEqual(['restore/swapped'])
  expect(beside.report.checks.find(({ id }) => id === 'restore/loss-known')?.summary).toMatch(
    /2 rows were created .* will not be in the shop: orders_order 2 \(20001, 20002\)/,
  )
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)

  // It goes on from there: nothing is restored a second time.
  const swapped = await on.json(
    server,
    'run',
    'restore',
    ...STAGING,
    '--consent',
    'disruptive',
    '--confirm',
    name(),
  )
  expect(notGood(swapped.report)).toEqual([])
  expect([swapped.exitCode, swapped.report.status, outcomes(swapped.report)]).toEqual([
    0,
    'passed',
    ['restore/swap-in proven'],
  ])
  expect(await tablesOf(server, 'webshop_prod')).toBe(backedUp)
  const [previous = ''] = await others()
  expect(previous).toMatch(/^before_restore_/)
  expect(await tablesOf(server, previous)).toBe(live)
  expect(await server.must(`sha256sum ${path}`)).toBe(dump)
  expect(await sqlIn(server, "SELECT current_setting('search_path'), current_setting('app.motto')")).toBe(
    "public, pg_catalog|it's = ours",
  )
  expect(
    await sqlIn(
      server,
      "SELECT has_database_privilege('reporting', 'webshop_prod', 'CONNECT'), has_database_privilege('reporting', 'webshop_prod', 'TEMPORARY'), datconnlimit FROM pg_database WHERE datname = 'webshop_prod'",
    ),
  ).toBe('t|f|45')

  // A newer backup does not change what this restore was about.
  await makeBackup(server)
  const again = await on.json(
    server,
    'run',
    'restore',
    ...STAGING,
    '--consent',
    'disruptive',
    '--confirm',
    name(),
  )
  expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])
  expect(again.report.checks.find(({ id }) => id === 'restore/swapped')?.summary).toContain(file)

  // An order has come in since: the way back is no one-key matter any more.
  await sqlIn(server, NEW_ORDER)
  const declined = await on.json(server, 'run', 'restore-undo', ...STAGING, '--consent', 'disruptive')
  expect([declined.exitCode, outcomes(declined.report)]).toEqual([2, ['restore/swap-back null']])
  const undone = await on.json(
    server,
    'run',
    'restore-undo',
    ...STAGING,
    '--consent',
    'disruptive',
    '--confirm',
    name(),
  )
  expect(notGood(undone.report)).toEqual([])
  expect([undone.exitCode, undone.report.status, outcomes(undone.report)]).toEqual([
    0,
    'passed',
    ['restore/swap-back proven'],
  ])
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)
  expect(
    await sqlIn(
      server,
      "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'webshop_prod'",
    ),
  ).toBe('the shop')
})

test('a swap that fails leaves the live database open and its services running, and is done by the next run', async () => {
  await makeBackup(server)
  const on = kneeboard()
  const live = await tablesOf(server, 'webshop_prod')
  await on.json(server, 'run', 'restore', ...STAGING, '--consent', 'reversible')
  const [copy = ''] = await others()
  await sqlIn(server, `CREATE DATABASE "before_${copy}"`, 'postgres')
  const failed = await on.json(
    server,
    'run',
    'restore',
    ...STAGING,
    '--consent',
    'disruptive',
    '--confirm',
    name(),
  )
  expect([failed.exitCode, outcomes(failed.report)]).toEqual([2, ['restore/swap-in failed']])
  expect(failed.report.actions[0]?.summary).toMatch(
    /nothing was swapped, and the services are started: ERROR: +database "before_restore_\w+" already exists/,
  )
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)
  expect(await server.must("docker ps --format '{{.Names}}' | grep -cE 'backend|celery'")).toBe('3\n')

  await sqlIn(server, `DROP DATABASE "before_${copy}"`, 'postgres')
  const done = await on.json(
    server,
    'run',
    'restore',
    ...STAGING,
    '--consent',
    'disruptive',
    '--confirm',
    name(),
  )
  expect([done.exitCode, outcomes(done.report)]).toEqual([0, ['restore/swap-in proven']])
})

test('checks change nothing, neither before nor after a restore', async () => {
  await makeBackup(server)
  const state = () =>
    server.must(`
      find /opt/webshop /var/lib/kneeboard -xdev -printf '%p %m %u %s %T@\\n' | sort
      find /tmp -xdev -mindepth 1 -not -name 'runc-*' -printf '%p %m %u %s\\n' | sort
      docker ps -aq; docker volume ls -q; docker network ls -q
    `)
  const before = [await state(), await tablesOf(server, 'webshop_prod'), await others()]
  await kneeboard().json(server, 'check', 'restore', ...STAGING)
  await kneeboard().json(server, 'check', 'restore-drill', ...STAGING)
  expect([await state(), await tablesOf(server, 'webshop_prod'), await others()]).toEqual(before)
})

const upToTheCopy = restore.steps
  .filter(({ id }) => ['choose', 'beside', 'verify'].includes(id))
  .flatMap(({ checks }) => checks)

/** A plain dump of the live database, made as the fault lab's are; `edit` is a pipe that it goes through. */
const plainDump = (file: string, edit: string) =>
  server.must(`
    cd /opt/webshop/backups
    docker exec "$(docker ps -q --filter label=com.docker.compose.service=db --filter label=com.docker.compose.project=webshop)" \\
      sh -c 'pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB"' ${edit} > ${file}
    sha256sum ${file}
  `)

describe('SQL dumps', () => {
  test.each([
    ['plain', 'old.sql', ''],
    ['packed', 'old.sql.gz', '| gzip'],
    [
      'by a newer pg_dump',
      'newer.sql.gz',
      "| sed 's/^SET lock_timeout = 0;/&\\nSET transaction_timeout = 0;/; s/pg_dump version 15[^ ]*/pg_dump version 17.6/' | gzip",
    ],
  ])('%s: restored row for row, the file as it was', async (_, file, edit) => {
    const sum = await plainDump(file, edit)
    const walked = await walk(server, upToTheCopy)
    expect(walked.outcomes).toEqual(['restore/restore-beside proven'])
    // No bucket was named: what is about one says so, and all else passes.
    expect(walked.statuses.filter(status => !status.endsWith(' pass'))).toEqual([
      'restore/bucket-readable not-applicable',
      'restore/backup-here not-applicable',
    ])
    const [copy = ''] = await others()
    expect(await tablesOf(server, copy)).toBe(await tablesOf(server, 'webshop_prod'))
    expect(await server.must(`cd /opt/webshop/backups && sha256sum ${file}`)).toBe(sum)
  })

  test.each([
    [
      'cut off in the middle of a table',
      '| head -c 2000000',
      'restore/backup-whole',
      /ends before pg_dump’s last line/,
    ],
    [
      'of a whole cluster',
      `| sed '1,3s/database dump/database cluster dump/'`,
      'restore/tools-can-read',
      /whole cluster/,
    ],
    [
      'that connects to the live database',
      String.raw`| sed 's/^SET row_security.*/&\n\\connect webshop_prod/'`,
      'restore/backup-whole',
      /would leave the database/,
    ],
    ['that went through a terminal', `| sed 's/$/\\r/'`, 'restore/tools-can-read', /CR LF/],
  ])('%s: refused before anything is made of it', async (_, edit, cause, says) => {
    await plainDump('odd.sql', edit)
    const { report, exitCode } = await kneeboard().json(server, 'check', 'restore', ...STAGING)
    expect(exitCode).toBe(2)
    expect(report.diagnosis.map(diagnosed => diagnosed.cause)).toEqual([cause])
    expect(report.checks.find(({ id }) => id === cause)?.summary).toMatch(says)
  })
})

test('a backup from before the release gets the release’s migrations in its copy, before it is swapped in', async () => {
  await sqlIn(server, 'CREATE DATABASE older', 'postgres')
  await server.must(`
    cd /opt/webshop
    IMAGE_TAG=v1.0.0 docker compose -f docker-compose.prod.yml run --rm --no-deps -T -e DB_NAME=older backend \\
      python manage.py migrate --verbosity 0 < /dev/null
    docker compose -f docker-compose.prod.yml exec -T db sh -c 'pg_dump -Fc -U "$POSTGRES_USER" -d older' > backups/older.dump < /dev/null
  `)
  await sqlIn(server, 'DROP DATABASE older', 'postgres')
  const live = await tablesOf(server, 'webshop_prod')
  const { outcomes: done, events, verdict } = await walk(server, upToTheCopy)
  expect(done).toEqual(['restore/restore-beside proven', 'restore/migrate-copy proven'])
  const first = events.find(
    event =>
      event.type === 'check-finished' &&
      event.check === 'restore/migration-head' &&
      event.verdict.status === 'fail',
  )
  expect(first).toMatchObject({
    verdict: { summary: expect.stringMatching(/is older than .*v1\.1\.0: it lacks .*products\.0005/) },
  })
  expect(verdict('restore/migration-head')).toMatchObject({ status: 'pass' })
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)
})

describe('a backup that is none is found before anything is restored', () => {
  test.each([
    [
      'truncated-backup',
      'restore/backup-whole',
      /damaged or cut off: could not read from input file: end of file/,
    ],
    ['empty-backup', 'restore/backup-chosen', /is empty/],
    ['corrupt-backup', 'restore/backup-whole', /damaged or cut off/],
    ['schema-only-backup', 'restore/tools-can-read', /holds no row of any table/],
    ['newer-format-backup', 'restore/tools-can-read', /newer than the tools here: its format is 1\.99/],
    ['small-database-disk', 'restore/space', /has 2\d\.\d MB free, and a restore beside it needs about/],
  ])('%s', async (fault, cause, says) => {
    if (fault === 'small-database-disk') await makeBackup(server)
    await findFault(fault).inject(server, lab)
    try {
      const live = await tablesOf(server, 'webshop_prod')
      const { report, exitCode } = await kneeboard().json(
        server,
        'run',
        'restore',
        ...STAGING,
        '--consent',
        'disruptive',
        '--confirm',
        name(),
      )
      expect(exitCode).toBe(2)
      expect(report.diagnosis.map(diagnosed => diagnosed.cause)).toEqual([cause])
      expect(report.checks.find(({ id }) => id === cause)?.summary).toMatch(says)
      expect(report.actions).toEqual([])
      expect(await others()).toEqual([])
      expect(await tablesOf(server, 'webshop_prod')).toBe(live)
    } finally {
      await findFault(fault).undo?.(server, lab)
    }
  })

  test('one that is not what its checksum says: named, with what is left of it', async () => {
    const { path } = await makeBackup(server)
    await server.must(`truncate -s 700000 ${path}`)
    const { verdict } = await walk(server, upToTheCopy, { mode: 'check' })
    expect(verdict('restore/backup-whole')).toMatchObject({
      status: 'fail',
      summary: expect.stringMatching(/700 kB are left of 1\.\d MB: it was cut off/),
    })
    expect(backupChosen.id).toBe('restore/backup-chosen')
  })
})

test('an SQL error in the middle: nothing of it is kept, the live database is as it was, and the error is named', async () => {
  await findFault('broken-sql-backup').inject(server, lab)
  const live = await tablesOf(server, 'webshop_prod')
  const { report, exitCode } = await kneeboard().json(
    server,
    'run',
    'restore',
    ...STAGING,
    '--consent',
    'reversible',
  )
  expect(exitCode).toBe(2)
  expect(outcomes(report)).toEqual(['restore/restore-beside failed'])
  expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['restore/restored-beside'])
  expect(report.checks.find(({ id }) => id === 'restore/restored-beside')?.summary).toMatch(
    /nothing of it was kept: .*ERROR: .*invalid input syntax for type bigint: "not a number"/,
  )
  expect(await others()).toEqual([])
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)
})
