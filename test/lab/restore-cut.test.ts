/** A restore whose connection is cut, whose program is killed, and that a second operator gets in the way of. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeBackup, sqlIn, tablesOf } from './backup-by-hand.ts'
import { type Lab, type LabServer, type Link, openLab, startLink, startShopServer, waitFor } from './index.ts'
import { kneeboard, PROGRAM } from './kneeboard.ts'

let lab: Lab
let server: LabServer
let link: Link
let live: string

beforeAll(async () => {
  lab = await openLab()
  server = (await startShopServer(lab)).server
  link = await startLink({ host: server.ipv4, port: server.sshPort })
  // Enough for a restore to be met in its middle.
  await sqlIn(
    server,
    'CREATE TABLE ballast AS SELECT n AS id, repeat(md5(n::text || random()), 20) AS words FROM generate_series(1, 250000) AS n; ALTER TABLE ballast ADD PRIMARY KEY (id)',
  )
  await makeBackup(server)
  live = await tablesOf(server, 'webshop_prod')
})
afterAll(async () => {
  await link?.close()
  await lab?.close()
})
beforeEach(async () => {
  for (const name of await copies()) await sqlIn(server, `DROP DATABASE "${name}"`, 'postgres')
})

const copies = async (): Promise<string[]> =>
  (
    await sqlIn(
      server,
      "SELECT datname FROM pg_database WHERE datname LIKE 'restore%' ORDER BY 1",
      'postgres',
    )
  )
    .split('\n')
    .filter(name => name !== '')

const underWay = async (): Promise<boolean> =>
  (await sqlIn(
    server,
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kneeboard-restore' AND datname LIKE 'restore%'",
    'postgres',
  )) !== '0'

interface Started {
  readonly child: ChildProcess
  readonly home: string
  readonly ended: Promise<{ exitCode: number | null; said: string }>
}

/** Kneeboard through the link, under a name of its own. */
function start(...words: string[]): Started {
  const home = mkdtempSync(join(tmpdir(), 'kneeboard-home-'))
  return startIn(home, [
    'run',
    'restore',
    '-t',
    `${server.sshUser}@${link.host}:${link.port}`,
    '--identity',
    server.identityFile,
    '--accept-host-key',
    server.hostKeyFingerprint,
    '--environment',
    'staging',
    '--consent',
    'reversible',
    ...words,
  ])
}

function startIn(home: string, words: readonly string[]): Started {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, KNEEBOARD_HOME: home, USER: 'anna', LOGNAME: 'anna' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', data => {
      said += data
    })
  const ended = new Promise<{ exitCode: number | null; said: string }>(resolve =>
    child.on('close', exitCode => resolve({ exitCode, said })),
  )
  return { child, home, ended }
}

test('a second operator is told who restores, and since when; a cut connection is attached to again', async () => {
  const first = start()
  await waitFor('the restore', underWay, { timeout: 120_000, every: 300 })
  link.reset()
  const second = await kneeboard().json(
    server,
    'run',
    'restore',
    '--environment',
    'staging',
    '--consent',
    'reversible',
  )
  expect([second.exitCode, second.report.actions.map(({ outcome }) => outcome)]).toEqual([75, [null]])
  expect(second.stderr).toMatch(
    /has been working on this server since \d{4}-\d\d-\d\dT[\d:.]+Z \(Restore the backup beside the live database\)/,
  )
  const { exitCode, said } = await first.ended
  expect(said).toContain('is whole in restore_')
  expect(exitCode).toBe(2)
  const made = await copies()
  expect(made).toHaveLength(1)
  expect(await tablesOf(server, made[0] ?? '')).toBe(live)
  expect(await tablesOf(server, 'webshop_prod')).toBe(live)
})

test('a killed Kneeboard leaves the restore running, and going on attaches to it', async () => {
  const first = start()
  await waitFor('the restore', underWay, { timeout: 120_000, every: 300 })
  first.child.kill('SIGKILL')
  await first.ended
  expect(await underWay()).toBe(true)
  const [journal = ''] = readdirSync(join(first.home, 'runs')).filter(name => name.endsWith('.jsonl'))
  const resumed = await startIn(first.home, [
    'runs',
    'resume',
    journal.slice(0, 26),
    '--identity',
    server.identityFile,
    '--accept-host-key',
    server.hostKeyFingerprint,
    '--consent',
    'reversible',
  ]).ended
  expect(resumed.said).toContain('is whole in restore_')
  const made = await copies()
  expect(made).toHaveLength(1)
  expect(await tablesOf(server, made[0] ?? '')).toBe(live)
  expect(await server.must('ls /var/lib/kneeboard/jobs 2>/dev/null | wc -l')).toBe('0\n')
})
