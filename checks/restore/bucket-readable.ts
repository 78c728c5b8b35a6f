import { backups } from '../../src/facts/backups.ts'
import type { BucketFault } from '../../src/facts/bucket.ts'
import { isWholeInBucket } from '../../src/facts/bucket-backups.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, notApplicable, pass, unknown } from '../../src/model/verdict.ts'
import { closeCredentials } from '../backup/copied.ts'
import { installTools } from '../backup/tools.ts'
import { bucketContents } from './in-bucket.ts'
import { chosenWithoutBucket, lasting, restoreParams, sized } from './parameters.ts'

export const bucketReadable = check({
  id: 'restore/bucket-readable',
  title: 'The bucket shows which backups it has',
  why: 'What burnt the server has burnt the backups on it: then the copies in the bucket are all there is. And the newest one may be there alone.',
  params: restoreParams,
  remedies: [closeCredentials, installTools],
  // The list may have several pages.
  timeoutSeconds: 120,
  async probe(context) {
    const { params, read } = context
    if (params.bucketUrl === '')
      return notApplicable('no bucket was named: a backup on this server is restored')
    const here = await read(backups, params.backupDirectory)
    // A database that does not answer is another check's matter.
    const known = await chosenWithoutBucket(context).catch(() => null)
    if (known?.copy || known?.restored)
      return notApplicable(`${known.name} is restored already: the bucket is not needed`)
    if (known !== null || here.some(({ name }) => name === params.backup))
      return notApplicable(`${known?.name ?? params.backup} is on this server: the bucket is not needed`)
    const [newestHere] = here
    const without =
      newestHere === undefined
        ? 'No backup is on this server: without the bucket there is nothing to restore'
        : `To restore without the bucket, name the newest that is on this server, ${lasting(newestHere.ageSeconds)} old: --set backup=${newestHere.name}`
    const contents = await bucketContents(context).catch((error: unknown) => {
      if (error instanceof Unreadable) return error
      throw error
    })
    // Never the older one here in its stead, by itself: the bucket may have a newer one.
    if (contents instanceof Unreadable) return unknown(contents.message, { advice: without })
    if (contents?.fault)
      return fail(contents.fault.says, {
        measured: contents.fault.measured,
        expected: 'a list of what is in the bucket',
        advice: `${contents.fault.advice}. ${without}`,
        remedies: remediesFor(contents.fault),
      })
    const found = contents?.backups ?? []
    const [newest] = found
    if (newest === undefined)
      return pass(`the bucket answers, and holds no backup at ${params.bucketUrl}`, { measured: counted(0) })
    const whole = found.filter(isWholeInBucket).length
    return pass(
      `the bucket has ${counted(found.length)}, ${whole} with checksum and manifest; the newest is ${newest.name}, ${lasting(newest.ageSeconds)} old, ${sized(newest.bytes)}`,
      { measured: counted(found.length) },
    )
  },
})

const remediesFor = ({ kind }: BucketFault) =>
  kind === 'key-open' ? [closeCredentials] : kind === 'no-curl' ? [installTools] : []

const counted = (count: number): string => `${count} ${count === 1 ? 'backup' : 'backups'}`
