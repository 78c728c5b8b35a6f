/** Backups on a real shop: made, proven, copied, kept; and what is no backup is found, with nothing lost. */

import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Bucket, startBucket } from './bucket.ts'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { type Kneeboard, kneeboard, notGood, type Report } from './kneeboard.ts'

const FOLDER = '/opt/webshop/backups'
const SCRIPT = '/usr/local/sbin/kneeboard-backup'

let lab: Lab
let server: LabServer
let on: Kneeboard
beforeAll(async () => {
  lab = await openLab()
  server = (await startShopServer(lab)).server
  on = kneeboard()
})
afterAll(async () => {
  await lab?.close()
})

const words = ['--environment', 'staging']
const run = (...more: string[]) =>
  on.json(server, 'run', 'backup', ...words, '--consent', 'reversible', ...more)
const look = (...more: string[]) => on.json(server, 'check', 'backup', ...words, ...more)
const files = async () => (await server.must(`ls ${FOLDER}`)).split('\n').filter(name => name !== '')
const dumps = async () => (await files()).filter(name => name.endsWith('.dump'))
const statusOf = (report: Report, id: string) => report.checks.find(check => check.id === id)?.status
const saysOf = (report: Report, id: string) => report.checks.find(check => check.id === id)?.summary ?? ''
const applied = (report: Report) => report.actions.map(({ remedy, outcome }) => `${remedy} ${outcome}`)
/** Rows and a checksum of every table, by psql and another formula than the one under test. */
const figures = () =>
  server.must(`docker exec -i webshop-db-1 sh -c 'for table in orders_order orders_orderline payments_payment products_product django_migrations; do
    psql -XAtq -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY id)) FROM $table t"; done'`)

test('from a shop without any to one that is backed up every night; a second run changes nothing', async () => {
  const before = await figures()
  const first = await run()
  expect(notGood(first.report)).toEqual([])
  expect([first.exitCode, first.report.status]).toEqual([0, 'passed'])
  expect(applied(first.report)).toEqual(['backup/set-up proven', 'backup/run-as-timer proven'])

  const [dump = ''] = await dumps()
  expect(dump).toMatch(/^webshop-\d{8}T\d{6}Z\.dump$/)
  expect(await files()).toEqual([dump, `${dump}.manifest.json`, `${dump}.sha256`])
  await server.must(`cd ${FOLDER} && sha256sum -c ${dump}.sha256`)
  const manifest = JSON.parse(await server.must(`cat ${FOLDER}/${dump}.manifest.json`)) as {
    madeBy: string
    tables: { name: string; rows: number; checksum: string }[]
    migrations: { app: string; name: string }[]
    newestBusinessRow: { table: string }
  }
  expect(manifest.madeBy).toBe('timer')
  expect(manifest.tables.find(({ name }) => name === 'public.orders_order')?.rows).toBe(20_000)
  expect(manifest.migrations).toContainEqual({ app: 'products', name: '0006_generate_skus' })
  expect(manifest.newestBusinessRow.table).toMatch(/orders_order|payments_payment/)
  expect(await figures()).toBe(before)
  expect((await server.must('stat -c "%a %U" /etc/kneeboard/backup-webshop.conf')).trim()).toBe('600 root')
  expect((await server.must('systemctl is-enabled kneeboard-backup@webshop.timer')).trim()).toBe('enabled')

  const again = await run()
  expect(notGood(again.report)).toEqual([])
  expect(again.report.actions).toEqual([])
  expect(await dumps()).toEqual([dump])
  // The operator's machine holds a journal of it, and no byte of the data.
  const home = readdirSync(on.home, { recursive: true, encoding: 'utf8' })
  expect(home.filter(name => /dump|\.sql/.test(name))).toEqual([])
})

test('restored into nothing, it holds what the shop held: rows and checksums of every table', async () => {
  const [dump = ''] = (await dumps()).slice(-1)
  const compared = await server.must(`
    docker exec -i webshop-db-1 sh -c 'createdb -U "$POSTGRES_USER" copy && pg_restore --exit-on-error -U "$POSTGRES_USER" -d copy' < ${FOLDER}/${dump}
    for database in copy webshop_prod; do
      docker exec -i webshop-db-1 sh -c 'for table in orders_order payments_payment auth_user; do
        psql -XAtq -U "$POSTGRES_USER" -d '$database' -c "SELECT count(*), md5(string_agg(t::text, chr(10) ORDER BY id)) FROM $table t"; done' | sha256sum
    done | sort -u | wc -l
    docker exec webshop-db-1 sh -c 'dropdb -U "$POSTGRES_USER" copy'`)
  expect(compared.trim()).toBe('1')
})

