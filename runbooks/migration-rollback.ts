/** From a bad migration back to the schema and the release of before, knowing beforehand what it destroys. */

import { healthy, releaseFits, schemaFitsCode, writersRun } from '../checks/migrations/after.ts'
import { backupBefore } from '../checks/migrations/backup-before.ts'
import { nobodyBlocks } from '../checks/migrations/blockers.ts'
import { copyKept } from '../checks/migrations/copy.ts'
import { migratingBackIsRight } from '../checks/migrations/exit.ts'
import { historySound, targetNamed } from '../checks/migrations/history.ts'
import { planReversible } from '../checks/migrations/plan.ts'
import { reallyApplied } from '../checks/migrations/really-applied.ts'
import { taskComesBack } from '../checks/migrations/round-trip.ts'
import { targetReached } from '../checks/migrations/unapply.ts'
import { runbook } from '../src/model/runbook.ts'

export const migrationRollback = runbook({
  id: 'migration-rollback',
  title: 'Roll migrations back',
  purpose:
    'For a release whose migrations broke the shop. It shows what would really be undone over all apps and what that destroys, says which of four ways out loses least, and undoes nothing unless every operation can be undone.',
  group: 'Incident',
  minutes: 10,
  steps: [
    {
      id: 'history',
      title: 'What is applied',
      why: 'The image that has the files, the database’s record, and the schema tell the same story.',
      checks: [historySound, targetNamed, reallyApplied],
    },
    {
      id: 'plan',
      title: 'What would be undone',
      why: 'Over all apps, down to operations that others wrap, with the rows that go.',
      checks: [planReversible, migratingBackIsRight],
    },
    {
      id: 'safety',
      title: 'What is kept',
      why: 'A proven backup, and a copy of just what is dropped.',
      checks: [backupBefore, copyKept],
    },
    {
      id: 'undo',
      title: 'Undoing',
      why: 'In a container of its own, with a short wait for locks, and with nobody writing.',
      checks: [nobodyBlocks, targetReached],
    },
    {
      id: 'after',
      title: 'After it',
      why: 'Code and schema are of one release, and everything that was stopped works again.',
      checks: [releaseFits, schemaFitsCode, writersRun, healthy, taskComesBack],
    },
  ],
})
