/** What PostgreSQL needs in the long run: room for ids, clean tables, sound pages, and that it may write. */

import { fail, pass, warn } from '../../src/model/verdict.ts'
import { FELT, postgresCheck } from './question.ts'

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