describe('what is no backup', () => {
  const spoiled: [string, string, RegExp][] = [
    ['truncated-backup', 'a half', /ends too early/],
    ['empty-backup', 'no bytes', /has no bytes/],
    ['corrupt-backup', 'damage in the middle, at the right size', /its checksum is another one/],
  ]
  for (const [name, what, says] of spoiled) {
    test(`${what}: found, set aside, and a good one made beside it`, async () => {
      const all = await dumps()
      await findFault(name).inject(server, lab)
      const found = (await look()).report
      expect(statusOf(found, 'backup/newest-whole')).toBe('fail')
      expect(saysOf(found, 'backup/newest-whole')).toMatch(says)
      expect(found.diagnosis[0]?.cause).toBe('backup/newest-whole')

      const { report } = await run()
      expect(notGood(report)).toEqual([])
      expect(applied(report)[0]).toBe('backup/set-aside proven')
      const now = await files()
      // Not one file is gone: the spoiled one has another ending.
      for (const dump of all) expect(now.some(file => file === dump || file === `${dump}.damaged`)).toBe(true)
      expect(now.filter(file => file.endsWith('.damaged'))).not.toEqual([])
      await server.must(`cd ${FOLDER} && rm -f *.damaged* && rm -rf /var/lib/lab-faults/${name}`)
    })
  }
})

describe('a dump that fails', () => {
  beforeEach(async () => {
    expect(await dumps()).not.toEqual([])
  })

  test('the disk is too small: refused before a byte is written', async () => {
    const names = await files()
    await server.must(`
      mkdir /root/aside && cp -a ${FOLDER}/. /root/aside/
      mount -t tmpfs -o size=$(($(du -sk ${FOLDER} | cut -f 1) + 1024))k tmpfs ${FOLDER} && cp -a /root/aside/. ${FOLDER}/`)
    try {
      const { report } = await look()
      expect(statusOf(report, 'backup/room')).toBe('fail')
      const refused = await server.exec(`${SCRIPT} webshop run`)
      expect(refused.exitCode).toBe(1)
      expect(refused.stderr).toMatch(/no room: .*nothing was written/)
      expect(await files()).toEqual(names)
    } finally {
      await server.must(`umount ${FOLDER} && rm -rf /root/aside`)
    }
  })

  test('the dump is ended in the middle: no file is left that looks like a backup', async () => {
    const names = await files()
    // A table lock makes pg_dump wait; its session is then ended as an administrator would end it.
    const held = server.exec(
      `docker exec -i webshop-db-1 sh -c 'psql -Xq -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "BEGIN; LOCK TABLE orders_order IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(20)"'`,
    )
    const ended = await server.exec(`
      (for _ in $(seq 100); do
        docker exec webshop-db-1 sh -c 'psql -XAtq -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '"'kneeboard-backup-%'"' AND wait_event_type = '"'Lock'"'"' | grep -q t && break
        sleep 0.2
      done) &
      ${SCRIPT} webshop run; status=$?; wait; exit $status`)
    expect(ended.exitCode).toBe(1)
    expect(ended.stderr).toMatch(/pg_dump failed|the dump failed/)
    expect(await files()).toEqual(names)
    await held
  })

  test('the script itself is killed: what it left is no backup, and the next run removes it', async () => {
    const names = await files()
    await server.exec(
      `${SCRIPT} webshop run & until ls ${FOLDER}/*.part 2>/dev/null; do sleep 0.05; done; kill -KILL $!; wait`,
    )
    const left = (await files()).filter(name => !names.includes(name))
    expect(left.every(name => name.endsWith('.part'))).toBe(true)
    const next = await server.exec(`until ${SCRIPT} webshop run; do [ $? = 75 ] || exit 1; sleep 0.5; done`)
    expect(next.exitCode).toBe(0)
    expect((await files()).filter(name => name.endsWith('.part'))).toEqual([])
  })

  test('two at a time: the second is told so', async () => {
    const outcome = await server.exec(
      `${SCRIPT} webshop run >/dev/null & sleep 0.5; ${SCRIPT} webshop run; status=$?; wait; exit $status`,
    )
    expect(outcome.exitCode).toBe(75)
    expect(outcome.stderr).toMatch(/another backup of webshop is under way/)
  })
})

