import { type Backup, backups } from '../../src/facts/backups.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { chosenBackup, lasting, restoreParams, sized } from './parameters.ts'

export const backupChosen = check({
  id: 'restore/backup-chosen',
  title: 'The backup to restore is there',
  why: 'What is restored is decided here, by name. Its age is what will be missing from the shop afterwards.',
  params: restoreParams,
  async probe(context) {
    const { params, read } = context
    const found = await read(backups, params.backupDirectory)
    const choice = found.length === 0 ? null : await chosenBackup(context).catch(() => null)
    if (choice?.restored || choice?.copy) {
      const where = choice.restored ? 'is the live database' : 'stands restored beside the live database'
      return pass(`${choice.name} ${where}`, { measured: choice.name })
    }
    const named = choice?.backup ?? found.find(({ name }) => name === params.backup)
    if (named === undefined) {
      // Asked again for its reason: a database that does not answer is no missing backup.
      if (found.length > 0 && params.backup === 'newest') await chosenBackup(context)
      return fail(
        params.backup === 'newest'
          ? `there is no backup in ${params.backupDirectory}`
          : `there is no backup ${params.backup} in ${params.backupDirectory}`,
        { expected: 'a file that ends in .dump, .sql or .sql.gz', advice: others(found, params.backup) },
      )
    }
    return judge(named, found)
  },
})

function judge(backup: Backup, found: readonly Backup[]): Verdict {
  const { name, bytes, ageSeconds, manifest, manifestProblem } = backup
  const measured = `${lasting(ageSeconds)} old, ${sized(bytes)}`
  if (bytes === 0)
    return fail(`${name} is empty: the dump failed, and the file was made all the same`, {
      measured: '0 bytes',
      advice: others(found, name),
    })
  if (ageSeconds < -60)
    return fail(`${name} says that it is from the future: the server’s clock or the name is wrong`, {
      measured: backup.takenAt,
      advice: 'Set the clock right first: what would be lost is judged by the time of the backup.',
    })
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

/** What else could be restored: the newest few that are not empty. */
export function others(found: readonly Backup[], except: string): string {
  const names = found.filter(({ name, bytes }) => name !== except && bytes > 0).slice(0, 3)
  if (names.length === 0) return 'There is no other backup here. Look where copies are kept off this server.'
  const list = names.map(({ name, ageSeconds }) => `${name} (${lasting(ageSeconds)} old)`).join(', ')
  return `Choose another with --set backup=NAME: ${list}.`
}
