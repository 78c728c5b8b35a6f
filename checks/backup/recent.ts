/** There is a backup of now, and one that the timer made. */

import { type Backup, backups } from '../../src/facts/backups.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { backUpNow, runAsTimer } from './make.ts'
import { backupParams } from './parameters.ts'

/** A backup that was proven when it was made, and is as large as it was then. Its bytes are read elsewhere. */
export const isProven = (backup: Backup): boolean =>
  backup.manifest !== null &&
  backup.checksum === backup.manifest.sha256 &&
  backup.bytes === backup.manifest.bytes

export const backupMadeByItself = check({
  id: 'backup/made-by-itself',
  title: 'The timer’s own backups succeed',
  why: 'What is restored after a disaster is what the timer made, not what an operator made beside it.',
  params: backupParams,
  after: ['backup/scheduled'],
  remedies: [runAsTimer],
  async probe({ params, policy, read }) {
    const { project } = await read(stackConfig, params.composeFile)
    const all = await read(backups, params.backupDirectory)
    const newest = all.find(
      backup =>
        backup.name.startsWith(`${project}-`) && backup.manifest?.madeBy === 'timer' && isProven(backup),
    )
    const expected = `one within ${policy.backupDailyMaxAgeHours} h`
    const offer = { expected, remedies: [runAsTimer] }
    if (newest === undefined)
      return fail('the timer has never made a backup that is proven', { ...offer, measured: 'none' })
    const measured = ago(newest.ageSeconds)
    if (newest.ageSeconds > policy.backupDailyMaxAgeHours * 3600)
      return fail(`the timer’s newest proven backup is of ${measured}`, { ...offer, measured })
    return pass(`the timer’s newest backup, ${newest.name}, is of ${measured}`, { measured, expected })
  },
})

export const backupRecent = check({
  id: 'backup/recent',
  title: 'There is a proven backup of now',
  why: 'Whatever was written since the newest backup is what a restore loses. Before a risky change it has to be minutes old.',
  params: backupParams,
  after: ['database/ready', 'backup/room'],
  remedies: [backUpNow],
  async probe({ params, policy, read }) {
    const all = await read(backups, params.backupDirectory)
    const newest = all.find(isProven)
    const expected = `one within ${policy.backupFreshMinutes} min`
    const offer = { expected, remedies: [backUpNow] }
    if (all.length === 0)
      return fail(`${params.backupDirectory} holds no backup`, { ...offer, measured: 'none' })
    if (newest === undefined)
      return fail(
        `none of the ${all.length} files in ${params.backupDirectory} is a backup that was proven`,
        {
          ...offer,
          measured: 'none proven',
        },
      )
    const measured = ago(newest.ageSeconds)
    if (newest.ageSeconds > policy.backupFreshMinutes * 60)
      return fail(`the newest proven backup is of ${measured}`, { ...offer, measured })
    if (newest.ageSeconds < -60)
      return fail(`${newest.name} says that it was made in the future: a clock was wrong`, {
        ...offer,
        measured,
      })
    return pass(`${newest.name} is of ${measured}`, { measured, expected })
  },
})

/** `12 min ago`, `3 h ago`, `5 days ago`. */
export function ago(seconds: number): string {
  if (seconds < 0) return `${Math.ceil(-seconds / 60)} min ahead`
  if (seconds < 90) return 'just now'
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h ago`
  return `${Math.round(seconds / 86_400)} days ago`
}
