/** What a restore makes of a bucket: its list, its refusals, and the one backup that is meant. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backupChosen } from '../../../checks/restore/backup-chosen.ts'
import { backupHere } from '../../../checks/restore/backup-here.ts'
import { bucketReadable } from '../../../checks/restore/bucket-readable.ts'
import { backupChoices } from '../../../checks/restore/choices.ts'
import { fetchBackup, fetchJob } from '../../../checks/restore/fetch-backup.ts'
import { chosenBackup, type RestoreParams, restoreParams } from '../../../checks/restore/parameters.ts'
import { restore } from '../../../runbooks/restore.ts'
import { restoreUndo } from '../../../runbooks/restore-undo.ts'
import type { Backup } from '../../../src/facts/backups.ts'
import { type BucketContents, bucketBackups } from '../../../src/facts/bucket.ts'
import { type BucketBackup, backupsIn, isWholeInBucket } from '../../../src/facts/bucket-backups.ts'
import { bucketAddresses, pageUrl, parsePage } from '../../../src/facts/bucket-listing.ts'
import { databasesOf, MARK } from '../../../src/facts/restore-databases.ts'
import type { CommandResult } from '../../../src/model/command.ts'
import { checksOf, parametersOf } from '../../../src/model/runbook.ts'
import type { Script } from '../../../src/model/script.ts'
import { ended, given } from '../docker/given.ts'

const URL_OF_LAB = 'http://127.0.0.1:40001/backups/shop'
const captured = (name: string): string =>
  readFileSync(new URL(`./captured/bucket-${name}.txt`, import.meta.url), 'utf8')
const xmlOf = (text: string): string => text.slice(text.indexOf('<?xml'), text.lastIndexOf('\n@@ http'))

describe('a page of the list', () => {
  const page = xmlOf(captured('page-1'))
  const read = (body: string, http = 200) => parsePage(body, http, URL_OF_LAB)

  test('objects, their sizes, and where it goes on', () => {
    const first = read(page)
    expect('objects' in first && first.objects).toHaveLength(6)
    expect(first).toMatchObject({
      next: 'c2hvcC93ZWJzaG9wLTIwMjYxMTIwVDAyNDUwMVouZHVtcA==',
      objects: [
        { key: 'shop/before the move & after.sql.gz', bytes: 400_000, modifiedAt: '2026-11-21T08:00:00Z' },
        { key: 'shop/old.sql.gz' },
        { key: 'shop/webshop-20261119T023114Z.dump', bytes: 1_437_000 },
        ...Array(3).fill(expect.anything()),
      ],
    })
    expect(read(xmlOf(captured('page-2')))).toMatchObject({ next: '' })
  })
  test('a refusal is S3’s own word; something else is none', () => {
    expect(read(captured('wrong-secret'), 403)).toEqual({ code: 'SignatureDoesNotMatch' })
    expect(read('<html>It works!</html>')).toEqual({ code: '' })
    expect(read(page, 403)).toEqual({ code: '' })
  })
  test.each([
    ['cut off', page.slice(0, -40)],
    ['cut off, and closed by chance', `${page.slice(0, 1000)}</ListBucketResult>`],
    ['without sizes', page.replaceAll(/<Size>\d+<\/Size>/g, '')],
    ['with a size that is none', page.replace('<Size>400000<', '<Size>4e5<')],
    ['with a time that is none', page.replace('2026-11-21T08:00:00.000Z', 'yesterday')],
    [
      'that does not say where it goes on',
      page.replace(/<NextContinuationToken>[^<]*<\/NextContinuationToken>/, ''),
    ],
    ['that does not say whether it goes on', page.replace('<IsTruncated>true</IsTruncated>', '')],
  ])('%s: unreadable, and never a shorter list', (_, body) => {
    expect(() => read(body)).toThrow(/cannot be read/)
  })
})

test('a bucket is named by the path or by the host, and asked in the form that is signed', () => {
  expect(bucketAddresses('https://fra1.example/shop/a b/c%20d')).toEqual([
    { base: 'https://fra1.example/shop', prefix: 'a b/c d/' },
    { base: 'https://fra1.example/', prefix: 'shop/a b/c d/' },
  ])
  expect(bucketAddresses('https://shop.fra1.example')).toEqual([
    { base: 'https://shop.fra1.example/', prefix: '' },
  ])
  const [first = { base: '', prefix: '' }] = bucketAddresses("https://fra1.example/shop/it's (old)")
  expect(pageUrl(first, 'a+b/c=')).toBe(
    'https://fra1.example/shop?continuation-token=a%2Bb%2Fc%3D&delimiter=%2F&list-type=2&prefix=it%27s%20%28old%29%2F',
  )
  expect(pageUrl({ base: 'https://h/', prefix: '' }, '')).toBe('https://h/?delimiter=%2F&list-type=2')
})

test('backups among the objects: by their names, with what stands beside each, and nothing that could not be named', () => {
  const object = (key: string) => ({ key, bytes: 5, modifiedAt: '2026-11-20T00:00:00Z' })
  const found = backupsIn(
    [
      'shop/a-20261121T000000Z.dump',
      'shop/a-20261121T000000Z.dump.sha256',
      'shop/a-20261121T000000Z.dump.manifest.json',
      'shop/old.sql.gz',
      'shop/../../etc/cron.d/x.sql',
      'shop/-rf.dump',
      'shop/x y.dump',
      'other/b.dump',
      'shop/notes.txt',
    ].map(object),
    'shop/',
    Date.parse('2026-11-21T01:00:00Z') / 1000,
  )
  expect(found).toMatchObject([
    {
      name: 'a-20261121T000000Z.dump',
      kind: 'custom',
      ageSeconds: 3600,
      hasChecksum: true,
      hasManifest: true,
    },
    { name: 'old.sql.gz', kind: 'sql.gz', takenAt: '2026-11-20T00:00:00Z', hasChecksum: false },
  ])
  expect(found.map(isWholeInBucket)).toEqual([true, false])
})

describe('the bucket asked', () => {
  const asked: Script[] = []
  /** Answers with the captured texts, one after the other. */
  const answering = (...texts: readonly (string | Partial<CommandResult>)[]) => {
    asked.length = 0
    const left = [...texts]
    return bucketBackups.read(
      {
        ...given({}),
        async run(script) {
          asked.push(script)
          const next = left.shift() ?? ''
          return ended(typeof next === 'string' ? { stdout: next } : next)
        },
      },
      URL_OF_LAB,
      'us-east-1',
      '/etc/kneeboard/key',
    )
  }
  const says = async (...texts: readonly string[]) => (await answering(...texts)).fault?.says

  test('all pages, newest first', async () => {
    const { backups } = await answering(captured('page-1'), captured('page-2'))
    expect(backups?.map(({ name, hasManifest }) => `${name} ${hasManifest}`)).toEqual([
      'old.sql.gz false',
      'webshop-20261121T023507Z.dump false',
      'webshop-20261120T024501Z.dump true',
      'webshop-20261119T023114Z.dump true',
    ])
    expect(asked[1]?.text).toContain('continuation-token=c2hv')
  })
  test('a list that stops in the middle, or does not end, is none', async () => {
    await expect(answering(captured('page-1'), captured('no-bucket'))).rejects.toThrow(
      /stopped in the middle/,
    )
    await expect(answering(captured('page-1'), captured('page-1'))).rejects.toThrow(/does not end/)
    await expect(answering(captured('page-1'), captured('closed'))).rejects.toThrow(
      /gave no answer: curl: \(7\)/,
    )
  })
  test('nobody answers, or not in time, or only half: unreadable', async () => {
    await expect(answering(captured('closed'))).rejects.toThrow(
      /^the bucket gave no answer: curl: \(7\) Failed to connect/,
    )
    await expect(answering({ ending: 'timed-out', exitCode: null, reason: 'too slow' })).rejects.toThrow(
      'the bucket gave no answer: too slow',
    )
    await expect(answering(captured('page-1').slice(0, 900))).rejects.toThrow(/was cut off/)
    await expect(answering(captured('no-bucket').replace('http 404', 'http 503'))).rejects.toThrow(
      /answered 503/,
    )
  })
  test('what is wrong with the key is one sentence, and names its file', async () => {
    expect(await says('key absent\n')).toBe(
      'the bucket’s key is not on the server: /etc/kneeboard/key does not exist',
    )
    expect(await says('key open 644 root\n')).toMatch(/others than root can read/)
    expect(await says('key malformed\n')).toMatch(/not written as curl reads it/)
    expect(await says('curl absent\n')).toMatch(/curl is not installed/)
    expect(await says('curl 7.74.0\nnow 1\n')).toMatch(/curl 7\.74\.0 cannot sign/)
    expect(await says(captured('wrong-secret'), captured('wrong-secret'))).toBe(
      'the bucket refuses the key in /etc/kneeboard/key: its secret part is wrong',
    )
    expect(await says(captured('no-bucket'), captured('no-bucket'))).toBe(
      `there is no such bucket: ${URL_OF_LAB}`,
    )
  })
  test('a bucket that its host names: the first answer knows no such object, the second is the list', async () => {
    const noKey = captured('no-bucket').replace('NoSuchBucket', 'NoSuchKey')
    const { backups } = await answering(noKey, captured('page-2').replaceAll('shop/', 'backups/shop/'))
    expect(backups).toHaveLength(1)
    expect(asked[1]?.text).toContain('/?delimiter=%2F&list-type=2&prefix=backups%2Fshop%2F')
  })
})

