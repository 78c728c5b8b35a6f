/** How PostgreSQL is doing, one idea a check, all from one question. */

import type { PostgresCondition } from '../../src/facts/postgres-condition.ts'
import { rootBlockers } from '../../src/facts/postgres-condition.ts'
import { type Check, check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { AnyRemedy } from '../../src/model/remedy.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { span } from '../services/container-of.ts'
import { type ServiceParams, serviceParams, symptomsWhileUp } from '../services/roles.ts'
import {
  blocked,
  conditionOf,
  describe,
  endBlockers,
  endEndless,
  endForgotten,
  endless,
  forgotten,
  holdersOf,
  restartHolder,
} from './sessions.ts'

const FELT = symptomsWhileUp('database').filter(id => id !== 'postgres/answers')

export const postgresAnswers = check({
  id: 'postgres/answers',
  title: 'PostgreSQL lets us in and answers',
  why: 'Running is not answering: it may be starting, recovering, full of connections, or out of disk.',
  params: serviceParams,
  after: ['services/database-steady'],
  explains: [...FELT, 'backend/database'],
  remedies: [restartHolder],
  async probe(context) {
    try {
      const { version } = await conditionOf(context)
      return pass(`PostgreSQL ${version} answers`)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      const said = /(FATAL|ERROR|PANIC): .*/.exec(error.message)?.[0]?.replace(/\)$/, '')
      if (said === undefined) throw error
      const full = /too many clients|remaining connection slots/.test(said)
      const holders = full ? await holdersOf(context) : []
      const who = holders.map(({ service, connections }) => `${service} ${connections}`).join(', ')
      return fail(`PostgreSQL refuses: ${said}${who === '' ? '' : ` (connections: ${who})`}`, {
        telling: said,
        measured: who === '' ? 'refused' : who,
        expected: 'an answer',
        remedies: full && holders.length > 0 ? [restartHolder] : [],
      })
    }
  },
})

interface Question {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly explains?: readonly string[]
  readonly remedies?: readonly AnyRemedy[]
  readonly judge: (
    condition: PostgresCondition,
    context: ProbeContext<ServiceParams>,
  ) => Verdict | Promise<Verdict>
}

function postgresCheck({ judge, ...rest }: Question): Check<ServiceParams> {
  return check({
    ...rest,
    params: serviceParams,
    after: ['postgres/answers'],
    async probe(context) {
      return judge(await conditionOf(context), context)
    },
  })
}

export const connectionsLeft = postgresCheck({
  id: 'postgres/connections-left',
  title: 'Connections are left',
  why: 'When none is left, every request fails at once, the health check too, and nobody can log in to see why.',
  explains: FELT,
  remedies: [restartHolder],
  async judge({ sessions, maxConnections, reserved }, context) {
    const { policy } = context
    const most = maxConnections - reserved
    const percent = Math.round((sessions.length / most) * 100)
    const details = {
      measured: `${sessions.length} of ${most}`,
      expected: `below ${policy.connectionsWarnPercent} %`,
    }
    if (percent < policy.connectionsWarnPercent)
      return pass(`${sessions.length} of ${most} connections are in use`, details)
    const holders = await holdersOf(context)
    const who = holders.map(({ service, connections }) => `${service} ${connections}`).join(', ')
    return (percent >= policy.connectionsFailPercent ? fail : warn)(
      `${sessions.length} of ${most} connections are in use: ${who}`,
      { ...details, remedies: [restartHolder] },
    )
  },
})

export const nobodyBlocked = postgresCheck({
  id: 'postgres/nobody-blocked',
  title: 'Nobody waits for a lock',
  why: 'One forgotten session and one ALTER TABLE behind it stop every reader of that table: pages hang and end in 504.',
  explains: [
    ...FELT,
    'backend/quick',
    'postgres/nobody-idles',
    'postgres/transactions-end',
    'nginx/pages-work',
  ],
  remedies: [endBlockers],
  judge({ sessions }, { policy }) {
    const waiting = blocked(sessions, policy)
    const details = { measured: `${waiting.length} waiting`, expected: '0' }
    if (waiting.length === 0) return pass('no session waits for another', details)
    const [root] = rootBlockers(sessions)
    return fail(
      `${waiting.length} sessions wait for ${root === undefined ? 'each other' : `the session ${describe(root)}`}`,
      { ...details, ...(root === undefined ? {} : { telling: String(root.pid) }), remedies: [endBlockers] },
    )
  },
})

