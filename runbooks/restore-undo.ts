/** Back from a restore: the old database takes its place again. */

import { databaseReady } from '../checks/restore/database-ready.ts'
import { answersWell } from '../checks/restore/health.ts'
import { servicesRunning } from '../checks/restore/services-running.ts'
import { restoreUndone } from '../checks/restore/undo.ts'
import { runbook } from '../src/model/runbook.ts'

export const restoreUndo = runbook({
  id: 'restore-undo',
  title: 'Undo a restore',
  purpose:
    'For a restore that turned out to be the wrong one. The database from before it is swapped back in, as it was; the restored one is put aside.',
  group: 'Incident',
  minutes: 3,
  steps: [
    {
      id: 'swap',
      title: 'The swap back',
      why: 'Two renames, with nobody connected.',
      checks: [databaseReady, restoreUndone],
    },
    {
      id: 'healthy',
      title: 'The shop on it',
      why: 'Everything that was stopped runs again, and the application says that it is well.',
      checks: [
        servicesRunning(['restore/undone']),
        answersWell('restore/healthy', ['restore/undone', 'restore/services-running']),
      ],
    },
  ],
})
