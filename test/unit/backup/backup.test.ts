import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeCopy } from '../../../checks/backup/copied.ts'
import { backupScheduled } from '../../../checks/backup/installed.ts'
import { faultOf } from '../../../checks/backup/judge-proof.ts'
import { backupParams } from '../../../checks/backup/parameters.ts'
import { backupMadeByItself, backupRecent } from '../../../checks/backup/recent.ts'
import { bytesNeeded } from '../../../checks/backup/room.ts'
import { backupScript } from '../../../checks/backup/script.ts'
import { configurationText } from '../../../checks/backup/set-up.ts'
import { backupSizeUsual, median } from '../../../checks/backup/size-usual.ts'
import { newestBackupWhole, olderBackupsWhole } from '../../../checks/backup/whole.ts'
import { tableFigures } from '../../../src/facts/backup-figures.ts'
import { parseProof } from '../../../src/facts/backup-proof.ts'
import { parseBackupSetup } from '../../../src/facts/backup-setup.ts'
import { type Backup, parseBackupFolder } from '../../../src/facts/backups.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { given } from '../docker/given.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const params = backupParams.parse({})
const FOLDER = '/opt/webshop/backups'

/** The lab's real listing, with its one backup. */
const folder = parseBackupFolder(fixture('folder.txt'), FOLDER)
const [real] = folder.backups
if (real === undefined) throw new Error('the fixture holds no backup')
const backupOf = (over: Partial<Backup>): Backup => ({ ...real, ...over })

describe('the listing of a real folder', () => {
  test('name, size, times, checksum and manifest', () => {
    expect(folder).toMatchObject({ exists: true, mode: '755', owner: 'deploy', parts: [] })
    expect(real).toMatchObject({
      path: `${FOLDER}/webshop-20261121T131832Z.dump`,
      kind: 'custom',
      bytes: 1_482_348,
      mode: '600',
      owner: 'root',
      takenAt: '2026-11-21T13:18:32Z',
      ageSeconds: 16,
      manifestProblem: null,
      manifest: { madeBy: 'timer', serverVersion: '15.20', databaseBytes: 25_451_879 },
    })
    expect(real.checksum).toBe(real.manifest?.sha256)
    expect(real.manifest?.migrations).toContainEqual({ app: 'products', name: '0006_generate_skus' })
  })
  test('files without a manifest, unfinished ones, odd names; newest first', () => {
    const text = `now 1795267128\nfree 10\ndirectory 700 root\nfile 5 1795267000 644 deploy\told one\t.sql.gz\nfile 7 1795267100 600 root\twebshop-20261120T010203Z.dump\n| {not json\npart 9 1795267120\twebshop-20261121T131840Z.dump.part\n`
    const found = parseBackupFolder(text, FOLDER)
    expect(found.backups.map(({ name }) => name)).toEqual([
      'old one\t.sql.gz',
      'webshop-20261120T010203Z.dump',
    ])
    expect(found.backups[0]).toMatchObject({
      kind: 'sql.gz',
      manifest: null,
      manifestProblem: null,
      ageSeconds: 128,
    })
    expect(found.backups[1]).toMatchObject({ takenAt: '2026-11-20T01:02:03Z', manifest: null })
    expect(found.backups[1]?.manifestProblem).toMatch(/is no JSON/)
    expect(found.parts).toEqual([{ name: 'webshop-20261121T131840Z.dump.part', bytes: 9, ageSeconds: 8 }])
  })
  test('no directory is no backup; no answer is no listing', () => {
    expect(parseBackupFolder('now 1795267128\nfree 10\nabsent\n', FOLDER)).toMatchObject({
      exists: false,
      backups: [],
    })
    expect(() => parseBackupFolder('', FOLDER)).toThrow(/could not be listed/)
  })
})

