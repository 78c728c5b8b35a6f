import { check } from '../../src/model/check.ts'
import { notApplicable } from '../../src/model/verdict.ts'
import { backUpNow } from '../backup/make.ts'
import { backupRecent } from '../backup/recent.ts'
import { READING_SECONDS } from './history.ts'
import { withBackupParams } from './parameters.ts'
import { readGoingBack } from './situation.ts'

/** The backup runbook's own check and remedy, asked only where something is about to be undone. */
export const backupBefore = check({
  id: 'migrations/backup-before',
  title: 'There is a proven backup from just before',
  why: 'Undoing drops what no later release can bring back. A backup of minutes ago is what remains if the plan was wrong.',
  params: withBackupParams,
  after: ['migrations/exit'],
  remedies: [backUpNow],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    if ((await readGoingBack(context)) === null) return notApplicable('nothing is about to be undone')
    return backupRecent.probe(context)
  },
})