const NOW = Date.parse('2026-11-21T12:00:00Z') / 1000
const params = restoreParams.parse({ bucketUrl: URL_OF_LAB })
const row = (name: string, comment = '') => ({
  name,
  owner: 'webshop',
  bytes: 25_000_000,
  allows: true,
  comment,
  slots: 0,
  prepared: 0,
  restoring: 0,
  version: '15.20',
  now: NOW,
})
const here = (name: string, takenAt: string): Backup => ({
  path: `/opt/webshop/backups/${name}`,
  name,
  kind: 'custom',
  bytes: 1000,
  mode: '600',
  owner: 'root',
  takenAt,
  ageSeconds: NOW - Date.parse(takenAt) / 1000,
  checksum: 'a'.repeat(64),
  manifest: null,
  manifestProblem: null,
})
const there = (name: string, takenAt: string, isWhole = true): BucketBackup => ({
  name,
  kind: 'custom',
  bytes: 1000,
  takenAt,
  ageSeconds: NOW - Date.parse(takenAt) / 1000,
  hasChecksum: isWhole,
  hasManifest: isWhole,
})
const older = here('older.dump', '2026-11-20T02:30:00Z')
const newest = there('newest.dump', '2026-11-21T02:30:00Z')

/** What is not given cannot be read: without a list, a bucket that is asked all the same is seen. */
function context(
  local: readonly Backup[],
  bucket: BucketContents | readonly BucketBackup[] | null,
  {
    changed = {},
    rows = [row('webshop')],
    freeBytes = 9e9,
  }: {
    changed?: Partial<RestoreParams>
    rows?: ReturnType<typeof row>[]
    freeBytes?: number
  } = {},
) {
  const contents = Array.isArray(bucket) ? { backups: bucket, fault: null } : bucket
  return given(
    { ...params, ...changed },
    {
      facts: {
        'restore/databases': databasesOf(rows, 'webshop'),
        backups: local,
        'backups/folder': { freeBytes },
        ...(contents === null ? {} : { 'bucket/backups': contents }),
      },
    },
  )
}