export const nobodyIdles = postgresCheck({
  id: 'postgres/nobody-idles',
  title: 'No session is left open in a transaction',
  why: 'What it has changed stays locked, and autovacuum cannot clean up: some products cannot be sold, and nothing says why.',
  explains: ['postgres/transactions-end'],
  remedies: [endForgotten],
  judge({ sessions }, { policy }) {
    const found = forgotten(sessions, policy)
    const details = {
      measured: `${found.length}`,
      expected: `none for ${span(policy.idleInTransactionSeconds)} or more`,
    }
    const [first] = found
    if (first === undefined) return pass('no session idles in a transaction', details)
    return fail(
      `a session has been idle in its transaction for ${span(first.stateSeconds)}: ${describe(first)}`,
      {
        ...details,
        telling: String(first.pid),
        remedies: [endForgotten],
      },
    )
  },
})

export const transactionsEnd = postgresCheck({
  id: 'postgres/transactions-end',
  title: 'No transaction runs for hours',
  why: 'Behind the oldest transaction nothing can be cleaned up: tables and indexes grow, and everything gets slower by the hour.',
  remedies: [endEndless],
  judge({ sessions }, { policy }) {
    const found = endless(sessions, policy)
    const details = {
      measured: `${found.length}`,
      expected: `none for ${span(policy.longTransactionSeconds)} or more`,
    }
    const [first] = found
    if (first === undefined) return pass('every transaction is a short one', details)
    return warn(`a transaction has been running for ${span(first.transactionSeconds)}: ${describe(first)}`, {
      ...details,
      telling: String(first.pid),
      remedies: [endEndless],
    })
  },
})

export const takesWrites = postgresCheck({
  id: 'postgres/takes-writes',
  title: 'The database takes writes',
  why: 'A standby, or a database that was set read-only for a migration and forgotten, shows every page and takes no order.',
  explains: FELT,
  judge({ inRecovery, readOnly }) {
    if (inRecovery) return fail('PostgreSQL is in recovery: it takes no writes', { measured: 'in recovery' })
    if (readOnly)
      return fail('transactions are read-only by default', {
        measured: 'default_transaction_read_only = on',
        expected: 'off',
        telling: 'default_transaction_read_only',
        advice: 'Look who set it: ALTER DATABASE … RESET default_transaction_read_only',
      })
    return pass('it is no standby, and transactions may write')
  },
})

export const autovacuumOn = postgresCheck({
  id: 'postgres/autovacuum-on',
  title: 'Autovacuum is on',
  why: 'Without it tables only grow, and after two thousand million transactions PostgreSQL stops to save the data.',
  judge: ({ autovacuum }) =>
    autovacuum
      ? pass('autovacuum is on')
      : warn('autovacuum is off', {
          measured: 'off',
          expected: 'on',
          advice: 'ALTER SYSTEM RESET autovacuum; SELECT pg_reload_conf()',
        }),
})

export const transactionIdsLeft = postgresCheck({
  id: 'postgres/transaction-ids-left',
  title: 'Transaction ids are left',
  why: 'They wrap around: PostgreSQL stops taking writes before that happens, and only a vacuum of hours helps.',
  judge({ oldestTransactionAge }, { policy }) {
    const millions = Math.round(oldestTransactionAge / 1_000_000)
    const details = {
      measured: `${millions} million`,
      expected: `below ${policy.transactionAgeWarnMillion} million`,
    }
    if (millions < policy.transactionAgeWarnMillion)
      return pass(`the oldest is ${millions} million transactions old`, details)
    return warn(`the oldest is ${millions} million transactions old`, {
      ...details,
      advice: 'Run VACUUM (FREEZE) in a quiet hour, and find out what holds autovacuum up',
    })
  },
})

