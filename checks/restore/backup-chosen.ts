import { type Backup, backups } from '../../src/facts/backups.ts'
import { type BucketBackup, isWholeInBucket } from '../../src/facts/bucket-backups.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { backupsInBucket, otherBackups } from './in-bucket.ts'
import { chosenBackup, lasting, restoreParams, sized } from './parameters.ts'

export const backupChosen = check({
  id: 'restore/backup-chosen',
  title: 'The backup to restore is there',
  why: 'What is restored is decided here, by name. Its age is what will be missing from the shop afterwards.',
  params: restoreParams,
  after: ['restore/bucket-readable'],
  timeoutSeconds: 120,
  async probe(context) {
    const { params, read } = context
    const found = await read(backups, params.backupDirectory)
    const isNone = found.length === 0 && params.bucketUrl === ''
    const choice = isNone ? null : await chosenBackup(context).catch(() => null)
    if (choice?.restored || choice?.copy) {
      const where = choice.restored ? 'is the live database' : 'stands restored beside the live database'
      return pass(`${choice.name} ${where}`, { measured: choice.name })
    }
    const help = (except: string) => otherBackups(context, except)
    if (choice?.inBucket) return judgeInBucket(choice.inBucket, help)
    const named = choice?.backup ?? found.find(({ name }) => name === params.backup)
    if (named !== undefined) return judge(named, help)
    const elsewhere = await backupsInBucket(context)
    // Asked again for its reason: a database that does not answer is no missing backup.
    const isThere = ({ name }: { readonly name: string }) => name === params.backup
    if (
      params.backup === 'newest'
        ? found.length > 0 || elsewhere.some(isWholeInBucket)
        : elsewhere.some(isThere)
    )
      await chosenBackup(context)
    const places = `in ${params.backupDirectory}${params.bucketUrl === '' ? '' : ', and none in the bucket'}`
    return fail(
      params.backup === 'newest'
        ? `there is no ${elsewhere.length > 0 ? 'proven ' : ''}backup ${places}`
        : `there is no backup ${params.backup} ${places}`,
      {
        expected: 'a file that ends in .dump, .sql or .sql.gz',
        advice: await help(params.backup),
      },
    )
  },
})

/** What else there is: asked for only where it is needed, because a bucket may take its time. */
type Help = (except: string) => Promise<string>

async function judge(backup: Backup, help: Help): Promise<Verdict> {
  const { name, bytes, ageSeconds, manifest, manifestProblem } = backup
  const measured = `${lasting(ageSeconds)} old, ${sized(bytes)}`
  const wrong = await wrongAtFirstSight(backup, help)
  if (wrong !== null) return wrong
  if (manifestProblem !== null)
    return fail(`what stands beside ${name} cannot be read: ${manifestProblem}`, {
      measured,
      advice: `Move ${name}.manifest.json away to restore without it, or choose another backup.`,
    })
  const beside =
    manifest === null
      ? 'without a manifest: its rows are counted in the file'
      : `made by ${manifest.madeBy === 'timer' ? 'the timer' : 'a person’s run'} from PostgreSQL ${manifest.serverVersion}`
  return pass(`${name}, ${measured}, ${beside}`, { measured })
}

async function judgeInBucket(backup: BucketBackup, help: Help): Promise<Verdict> {
  const { name, bytes, ageSeconds } = backup
  const measured = `${lasting(ageSeconds)} old, ${sized(bytes)}`
  const beside = isWholeInBucket(backup)
    ? 'with its checksum and its manifest'
    : backup.hasChecksum
      ? 'with its checksum, and without a manifest'
      : 'without a checksum: only reading it to its end tells whether it is whole'
  return (
    (await wrongAtFirstSight(backup, help)) ??
    pass(`${name}, ${measured}, is in the bucket alone, ${beside}`, { measured })
  )
}

/** What its size and its time give away. */
async function wrongAtFirstSight(
  { name, bytes, ageSeconds, takenAt }: Pick<Backup, 'name' | 'bytes' | 'ageSeconds' | 'takenAt'>,
  help: Help,
): Promise<Verdict | null> {
  if (bytes === 0)
    return fail(`${name} is empty: the dump failed, and the file was made all the same`, {
      measured: '0 bytes',
      advice: await help(name),
    })
  if (ageSeconds < -60)
    return fail(`${name} says that it is from the future: the server’s clock or the name is wrong`, {
      measured: takenAt,
      advice: 'Set the clock right first: what would be lost is judged by the time of the backup.',
    })
  return null
}
