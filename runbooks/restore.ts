/** From a backup to a shop that runs on it: beside the live database first, proven there, swapped in, one step from the way back. */

import { backupChosen } from '../checks/restore/backup-chosen.ts'
import { backupHere } from '../checks/restore/backup-here.ts'
import { backupWhole } from '../checks/restore/backup-whole.ts'
import { bucketReadable } from '../checks/restore/bucket-readable.ts'
import { constraintsValid, sequencesAhead } from '../checks/restore/copy-sound.ts'
import { databaseReady } from '../checks/restore/database-ready.ts'
import { answersWell } from '../checks/restore/health.ts'
import { lossKnown } from '../checks/restore/loss-known.ts'
import { migrationHead } from '../checks/restore/migration-head.ts'
import { restoredBeside } from '../checks/restore/restored-beside.ts'
import { pagesSound, rowsMatch } from '../checks/restore/rows-match.ts'
import { servicesRunning } from '../checks/restore/services-running.ts'
import { spaceForCopy } from '../checks/restore/space.ts'
import { settingsKept, swapped, wayBack } from '../checks/restore/swapped.ts'
import { toolsCanRead } from '../checks/restore/tools-can-read.ts'
import { swapBack } from '../checks/restore/undo.ts'
import { runbook } from '../src/model/runbook.ts'

export const restore = runbook({
  id: 'restore',
  title: 'Restore a backup',
  purpose:
    'For data that were lost or spoilt. The backup is restored beside the live database and proven there; what would be lost is listed; then the two change places, and the old one is kept for the way back.',
  group: 'Incident',
  minutes: 20,
  steps: [
    {
      id: 'choose',
      title: 'The backup',
      why: 'It is there, it is whole, the tools here can read it, and there is room for it.',
      checks: [
        bucketReadable,
        backupChosen,
        backupHere,
        toolsCanRead,
        backupWhole,
        databaseReady,
        spaceForCopy,
      ],
    },
    {
      id: 'beside',
      title: 'Beside the live database',
      why: 'Nothing is overwritten, and the shop goes on.',
      checks: [restoredBeside],
    },
    {
      id: 'verify',
      title: 'The copy, held against the backup',
      why: 'Rows, constraints, sequences, pages and migrations are as they have to be, and what is lost is known.',
      checks: [rowsMatch, constraintsValid, sequencesAhead, pagesSound, migrationHead, lossKnown],
    },
    {
      id: 'swap',
      title: 'The swap',
      why: 'The copy takes the live database’s place, with its rights and settings; the old one stays.',
      checks: [swapped, settingsKept, wayBack],
    },
    {
      id: 'healthy',
      title: 'The shop on it',
      why: 'Everything that was stopped runs again, and the application says that it is well.',
      checks: [
        servicesRunning(['restore/swapped']),
        answersWell('restore/healthy', ['restore/swapped', 'restore/services-running'], [swapBack]),
      ],
    },
  ],
})
