/** A server that has lost its backups: the bucket has them, the server fetches one by itself, and the shop is restored. */

import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { restore } from '../../runbooks/restore.ts'
import { sqlIn, tablesOf } from './backup-by-hand.ts'
import { type Bucket, startBucket } from './bucket.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'
import { walk } from './walk.ts'

const FOLDER = '/opt/webshop/backups'
const KEY = '/etc/kneeboard/backup-bucket.conf'

let lab: Lab
let server: LabServer
let bucket: Bucket
/** What was in the shop when it was backed up, the backup's name, and what the bucket got of it. */
let backedUp: string
let dump: string
let kept: ReadonlyMap<string, Buffer>

beforeAll(async () => {
  lab = await openLab()
  server = (await startShopServer(lab)).server
  bucket = await startBucket(lab.network.gateway.ipv4)
  await writeKey(bucket.secretKey)
  backedUp = await tablesOf(server, 'webshop_prod')
  const { report } = await kneeboard().json(
    server,
    'run',
    'backup',
    ...['--environment', 'staging', '--consent', 'reversible', '--set', `bucketUrl=${bucket.url}`],
  )
  expect(notGood(report)).toEqual([])
  dump = (await server.must(`ls ${FOLDER} | grep 'dump$' | tail -n 1`)).trim()
  kept = new Map(bucket.objects)
})
afterAll(async () => {
  await bucket?.close()
  await lab?.close()
})
beforeEach(async () => {
  // All that was on the server is lost: the backups, their directory, and what made them.
  await server.must(`rm -rf ${FOLDER} /usr/local/sbin/kneeboard-backup /etc/kneeboard/backup-webshop.conf`)
  await writeKey(bucket.secretKey)
  for (const [key, content] of kept) bucket.objects.set(key, content)
})

const writeKey = (secret: string) =>
  server.must(`mkdir -p /etc/kneeboard && cat > ${KEY} && chmod 600 ${KEY}`, {
    input: `user = "${bucket.accessKey}:${secret}"\n`,
  })
const all = async () =>
  (await server.must(`ls -A ${FOLDER} 2>/dev/null || true`)).split('\n').filter(name => name !== '')
const choose = restore.steps.find(({ id }) => id === 'choose')?.checks ?? []
const at = (bucketUrl: string, backup = 'newest') => ({ params: { bucketUrl, backup } })
const key = (ending = '') => `backups/shop/${dump}${ending}`