describe('what is wrong with a backup', () => {
  const proof = parseProof(fixture('proof.txt'))
  // The fixture of the proof is another run's file: its own checksum goes with it.
  const good = backupOf({
    checksum: proof.sha256,
    manifest: real.manifest && { ...real.manifest, sha256: proof.sha256 },
  })
  test('nothing, in the real one', () => {
    expect(proof).toMatchObject({
      readable: true,
      complete: true,
      tables: 16,
      dumpedFrom: '15.20',
      dumpedBy: '15.20',
    })
    expect(faultOf(good, proof)).toBeNull()
  })
  test.each([
    ['no bytes', { ...good, bytes: 0 }, proof, /has no bytes/, true],
    [
      'too short',
      good,
      { ...proof, bytes: 741_174, sha256: 'a'.repeat(64) },
      /ends too early: 741 kB of 1.5 MB/,
      true,
    ],
    ['other bytes', good, { ...proof, sha256: 'a'.repeat(64) }, /its checksum is another one/, true],
    [
      'a newer tool’s',
      { ...good, manifest: null, checksum: null },
      { ...proof, readable: false, problem: 'pg_restore: error: unsupported version (1.99) in file header' },
      /pg_dump newer than the server’s tools/,
      false,
    ],
    [
      'unreadable',
      { ...good, manifest: null, checksum: null },
      {
        ...proof,
        readable: false,
        problem: 'pg_restore: error: could not read from input file: end of file',
      },
      /cannot be read to its end/,
      true,
    ],
    [
      'SQL without an end',
      { ...good, manifest: null, checksum: null },
      { ...proof, complete: false },
      /stops in the middle/,
      true,
    ],
    ['no row', { ...good, manifest: null, checksum: null }, { ...proof, tables: 0 }, /not one row/, true],
  ])('%s', (_, backup, read, says, damaged) => {
    const fault = faultOf(backup, read)
    expect(fault?.says).toMatch(says)
    expect(fault?.damaged).toBe(damaged)
  })
  test('the check offers to set it aside; where there is none the question does not arise', async () => {
    const probe = (facts: object) => newestBackupWhole.probe(given(params, { facts: { ...facts } }))
    expect(
      await probe({ backups: [good], 'backups/proof': { ...proof, bytes: 10, sha256: 'b'.repeat(64) } }),
    ).toMatchObject({ status: 'fail', remedies: [{ id: 'backup/set-aside' }] })
    expect(await probe({ backups: [good], 'backups/proof': proof })).toMatchObject({ status: 'pass' })
    expect(await probe({ backups: [] })).toMatchObject({ status: 'not-applicable' })
    await expect(probe({})).rejects.toThrow(/not given/)
  })
  test('older ones that shrank are named', async () => {
    const shrunk = backupOf({ name: 'webshop-20261001T000000Z.dump', bytes: 3 })
    const facts = { 'backups/folder': { ...folder, backups: [good, shrunk] } }
    expect(await olderBackupsWhole.probe(given(params, { facts }))).toMatchObject({
      status: 'warn',
      summary: expect.stringContaining(shrunk.name),
    })
  })
})

describe('a backup of now', () => {
  const probe = (...backups: Backup[]) => backupRecent.probe(given(params, { facts: { backups } }))
  test('an hour is the limit', async () => {
    expect(await probe(backupOf({ ageSeconds: 3599 }))).toMatchObject({ status: 'pass' })
    expect(await probe(backupOf({ ageSeconds: 3601 }))).toMatchObject({
      status: 'fail',
      measured: '60 min ago',
    })
  })
  test('a file is not a backup: without a manifest, with another size, with another checksum', async () => {
    for (const over of [{ manifest: null }, { bytes: 1 }, { checksum: 'c'.repeat(64) }])
      expect(await probe(backupOf(over))).toMatchObject({ status: 'fail', measured: 'none proven' })
    expect(await probe()).toMatchObject({ status: 'fail', measured: 'none' })
  })
  test('one from the future does not count', async () => {
    expect(await probe(backupOf({ ageSeconds: -7200 }))).toMatchObject({ status: 'fail' })
  })
  test('what an operator made beside it does not speak for the timer', async () => {
    const manual = backupOf({ manifest: real.manifest && { ...real.manifest, madeBy: 'run' } })
    const facts = { 'stack/config': { project: 'webshop' } }
    const timer = (...backups: Backup[]) =>
      backupMadeByItself.probe(given(params, { facts: { ...facts, backups } }))
    expect(await timer(manual)).toMatchObject({ status: 'fail', measured: 'none' })
    expect(await timer(manual, real)).toMatchObject({ status: 'pass' })
    expect(await timer(backupOf({ ageSeconds: 27 * 3600 }))).toMatchObject({
      status: 'fail',
      measured: '27 h ago',
    })
  })
})

describe('the timer', () => {
  const setup = parseBackupSetup(fixture('setup.txt'))
  const probe = (over: object) =>
    backupScheduled.probe(
      given(params, {
        facts: { 'stack/config': { project: 'webshop' }, 'backups/setup': { ...setup, ...over } },
      }),
    )
  test('as it really is', async () => {
    expect(setup).toMatchObject({
      timerActive: true,
      timerStartsAtBoot: true,
      lastRun: '2026-11-21T13:18:31Z',
      lastResult: 'success',
      nextRun: '2026-11-22T02:55:22Z',
    })
    expect(Object.keys(setup.files)).toHaveLength(4)
    expect(await probe({})).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining('2026-11-22 02:55 UTC'),
    })
  })
  test('stopped, not enabled, or failed last night', async () => {
    expect(await probe({ timerActive: false })).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'backup/set-up' }],
    })
    expect(await probe({ timerStartsAtBoot: false })).toMatchObject({ status: 'fail' })
    expect(await probe({ lastResult: 'exit-code' })).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('journalctl'),
    })
  })
})

