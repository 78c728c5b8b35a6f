import { databaseDisk } from '../../src/facts/restore-databases.ts'
import { check } from '../../src/model/check.ts'
import type { Policy } from '../../src/model/policy.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { type Choice, chosenBackup, restoreParams, sized } from './parameters.ts'

export const spaceForCopy = check({
  id: 'restore/space',
  title: 'The database’s disk has room for a second copy',
  why: 'The backup is restored beside the live database, not over it. A disk that fills up meanwhile stops PostgreSQL, and the shop with it.',
  params: restoreParams,
  after: ['restore/backup-chosen', 'restore/backup-here'],
  async probe(context) {
    const { params, policy, read } = context
    const choice = await chosenBackup(context)
    if (choice.copy !== null || choice.restored !== null)
      return pass('the copy is there already, and fits', {
        measured: sized((choice.copy ?? choice.restored)?.bytes ?? 0),
      })
    const { freeBytes } = await read(databaseDisk, params.composeFile, params.databaseService)
    const needed = spaceNeeded(choice, policy)
    const details = { measured: `${sized(freeBytes)} free`, expected: `${sized(needed)}` }
    if (freeBytes >= needed)
      return pass(`${sized(freeBytes)} are free, and the restore needs about ${sized(needed)}`, details)
    return fail(
      `the database’s disk has ${sized(freeBytes)} free, and a restore beside it needs about ${sized(needed)}`,
      { ...details, advice: advice(choice) },
    )
  },
})

/** Bytes for the copy and for the log that PostgreSQL writes while it fills it. */
export function spaceNeeded({ backup, databases }: Choice, policy: Policy): number {
  const packed = backup?.kind === 'sql' ? 1 : policy.restoreUnpackedFactor
  const estimate =
    backup?.manifest?.databaseBytes ?? Math.max(databases.live?.bytes ?? 0, (backup?.bytes ?? 0) * packed)
  const log = Math.min(estimate, policy.restoreLogGiB * 1024 ** 3)
  return Math.ceil((estimate + log) * policy.restoreSpaceMargin)
}

/** What could go: what earlier restores have left. Never by itself. */
function advice({ databases }: Choice): string {
  const left = databases.all.filter(({ name, marker }) => marker !== null && name !== databases.liveName)
  const words =
    left.length === 0
      ? ''
      : ` Earlier restores have left ${left.map(({ name, bytes }) => `${name} (${sized(bytes)})`).join(', ')}: DROP DATABASE frees that, when it is needed no more.`
  return `Make the disk larger, or free some of it: docker system df shows images and build cache that nobody uses.${words}`
}
