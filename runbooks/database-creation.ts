/** From an empty server, or one whose database nobody trusts, to a database that the application works with. */

import { databasePasswordAgrees } from '../checks/configuration/database-password.ts'
import { connectionBudget } from '../checks/database/connection-budget.ts'
import { applicationConnects, connectionEncrypted, schemaRights } from '../checks/database/connects.ts'
import { databaseExists, databaseRole } from '../checks/database/exists.ts'
import { databaseMigrated, staffUserExists } from '../checks/database/migrated.ts'
import { databaseReady } from '../checks/database/ready.ts'
import { databaseTlsCertificate, databaseTlsKey } from '../checks/database/tls.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** Here the two passwords matter once the server runs: which of them is right is tried at the database. */
const onceItRuns = (check: AnyCheck): AnyCheck => ({
  ...check,
  after: ['database/ready', ...(check.after ?? [])],
  explains: ['database/application-connects', ...(check.explains ?? [])],
})

export const databaseCreation = runbook({
  id: 'database-creation',
  title: 'Create the database',
  purpose:
    'For the first start of a shop, or when its application does not get into its database. It starts the database alone, makes what is missing, and proves the way in from where the application stands; on a database that is there already it changes nothing.',
  group: 'First day',
  minutes: 5,
  steps: [
    {
      id: 'key',
      title: 'Its key and certificate',
      why: 'With a key that is not its own PostgreSQL does not start at all.',
      checks: [databaseTlsKey, databaseTlsCertificate],
    },
    {
      id: 'server',
      title: 'The server, and nothing else',
      why: 'It runs, it is the real one and not the one that fills an empty directory, and it has room for all workers.',
      checks: [databaseReady, connectionBudget],
    },
    {
      id: 'database',
      title: 'The database and its role',
      why: 'They are there, made as they should be; and it is said why they were or were not.',
      checks: [databaseRole, databaseExists],
    },
    {
      id: 'way-in',
      title: 'The way in',
      why: 'From the application’s container, over the network, with its own password.',
      checks: [onceItRuns(databasePasswordAgrees), applicationConnects, connectionEncrypted, schemaRights],
    },
    {
      id: 'tables',
      title: 'The tables, and the first user',
      why: 'What the image needs is applied, and somebody can put the first product in.',
      checks: [databaseMigrated, staffUserExists],
    },
  ],
})