describe('sizes', () => {
  test('the median of an even number is the lower one of the middle', () => {
    expect(median([{ bytes: 5 }, { bytes: 1 }, { bytes: 9 }])).toBe(5)
    expect(median([{ bytes: 5 }, { bytes: 1 }, { bytes: 9 }, { bytes: 7 }])).toBe(5)
  })
  test('a third smaller than usual is said; three earlier ones make a usual', async () => {
    const many = (newest: number, earlier: number) => [
      backupOf({ bytes: newest, manifest: real.manifest && { ...real.manifest, bytes: newest } }),
      ...Array.from({ length: earlier }, () => real),
    ]
    const probe = (backups: Backup[]) =>
      backupSizeUsual.probe(given(params, { facts: { 'stack/config': { project: 'webshop' }, backups } }))
    expect(await probe(many(1_000_000, 3))).toMatchObject({ status: 'warn', measured: '-33 %' })
    expect(await probe(many(1_400_000, 3))).toMatchObject({ status: 'pass' })
    expect(await probe(many(1_000_000, 2))).toMatchObject({ status: 'not-applicable' })
  })
  test('room: the database and a fifth for a first one, then half as much again as the last', () => {
    expect(bytesNeeded({ ...folder, backups: [] }, 1000)).toBe(1200)
    expect(bytesNeeded(folder, 25_451_879)).toBe(1_482_348 * 1.5)
    expect(bytesNeeded(folder, 2 * 25_451_879)).toBe(1_482_348 * 3)
  })
})

describe('the copy in the bucket', () => {
  const newest = { name: 'a.dump', bytes: 10, checksum: 'd'.repeat(64) }
  const answer = (status: number, length: number, copied = 'd') =>
    `copied ${copied.repeat(64)}\ncurl 0\nHTTP/1.1 ${status} OK\nContent-Length: ${length}\n`
  test('there, absent, of another size, never read back', () => {
    expect(judgeCopy(answer(200, 10), newest, 'u')).toMatchObject({ status: 'pass' })
    expect(judgeCopy(answer(404, 0), newest, 'u')).toMatchObject({ status: 'fail', measured: 'absent' })
    expect(judgeCopy(answer(200, 9), newest, 'u')).toMatchObject({ status: 'fail', measured: '9 bytes' })
    expect(judgeCopy(answer(200, 10, 'e'), newest, 'u')).toMatchObject({
      status: 'fail',
      measured: 'not read back',
    })
  })
  test('no answer, or a refusal, is not known to be absent', () => {
    expect(() => judgeCopy('curl 7\ncurl: (7) Failed to connect\n', newest, 'u')).toThrow(
      /no answer.*Failed to connect/,
    )
    expect(() => judgeCopy(answer(403, 0), newest, 'u')).toThrow(/403/)
  })
  test('customers’ data go encrypted, or stay in a private network; a key has no place in the URL', () => {
    const takes = (bucketUrl: string) => backupParams.safeParse({ bucketUrl }).success
    expect(takes('https://fra1.digitaloceanspaces.com/shop/backups/')).toBe(true)
    expect(takes('http://10.0.0.5:9000/backups')).toBe(true)
    expect(takes('http://storage.example/backups')).toBe(false)
    expect(takes('https://key:secret@storage.example/backups')).toBe(false)
    expect(takes('https://storage.example/$(reboot)')).toBe(false)
    expect(backupParams.parse({ bucketUrl: 'https://a.example/b/' }).bucketUrl).toBe('https://a.example/b')
  })
})

describe('the script on the server', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'kneeboard-backup-')), 'kneeboard-backup')
  writeFileSync(file, backupScript)
  test.each(['dash', 'bash'])('is one that %s reads', shell => {
    execFileSync(shell, ['-n', file])
  })
  test('refuses what is no project before it does anything', () => {
    for (const word of ['', '../etc', 'a b', '$(id)'])
      expect(() => execFileSync('sh', [file, word], { stdio: 'pipe' })).toThrow(/which project/)
  })
  test('never prints or passes the bucket’s key, and names the dump last', () => {
    expect(backupScript).not.toMatch(/--user /)
    const renames = [...backupScript.matchAll(/mv -- "([^"]+)"/g)].map(match => match[1])
    expect(renames.at(-1)).toBe('$part')
  })
  test('its configuration quotes whatever stands in a value', () => {
    const text = configurationText(
      'shop',
      `it's`,
      { ...params, backupDirectory: '/srv/my backups' },
      defaultPolicy,
    )
    const read = execFileSync('sh', ['-c', `${text}\nprintf '%s|%s' "$DATABASE" "$DIRECTORY"`], {
      encoding: 'utf8',
    })
    expect(read).toBe("it's|/srv/my backups")
  })
  test('a mark for the figures is a word', () => {
    expect(() => tableFigures("x'; DROP TABLE y")).toThrow(RangeError)
  })
})
