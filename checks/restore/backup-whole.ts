import { archiveReading } from '../../src/facts/restore-archive.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { otherBackups } from './in-bucket.ts'
import { chosenBackup, restoreParams, sized } from './parameters.ts'

export const backupWhole = check({
  id: 'restore/backup-whole',
  title: 'The backup is whole',
  why: 'A dump that was cut off has a readable list of contents, and restores until it ends. A damaged one may even restore without an error. So all of it is read first.',
  params: restoreParams,
  after: ['restore/backup-chosen', 'restore/backup-here', 'restore/tools-can-read'],
  timeoutSeconds: 600,
  async probe(context) {
    const { params, read } = context
    const { name, backup, copy, restored } = await chosenBackup(context)
    if (copy !== null || restored !== null || backup === null) return pass(`${name} was restored to its end`)
    const noted = backup.checksum ?? backup.manifest?.sha256 ?? null
    const { sha256, broken } = await read(
      archiveReading,
      params.composeFile,
      params.databaseService,
      backup.path,
      backup.kind,
      noted === null ? 'contents' : 'checksum',
    )
    const measured = `SHA-256 ${sha256.slice(0, 16)}…`
    if (noted !== null && sha256 !== noted) {
      const whole = backup.manifest?.bytes
      const how =
        whole === undefined || whole === backup.bytes
          ? 'it is not what was written: its SHA-256 is another'
          : `${sized(backup.bytes)} are left of ${sized(whole)}: it was ${backup.bytes < whole ? 'cut off' : 'changed'}`
      return fail(`${name} is damaged: ${how}`, {
        measured,
        expected: `SHA-256 ${noted.slice(0, 16)}…`,
        advice: await otherBackups(context, name),
      })
    }
    if (broken !== '')
      return fail(`${name} is damaged or cut off: ${broken}`, {
        measured,
        telling: broken,
        advice: await otherBackups(context, name),
      })
    return pass(
      noted === null
        ? `all of ${name} was unpacked without an error; no checksum was noted for it`
        : `${name} is what was written, byte for byte`,
      { measured },
    )
  },
})