describe('which backup is meant', () => {
  const meant = async (...told: Parameters<typeof context>) => {
    const { name, inBucket, backup } = await chosenBackup(context(...told))
    return [name, inBucket !== null, backup !== null]
  }
  test('the newest of both places', async () => {
    expect(await meant([older], [newest])).toEqual(['newest.dump', true, false])
    expect(await meant([older], [there('old.dump', '2026-11-19T00:00:00Z')])).toEqual([
      'older.dump',
      false,
      true,
    ])
    expect(await meant([], [newest])).toEqual(['newest.dump', true, false])
  })
  test('one that is in both is the one here', async () => {
    expect(await meant([older], [there('older.dump', '2026-11-20T02:30:05Z')])).toEqual([
      'older.dump',
      false,
      true,
    ])
  })
  test('of the bucket’s, only one whose copy was proven is the newest; another can be named', async () => {
    const half = there('half.dump', '2026-11-21T02:30:00Z', false)
    expect(await meant([older], [half])).toEqual(['older.dump', false, true])
    expect(await meant([older], [half], { changed: { backup: 'half.dump' } })).toEqual([
      'half.dump',
      true,
      false,
    ])
    await expect(meant([], [half])).rejects.toThrow(/no backup in .* and in the bucket/)
  })
  test('one that is named and here, or whose restore is under way: the bucket is not asked', async () => {
    expect(await meant([older], null, { changed: { backup: 'older.dump' } })).toEqual([
      'older.dump',
      false,
      true,
    ])
    const marker = {
      phase: 'restored',
      of: 'webshop',
      backup: 'gone.dump',
      bytes: 5,
      sha256: 'b'.repeat(64),
      takenAt: '2026-11-20T00:00:00Z',
      stamp: 's',
    }
    const rows = [row('restore_s', MARK + JSON.stringify(marker)), row('webshop')]
    expect(await meant([older], null, { rows })).toEqual(['gone.dump', false, false])
    expect(await bucketReadable.probe(context([older], null, { rows }))).toMatchObject({
      status: 'not-applicable',
      summary: expect.stringContaining('gone.dump is restored already'),
    })
  })
  test('a bucket that cannot be listed leaves the newest unknown: never the older one here', async () => {
    await expect(meant([older], null)).rejects.toThrow('bucket/backups is not given')
    expect(await bucketReadable.probe(context([], null))).toMatchObject({
      status: 'unknown',
      summary: 'bucket/backups is not given',
      advice: expect.stringContaining('nothing to restore'),
    })
    const fault = {
      kind: 'other',
      says: 'the key is wrong',
      measured: '403',
      advice: 'Write another',
    } as const
    await expect(meant([older], { backups: null, fault })).rejects.toThrow('the key is wrong')
    expect(await bucketReadable.probe(context([older], { backups: null, fault }))).toMatchObject({
      status: 'fail',
      summary: 'the key is wrong',
      advice:
        'Write another. To restore without the bucket, name the newest that is on this server, 33 hours old: --set backup=older.dump',
    })
  })
})