describe('what the bucket does not give', () => {
  test('without a bucket, and with one that nobody can reach', async () => {
    const without = await walk(server, choose, { mode: 'check' })
    expect(without.statuses.slice(0, 3)).toEqual([
      'restore/bucket-readable not-applicable',
      'restore/backup-chosen fail',
      'restore/backup-here skipped',
    ])
    const closed = await walk(server, choose, { mode: 'check', ...at(bucket.url.replace(/:\d+\//, ':1/')) })
    expect(closed.verdict('restore/bucket-readable')).toMatchObject({
      status: 'unknown',
      summary: expect.stringMatching(/the bucket gave no answer: curl: \(7\) Failed to connect/),
    })
  })

  test('a key that is missing, open to all, or wrong: one sentence each', async () => {
    const look = async () =>
      (await walk(server, choose, { mode: 'check', ...at(bucket.url) })).verdict('restore/bucket-readable')
    await server.must(`rm ${KEY}`)
    expect(await look()).toMatchObject({
      status: 'fail',
      summary: `the bucket’s key is not on the server: ${KEY} does not exist`,
    })
    await writeKey(`${bucket.secretKey}x`)
    expect(await look()).toMatchObject({
      status: 'fail',
      summary: `the bucket refuses the key in ${KEY}: its secret part is wrong`,
    })
    // Closed by the remedy, and then the bucket is listed, page by page.
    await writeKey(bucket.secretKey)
    await server.must(`chmod 644 ${KEY}`)
    bucket.pageSize = 1
    const mended = await walk(server, choose.slice(0, 3), {
      ...at(bucket.url),
      consent: ({ plan }) =>
        plan.remedy === 'backup/close-credentials'
          ? { answer: 'yes', by: 'test' }
          : { answer: 'no', by: 'test', reason: 'not now' },
    })
    bucket.pageSize = 1000
    expect(mended.outcomes[0]).toBe('backup/close-credentials proven')
    expect(mended.verdict('restore/bucket-readable')).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining(`the newest is ${dump}`),
    })
    expect(mended.verdict('restore/backup-here')).toMatchObject({ status: 'fail' })
  })

  test.each([
    [
      'changed in the bucket',
      (content: Buffer) => {
        const changed = Buffer.from(content)
        changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1
        return changed
      },
      /rejected: what the bucket has as .* is not what was copied there: its SHA-256 is another; nothing of it was kept/,
    ],
    [
      'cut off in the bucket',
      (content: Buffer) => content.subarray(0, content.length >> 1),
      /rejected: the bucket has \d+ bytes of .*, and by its manifest it was made with \d+: it was cut off or changed there; nothing was fetched/,
    ],
  ])('%s: rejected, said, and nothing is left', async (_, spoil, says) => {
    bucket.objects.set(key(), spoil(kept.get(key()) ?? Buffer.alloc(0)))
    const { events, outcomes, verdict } = await walk(server, choose, at(bucket.url))
    expect(outcomes).toEqual(['restore/fetch-backup failed'])
    expect(events.find(event => event.type === 'remedy-finished')).toMatchObject({
      summary: expect.stringMatching(says),
    })
    expect(verdict('restore/backup-here').status).toBe('fail')
    expect(await all()).toEqual([])
  })
})

test('Debian 13’s curl, which writes the signature’s query by itself, gets the list too', async () => {
  const other = await lab.startServer({ name: 'trixie', release: 'trixie' })
  await other.must(`mkdir -p /etc/kneeboard && cat > ${KEY} && chmod 600 ${KEY}`, {
    input: `user = "${bucket.accessKey}:${bucket.secretKey}"\n`,
  })
  bucket.pageSize = 1
  const { verdict } = await walk(other, choose.slice(0, 1), { mode: 'check', ...at(bucket.url) })
  bucket.pageSize = 1000
  expect(verdict('restore/bucket-readable')).toMatchObject({
    status: 'pass',
    summary: expect.stringContaining(`the newest is ${dump}`),
  })
})

test('nothing but the bucket: fetched by the server itself, proven, restored, and the shop is what was backed up', async () => {
  const on = kneeboard()
  await sqlIn(server, 'DROP DATABASE webshop_prod WITH (FORCE)', 'postgres')
  await server.must('rm -f /root/enough; cat > /root/needle', { input: bucket.secretKey })
  const watched = server.exec(
    'until [ -e /root/enough ]; do grep -alFf /root/needle /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; sleep 0.1; done',
  )
  const { report, exitCode, stdout, stderr } = await on.json(
    server,
    'run',
    'restore',
    ...['--environment', 'staging', '--consent', 'disruptive', '--confirm', server.ipv4],
    ...['--set', `bucketUrl=${bucket.url}`],
  )
  await server.must('touch /root/enough')
  expect((await watched).stdout).toBe('')
  expect(notGood(report)).toEqual([])
  expect([
    exitCode,
    report.status,
    report.actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`),
  ]).toEqual([
    0,
    'passed',
    ['restore/fetch-backup proven', 'restore/restore-beside proven', 'restore/swap-in proven'],
  ])
  expect(await tablesOf(server, 'webshop_prod')).toBe(backedUp)

  // What was fetched is whole and private, and it went nowhere else.
  expect((await all()).sort()).toEqual([dump, `${dump}.copy.json`, `${dump}.manifest.json`, `${dump}.sha256`])
  await server.must(`cd ${FOLDER} && sha256sum -c ${dump}.sha256`)
  expect(await server.must(`stat -c '%a %U' ${FOLDER}/* | sort -u`)).toBe('600 root\n')
  expect(`${stdout}${stderr}`).not.toContain(bucket.secretKey)
  expect(
    readdirSync(on.home, { recursive: true, encoding: 'utf8' }).filter(file => /dump|\.sql/.test(file)),
  ).toEqual([])
  expect(bucket.objects).toEqual(kept)
})
