/** What the form offers as the backup to restore: those on the server, and those that the bucket alone has. */

import { z } from 'zod'
import { backups } from '../../src/facts/backups.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Choice } from '../../src/model/discovery.ts'
import { quantity } from '../../src/model/figure.ts'
import { bucketShape } from '../backup/parameters.ts'
import { backupsInBucket, offersOf } from './in-bucket.ts'

const Bucket = z.object(bucketShape)

/**
 * Newest first. A bucket that cannot be listed takes nothing away from what is on the server.
 *
 * @param params the form's values, unchecked
 * @throws Unreadable when the directory cannot be listed; or the bucket cannot, and the directory is empty.
 */
export async function backupChoices(
  { read }: Pick<ReadContext, 'read'>,
  params: Readonly<Record<string, string>>,
): Promise<{ readonly choices: readonly Choice[]; readonly from: string }> {
  const { backupDirectory = '' } = params
  const here = await read(backups, backupDirectory)
  const { elsewhere, from } = await fromBucket(read, params).catch((error: unknown) => {
    if (!(error instanceof Unreadable) || here.length === 0) throw error
    return { elsewhere: [], from: `; the bucket is not among them: ${error.message}` }
  })
  return {
    choices: offersOf(here, elsewhere).map(({ name, ageSeconds, bytes, hasManifest, isElsewhere }) => ({
      value: name,
      note: [
        `${quantity(ageSeconds, 's')} old`,
        quantity(bytes, 'B'),
        hasManifest ? 'with its manifest' : 'no manifest',
        ...(isElsewhere ? ['in the bucket'] : []),
      ].join(', '),
    })),
    from: `the backups in ${backupDirectory}${from}`,
  }
}

async function fromBucket(read: ReadContext['read'], params: Readonly<Record<string, string>>) {
  // What is half typed is no bucket yet: the form itself says what is wrong with it.
  const { data } = Bucket.safeParse(params)
  if (data === undefined || data.bucketUrl === '') return { elsewhere: [], from: '' }
  return { elsewhere: await backupsInBucket({ params: data, read }), from: ' and in the bucket' }
}
