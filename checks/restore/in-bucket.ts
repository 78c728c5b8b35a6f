/** The backups that lie in the bucket, for a restore. Without a bucket nothing is asked, and nothing said. */

import { type Backup, backups } from '../../src/facts/backups.ts'
import { type BucketContents, bucketBackups } from '../../src/facts/bucket.ts'
import type { BucketBackup } from '../../src/facts/bucket-backups.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { lasting } from './words.ts'

export interface BucketParams {
  readonly bucketUrl: string
  readonly bucketRegion: string
  readonly bucketCredentials: string
}

interface Reader<P> {
  readonly params: P
  readonly read: ReadContext['read']
}

/** Null where no bucket was named. @throws Unreadable when it gives no answer. */
export async function bucketContents({ params, read }: Reader<BucketParams>): Promise<BucketContents | null> {
  const { bucketUrl, bucketRegion, bucketCredentials } = params
  return bucketUrl === '' ? null : read(bucketBackups, bucketUrl, bucketRegion, bucketCredentials)
}

/** Newest first; none where no bucket was named. @throws Unreadable when it cannot be listed, with why. */
export async function backupsInBucket(reader: Reader<BucketParams>): Promise<readonly BucketBackup[]> {
  const contents = await bucketContents(reader)
  if (contents?.fault) throw new Unreadable(contents.fault.says)
  return contents?.backups ?? []
}

/** One backup that could be restored, wherever it lies. */
export interface Offer {
  readonly name: string
  readonly bytes: number
  readonly ageSeconds: number
  readonly hasManifest: boolean
  /** The bucket alone has it. */
  readonly isElsewhere: boolean
}

/** Those of the directory and those that the bucket alone has, newest first. Pure. */
export function offersOf(here: readonly Backup[], elsewhere: readonly BucketBackup[]): Offer[] {
  const names = new Set(here.map(({ name }) => name))
  const offer = (file: Backup | BucketBackup, hasManifest: boolean, isElsewhere: boolean): Offer => {
    const { name, bytes, ageSeconds } = file
    return { name, bytes, ageSeconds, hasManifest, isElsewhere }
  }
  return [
    ...here.map(file => offer(file, file.manifest !== null, false)),
    ...elsewhere.filter(({ name }) => !names.has(name)).map(file => offer(file, file.hasManifest, true)),
  ].sort((a, b) => a.ageSeconds - b.ageSeconds)
}

/** What else could be restored: the newest few that are not empty. A bucket that does not answer has nothing to offer. */
export async function otherBackups(
  reader: Reader<BucketParams & { readonly backupDirectory: string }>,
  except: string,
): Promise<string> {
  const here = await reader.read(backups, reader.params.backupDirectory)
  const elsewhere = await backupsInBucket(reader).catch(() => [])
  const offers = offersOf(here, elsewhere)
    .filter(({ name, bytes }) => name !== except && bytes > 0)
    .slice(0, 3)
  const again =
    here.some(({ name }) => name === except) && elsewhere.some(({ name }) => name === except)
      ? ` The bucket has ${except} too: rename the one here, and what stands beside it, and it can be fetched.`
      : ''
  if (offers.length > 0) {
    const list = offers.map(
      ({ name, ageSeconds, isElsewhere }) =>
        `${name} (${lasting(ageSeconds)} old${isElsewhere ? ', in the bucket' : ''})`,
    )
    return `Choose another with --set backup=NAME: ${list.join(', ')}.${again}`
  }
  if (again !== '') return again.trim()
  return reader.params.bucketUrl === ''
    ? 'There is no other backup here. Look where copies are kept off this server; a bucket is named with --set bucketUrl=URL.'
    : 'There is no other backup, neither here nor in the bucket.'
}