test('old ones go only once the new one is proven, and never the newest three', async () => {
  await server.must(`cd ${FOLDER}
    newest=$(ls *.dump | tail -n 1)
    for day in 1 2 3 4 5 6; do
      name=webshop-2026010\${day}T023000Z.dump
      cp -p $newest $name; cp -p $newest.sha256 $name.sha256; cp -p $newest.manifest.json $name.manifest.json
    done
    cp -p $newest webshop_by_hand.dump
    printf half > webshop-20260107T023000Z.dump`)
  const old = (await dumps()).filter(name => name.startsWith('webshop-2026010'))
  // A failed backup removes nothing.
  await server.must('docker stop webshop-db-1')
  expect((await server.exec(`${SCRIPT} webshop run`)).exitCode).toBe(1)
  expect((await dumps()).filter(name => name.startsWith('webshop-2026010'))).toEqual(old)
  await server.must(
    'docker start webshop-db-1 && until docker exec webshop-db-1 pg_isready -q; do sleep 0.3; done',
  )
  await server.must(`${SCRIPT} webshop run`)
  const left = await dumps()
  expect(left.filter(name => /^webshop-2026010[1-6]/.test(name)).length).toBeLessThan(6)
  expect(left).toContain('webshop_by_hand.dump')
  expect(left.filter(name => /^webshop-\d/.test(name)).length).toBeGreaterThanOrEqual(3)
  await server.must(`rm -f ${FOLDER}/webshop_by_hand.dump ${FOLDER}/webshop-2026010*`)
})

describe('a copy in a bucket', () => {
  let bucket: Bucket
  const named = () => ['--set', `bucketUrl=${bucket.url}`]
  const credentials = '/etc/kneeboard/backup-bucket.conf'
  beforeAll(async () => {
    bucket = await startBucket(lab.network.gateway.ipv4)
  })
  afterAll(() => bucket?.close())

  test('without its key it says what to do; with the key world-readable that is mended first', async () => {
    const { report } = await look(...named())
    expect(saysOf(report, 'backup/bucket-credentials')).toMatch(/does not exist/)
    await server.must(`cat > ${credentials} && chmod 644 ${credentials}`, {
      input: `user = "${bucket.accessKey}:${bucket.secretKey}"\n`,
    })
    expect(saysOf((await look(...named())).report, 'backup/bucket-credentials')).toMatch(/by others/)
  })

  test('copied, signed, read back with the same checksum; the key is in no command line and no journal', async () => {
    await server.must('cat > /root/needle', { input: bucket.secretKey })
    const watched = server.exec(
      'until [ -e /root/enough ]; do grep -alFf /root/needle /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; sleep 0.05; done',
    )
    const { report, exitCode } = await run(...named())
    expect(notGood(report)).toEqual([])
    expect(exitCode).toBe(0)
    const [newest = ''] = (await dumps()).slice(-1)
    const copy = bucket.objects.get(`backups/shop/${newest}`)
    expect(copy?.length).toBe(Number(await server.must(`stat -c %s ${FOLDER}/${newest}`)))
    expect([...bucket.objects.keys()].map(key => key.replace(`backups/shop/${newest}`, '')).sort()).toEqual([
      '',
      '.manifest.json',
      '.sha256',
    ])
    expect(bucket.refused).toEqual([])
    expect(JSON.stringify(report)).not.toContain(bucket.secretKey)
    await server.must('touch /root/enough')
    expect((await watched).stdout).toBe('')
  })

  test('a bucket that loses a byte: the copy does not count, and nothing older is removed', async () => {
    bucket.loseBytes()
    const old = await dumps()
    const outcome = await server.exec(`${SCRIPT} webshop run`)
    expect(outcome.exitCode).toBe(2)
    expect(outcome.stderr).toMatch(/what was read back from the bucket is something else/)
    expect(await dumps()).toEqual(expect.arrayContaining(old))
    expect(statusOf((await look(...named())).report, 'backup/copied')).toBe('fail')
  })

  test('a wrong key: said in one sentence', async () => {
    await server.must(`cat > ${credentials}`, { input: `user = "${bucket.accessKey}:wrong"\n` })
    const outcome = await server.exec(`${SCRIPT} webshop run`)
    expect(outcome.exitCode).toBe(2)
    expect(bucket.refused.at(-1)).toMatch(/SignatureDoesNotMatch/)
  })
})
