import { backupFolder } from '../../src/facts/backups.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { fetchBackup } from './fetch-backup.ts'
import { chosenBackup, restoreParams, sized } from './parameters.ts'

export const backupHere = check({
  id: 'restore/backup-here',
  title: 'The backup is on this server',
  why: 'It is read several times: for its checksum, for its list of contents, for the restore itself. And a line that breaks in the middle must not break a restore.',
  params: restoreParams,
  after: ['restore/backup-chosen'],
  remedies: [fetchBackup],
  timeoutSeconds: 120,
  async probe(context) {
    const { params, policy, read } = context
    if (params.bucketUrl === '') return notApplicable('no bucket was named: the backup is on this server')
    const { name, inBucket, copy, restored } = await chosenBackup(context)
    if (inBucket === null)
      return pass(
        copy === null && restored === null
          ? `${name} is in ${params.backupDirectory}`
          : `${name} was restored already`,
      )
    const { freeBytes } = await read(backupFolder, params.backupDirectory)
    const needed = inBucket.bytes + policy.backupDiskReserveMB * 1_048_576
    if (freeBytes < needed)
      return fail(
        `the disk of ${params.backupDirectory} has ${sized(freeBytes)} free, too little to fetch ${name}`,
        {
          measured: `${sized(freeBytes)} free`,
          expected: `${sized(needed)}, ${policy.backupDiskReserveMB} MB of them to stay free`,
          advice:
            'Free some: docker image prune keeps what runs and removes the rest, journalctl --vacuum-size=200M shrinks the journal. Or name another directory with --set backupDirectory=PATH',
        },
      )
    return fail(`${name}, ${sized(inBucket.bytes)}, is in the bucket alone`, {
      measured: 'in the bucket',
      expected: `in ${params.backupDirectory}`,
      remedies: [fetchBackup],
    })
  },
})
