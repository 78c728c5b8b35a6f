/** Staging from zero: all of its data thrown away, knowingly. It refuses everywhere else. */

import { applicationConnects } from '../checks/database/connects.ts'
import { databaseExists, databaseRole } from '../checks/database/exists.ts'
import { databaseMigrated, staffUserExists } from '../checks/database/migrated.ts'
import { databaseReady } from '../checks/database/ready.ts'
import { stackHealthy } from '../checks/staging/healthy.ts'
import { isStaging } from '../checks/staging/is-staging.ts'
import { dataReset } from '../checks/staging/reset.ts'
import { resetVolumes } from '../checks/staging/volumes.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** What is found out about the database says something only of the new one. */
const afterwards = (check: AnyCheck): AnyCheck => ({
  ...check,
  after: ['staging/reset', ...(check.after ?? []).filter(id => id !== 'database/schema-rights')],
})

export const stagingReset = runbook({
  id: 'staging-reset',
  title: 'Reset staging',
  purpose:
    'For a staging shop whose data have had their day. It throws the database and the queue away and starts the shop empty, migrated and with its first user. On anything but staging it refuses, whatever it is told.',
  group: 'Every month',
  minutes: 5,
  steps: [
    {
      id: 'where',
      title: 'Where this is',
      why: 'Staging by its name, and by what runs there.',
      checks: [isStaging],
    },
    {
      id: 'what',
      title: 'What would go',
      why: 'Volumes by their labels, used by this stack alone.',
      checks: [resetVolumes],
    },
    {
      id: 'reset',
      title: 'The reset',
      why: 'It takes the server’s name, typed.',
      checks: [dataReset],
    },
    {
      id: 'afterwards',
      title: 'An empty shop that works',
      why: 'The database is made and migrated, the application gets in, and every service is healthy.',
      checks: [
        ...[
          databaseReady,
          databaseRole,
          databaseExists,
          applicationConnects,
          databaseMigrated,
          staffUserExists,
        ].map(afterwards),
        stackHealthy,
      ],
    },
  ],
})