export const noPreparedLeft = postgresCheck({
  id: 'postgres/no-prepared-left',
  title: 'No prepared transaction was forgotten',
  why: 'It holds its locks through every restart, and no session shows it.',
  judge: ({ preparedTransactions: count }) =>
    count === 0
      ? pass('no prepared transaction is older than an hour')
      : warn(`${count} prepared transactions are older than an hour`, {
          measured: String(count),
          expected: '0',
          advice: 'See pg_prepared_xacts, then ROLLBACK PREPARED',
        }),
})

export const slotsInUse = postgresCheck({
  id: 'postgres/slots-in-use',
  title: 'No replication slot keeps the log for nobody',
  why: 'A slot that nobody reads keeps every write-ahead log file, until the disk is full.',
  explains: ['disk/space'],
  judge: ({ inactiveSlots: count }) =>
    count === 0
      ? pass('no replication slot is without a reader')
      : warn(`${count} replication slots have no reader`, {
          measured: String(count),
          expected: '0',
          advice: 'See pg_replication_slots; drop the one that nobody will read again',
        }),
})

export const indexesValid = postgresCheck({
  id: 'postgres/indexes-valid',
  title: 'Every index is valid',
  why: 'An index whose making was broken off costs every write and helps no read.',
  judge: ({ invalidIndexes: count }) =>
    count === 0
      ? pass('every index is valid')
      : warn(`${count} indexes are invalid`, {
          measured: String(count),
          expected: '0',
          advice: 'REINDEX INDEX CONCURRENTLY, or drop it',
        }),
})

export const noChecksumFailures = postgresCheck({
  id: 'postgres/no-checksum-failures',
  title: 'No damaged page was read',
  why: 'A checksum that does not fit is data that the disk gave back wrong. Every hour makes the last good backup older.',
  judge: ({ checksumFailures: count }) =>
    count === 0
      ? pass('no page failed its checksum')
      : fail(`${count} pages failed their checksum`, {
          measured: String(count),
          expected: '0',
          advice: 'Make a copy of the last good backup somewhere safe before anything else',
        }),
})

export const archiverWorks = postgresCheck({
  id: 'postgres/archiver-works',
  title: 'The write-ahead log is archived, where it should be',
  why: 'While archiving fails, PostgreSQL keeps every file of the log, until the disk is full.',
  judge: ({ archiverFails }) =>
    archiverFails
      ? warn('the last file of the log could not be archived', {
          measured: 'failing',
          expected: 'archived',
          advice: 'See pg_stat_archiver and archive_command',
        })
      : pass('archiving is off, or works'),
})

export const sequencesLeft = postgresCheck({
  id: 'postgres/sequences-left',
  title: 'No sequence is near its end',
  why: 'A key of 32 bits ends at 2,147,483,647: then no order can be placed any more.',
  judge({ fullestSequence }, { policy }) {
    if (fullestSequence === null) return pass('no sequence has been used')
    const percent = Math.round(fullestSequence.used * 100)
    const details = {
      measured: `${fullestSequence.name} ${percent} %`,
      expected: `below ${policy.sequenceUsedWarnPercent} %`,
    }
    if (percent < policy.sequenceUsedWarnPercent)
      return pass(`the fullest sequence has used ${percent} %`, details)
    return warn(`${fullestSequence.name} has used ${percent} % of its numbers`, {
      ...details,
      advice: 'Widen the column to bigint while there is time',
    })
  },
})

export const tablesClean = postgresCheck({
  id: 'postgres/tables-clean',
  title: 'No table is mostly dead rows',
  why: 'Dead rows are read with the living ones: the same page takes longer every day.',
  judge: ({ bloated }) =>
    bloated.length === 0
      ? pass('no table has more dead rows than living ones')
      : warn(`${bloated.join(', ')} has more dead rows than living ones`, {
          measured: bloated.join(', '),
          advice: 'Find out what holds autovacuum up; then VACUUM (ANALYZE) it',
        }),
})

export const encrypted = postgresCheck({
  id: 'postgres/encrypted',
  title: 'PostgreSQL speaks TLS',
  why: 'An application that asks for TLS (sslmode=require) is refused without it; one that does not sends its password in the clear.',
  judge: ({ ssl }) =>
    ssl
      ? pass('ssl is on')
      : warn('ssl is off', {
          measured: 'off',
          expected: 'on',
          advice: 'See app-config: the certificate of PostgreSQL',
        }),
})
