import { z } from 'zod'
import { runningContainer } from '../../src/facts/containers.ts'
import { psql } from '../../src/facts/database.ts'
import { restoreDatabases } from '../../src/facts/restore-databases.ts'
import { identifier } from '../../src/facts/sql-text.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { composeFile, databaseService } from '../stack-parameters.ts'
import { databaseName } from './parameters.ts'

const params = z.object({ databaseName, composeFile, databaseService })

export const allowConnections = remedy({
  id: 'restore/allow-connections',
  title: 'Let the shop’s database take connections again',
  why: 'A restore that was cut off just before it swapped has closed it.',
  risk: 'None: it is as it was before that restore.',
  grade: 'reversible',
  params,
  async plan({ params: given, read }) {
    const { live } = await read(
      restoreDatabases,
      given.composeFile,
      given.databaseService,
      given.databaseName,
    )
    if (live === null) throw new Unreadable('the database does not exist')
    const container = await read(runningContainer, given.composeFile, given.databaseService)
    return {
      actions: [
        runAction(
          'Open it',
          psql(container, `ALTER DATABASE ${identifier(live.name)} WITH ALLOW_CONNECTIONS true;`, 'postgres'),
        ),
      ],
      touches: [`the database ${live.name}`],
      undo: `ALTER DATABASE ${identifier(live.name)} WITH ALLOW_CONNECTIONS false`,
      expectedSeconds: 1,
    }
  },
})

export const databaseReady = check({
  id: 'restore/database-ready',
  title: 'The live database can be swapped',
  why: 'A restore ends in a rename. Replication slots and prepared transactions forbid that, and a restore that was cut off may have left the database closed.',
  params,
  remedies: [allowConnections],
  async probe({ params: given, read }) {
    const { live, liveName, serverVersion } = await read(
      restoreDatabases,
      given.composeFile,
      given.databaseService,
      given.databaseName,
    )
    if (live === null)
      return pass(`there is no database ${liveName}: nothing will be replaced`, { measured: 'absent' })
    if (!live.allowsConnections)
      return fail(`${liveName} takes no connections: a swap was cut off before it happened`, {
        measured: 'closed',
        expected: 'open',
        remedies: [allowConnections],
      })
    if (live.slots > 0)
      return fail(`${liveName} has ${live.slots} replication slots, and cannot be renamed with them`, {
        measured: `${live.slots} slots`,
        expected: 'none',
        advice: 'See pg_replication_slots: whoever reads them has to stop, and the slot to be dropped.',
      })
    if (live.prepared > 0)
      return fail(`${liveName} has ${live.prepared} prepared transactions, and cannot be renamed with them`, {
        measured: `${live.prepared} prepared transactions`,
        expected: 'none',
        advice: 'See pg_prepared_xacts: COMMIT PREPARED or ROLLBACK PREPARED each of them.',
      })
    return pass(`PostgreSQL ${serverVersion} runs, and nothing keeps ${liveName} from being renamed`)
  },
})