describe('the checks', () => {
  test('without a bucket they say nothing, and ask nobody', async () => {
    const without = context([older], null, { changed: { bucketUrl: '' } })
    expect(await bucketReadable.probe(without)).toMatchObject({ status: 'not-applicable' })
    expect(await backupHere.probe(without)).toMatchObject({ status: 'not-applicable' })
    expect(await backupChosen.probe(without)).toMatchObject({ status: 'pass' })
  })
  test('in the bucket alone: chosen, not here, and to be fetched', async () => {
    const told = context([older], [newest])
    expect(await bucketReadable.probe(told)).toMatchObject({ status: 'pass', measured: '1 backup' })
    expect(await backupChosen.probe(told)).toMatchObject({
      status: 'pass',
      summary: expect.stringMatching(
        /^newest\.dump, 9 hours old, 1 kB, is in the bucket alone, with its checksum/,
      ),
    })
    expect(await backupHere.probe(told)).toMatchObject({ status: 'fail', remedies: [fetchBackup] })
    const plan = await fetchBackup.plan(told)
    expect(plan.actions).toMatchObject([{ type: 'run', lasting: true, as: 'root' }])
    expect(plan.touches).toContain('/opt/webshop/backups/newest.dump.manifest.json')
  })
  test('without room it is not even offered', async () => {
    const verdict = await backupHere.probe(context([], [newest], { freeBytes: 500_000_000 }))
    expect(verdict).toMatchObject({ status: 'fail', summary: expect.stringContaining('500.0 MB free') })
    expect(verdict.remedies).toBeUndefined()
  })
  test('nothing anywhere, nothing proven, nothing of that name: said, with what else there is', async () => {
    const says = async (...told: Parameters<typeof context>) => {
      const { status, summary, advice } = await backupChosen.probe(context(...told))
      return `${status}: ${summary}. ${advice}`
    }
    expect(await says([], [])).toBe(
      'fail: there is no backup in /opt/webshop/backups, and none in the bucket. There is no other backup, neither here nor in the bucket.',
    )
    expect(await says([], [there('half.dump', newest.takenAt, false)])).toMatch(
      /^fail: there is no proven backup in .*: half\.dump \(9 hours old, in the bucket\)/,
    )
    expect(await says([older], [newest], { changed: { backup: 'x.dump' } })).toMatch(
      /no backup x\.dump in .*newest\.dump \(9 hours old, in the bucket\), older\.dump \(33 hours old\)/,
    )
    expect(
      await says([{ ...older, bytes: 0 }], [there('older.dump', older.takenAt)], {
        changed: { backup: 'older.dump' },
      }),
    ).toMatch(/older\.dump is empty.*The bucket has older\.dump too: rename the one here/)
  })
})

describe('what the form offers', () => {
  const form = { backupDirectory: '/opt/webshop/backups', bucketUrl: URL_OF_LAB }
  test('both places, newest first, each once', async () => {
    const both = context([older], [newest, there('older.dump', older.takenAt)])
    expect(await backupChoices(both, form)).toMatchObject({
      choices: [
        { value: 'newest.dump', note: expect.stringMatching(/ old, .*, with its manifest, in the bucket$/) },
        { value: 'older.dump', note: expect.stringMatching(/no manifest$/) },
      ],
      from: 'the backups in /opt/webshop/backups and in the bucket',
    })
  })
  test('a bucket that is not named, or half typed, is not asked; one that fails hides nothing', async () => {
    const silent = context([older], null)
    for (const bucketUrl of ['', 'https', 'ftp://x/y'])
      expect((await backupChoices(silent, { ...form, bucketUrl })).from).toBe(
        'the backups in /opt/webshop/backups',
      )
    const { choices, from } = await backupChoices(silent, form)
    expect(choices).toHaveLength(1)
    expect(from).toMatch(/the bucket is not among them: bucket\/backups is not given$/)
    await expect(backupChoices(context([], null), form)).rejects.toThrow('is not given')
  })
})

test('the runbook asks for the bucket as the backup does; its undoing does not ask at all', () => {
  const names = (book: typeof restore) => parametersOf(checksOf(book)).map(({ name }) => name)
  expect(names(restore)).toEqual(expect.arrayContaining(['bucketUrl', 'bucketRegion', 'bucketCredentials']))
  expect(names(restoreUndo).filter(name => name.startsWith('bucket'))).toEqual([])
})

describe('the job that fetches', () => {
  const job = fetchJob({ ...params, bucketUrl: 'http://10.0.0.1/b/it $(x)', file: newest, reserveBytes: 5 })

  test('parses, quotes what comes from outside, and holds no key', () => {
    for (const shell of ['sh', 'bash'])
      expect(spawnSync(shell, ['-n'], { input: job.text, encoding: 'utf8' }).stderr).toBe('')
    expect(job.text).toContain("BUCKET_URL='http://10.0.0.1/b/it $(x)'")
    expect(job.text).toContain('BUCKET_CREDENTIALS=/etc/kneeboard/backup-bucket.conf')
  })
  test('names the dump last, and nothing over something', () => {
    const { text } = job
    expect(text.match(/\bmv [^\n;]*/g)).toEqual([
      'mv -n -- "$1" "$2" && is_free "$1"',
      'mv "$work/status.new" "$work/status" ) &',
    ])
    expect(text.indexOf('place "$work/$name.$beside"')).toBeLessThan(text.indexOf('place "$work/$name.part"'))
  })
})
