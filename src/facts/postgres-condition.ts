/** PostgreSQL’s sessions, locks and limits, in one question. Of statements only the first word leaves the server. */

import type { ReadContext } from '../model/check.ts'
import { Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { queryRows } from './database.ts'

export interface DatabaseSession {
  readonly pid: number
  /** ISO 8601: with the process id it names one session and no later one. */
  readonly began: string
  readonly application: string
  readonly user: string
  /** Empty for a local socket. */
  readonly address: string
  readonly state: string
  /** The first word of its statement: `ALTER`, `SELECT`. */
  readonly verb: string
  /** Seconds since its transaction began, and since it was last in another state. */
  readonly transactionSeconds: number
  readonly stateSeconds: number
  /** Sessions that it waits for. */
  readonly waitsFor: readonly number[]
}

export interface PostgresCondition {
  readonly version: string
  readonly maxConnections: number
  readonly reserved: number
  /** Client sessions, this one left out. */
  readonly sessions: readonly DatabaseSession[]
  readonly inRecovery: boolean
  readonly readOnly: boolean
  readonly ssl: boolean
  readonly autovacuum: boolean
  /** The oldest transaction id’s age over all databases: at two thousand million PostgreSQL stops. */
  readonly oldestTransactionAge: number
  readonly preparedTransactions: number
  readonly inactiveSlots: number
  readonly invalidIndexes: number
  readonly checksumFailures: number
  readonly archiverFails: boolean
  /** The sequence that is nearest to its end: its share used, 0 to 1. */
  readonly fullestSequence: { readonly name: string; readonly used: number } | null
  /** Tables with more dead rows than living ones, and many of them. */
  readonly bloated: readonly string[]
  readonly databaseBytes: number
}

const SQL = `
SELECT current_setting('server_version') AS version,
  current_setting('max_connections')::int AS max_connections,
  current_setting('superuser_reserved_connections')::int AS reserved,
  (SELECT coalesce(json_agg(json_build_object(
     'pid', pid, 'began', backend_start, 'application', application_name, 'user', usename,
     'address', coalesce(host(client_addr), ''), 'state', coalesce(state, ''),
     'verb', upper(substring(query from '^\\s*([A-Za-z]+)')),
     'transactionSeconds', coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0),
     'stateSeconds', coalesce(extract(epoch FROM clock_timestamp() - state_change), 0),
     'waitsFor', pg_blocking_pids(pid))), '[]')
   FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS sessions,
  pg_is_in_recovery() AS in_recovery,
  current_setting('default_transaction_read_only') = 'on' AS read_only,
  current_setting('ssl') = 'on' AS ssl,
  current_setting('autovacuum') = 'on' AS autovacuum,
  (SELECT max(age(datfrozenxid)) FROM pg_database) AS oldest_transaction_age,
  (SELECT count(*) FROM pg_prepared_xacts WHERE prepared < now() - interval '1 hour') AS prepared_transactions,
  (SELECT count(*) FROM pg_replication_slots WHERE NOT active) AS inactive_slots,
  (SELECT count(*) FROM pg_index WHERE NOT indisvalid) AS invalid_indexes,
  (SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database) AS checksum_failures,
  (SELECT current_setting('archive_mode') <> 'off' AND coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
   FROM pg_stat_archiver) AS archiver_fails,
  (SELECT json_build_object('name', schemaname || '.' || sequencename, 'used', last_value::float / max_value)
   FROM pg_sequences WHERE last_value IS NOT NULL AND NOT cycle ORDER BY last_value::float / max_value DESC LIMIT 1) AS fullest_sequence,
  (SELECT coalesce(json_agg(schemaname || '.' || relname), '[]') FROM pg_stat_user_tables
   WHERE n_dead_tup > 100000 AND n_dead_tup > n_live_tup) AS bloated,
  pg_database_size(current_database()) AS database_bytes`

interface Row {
  readonly version: string
  readonly max_connections: number
  readonly reserved: number
  readonly sessions: readonly (DatabaseSession & { readonly verb: string | null })[]
  readonly in_recovery: boolean
  readonly read_only: boolean
  readonly ssl: boolean
  readonly autovacuum: boolean
  readonly oldest_transaction_age: number
  readonly prepared_transactions: number
  readonly inactive_slots: number
  readonly invalid_indexes: number
  readonly checksum_failures: number
  readonly archiver_fails: boolean
  readonly fullest_sequence: PostgresCondition['fullestSequence']
  readonly bloated: readonly string[]
  readonly database_bytes: number
}

/** @throws Unreadable with PostgreSQL’s own words when it does not let us in. */
export const postgresCondition = fact(
  'postgres/condition',
  (context, composeFile: string, service: string): Promise<PostgresCondition> =>
    read(context, composeFile, service),
)

async function read(context: ReadContext, composeFile: string, service: string): Promise<PostgresCondition> {
  const what = 'the state of PostgreSQL'
  const [row] = await queryRows<Row>(context, composeFile, service, { what, sql: SQL })
  if (row === undefined) throw new Unreadable(`${what} could not be read: it gave no row`)
  return {
    version: row.version,
    maxConnections: row.max_connections,
    reserved: row.reserved,
    sessions: row.sessions.map(session => ({ ...session, verb: session.verb ?? '' })),
    inRecovery: row.in_recovery,
    readOnly: row.read_only,
    ssl: row.ssl,
    autovacuum: row.autovacuum,
    oldestTransactionAge: row.oldest_transaction_age,
    preparedTransactions: row.prepared_transactions,
    inactiveSlots: row.inactive_slots,
    invalidIndexes: row.invalid_indexes,
    checksumFailures: row.checksum_failures,
    archiverFails: row.archiver_fails,
    fullestSequence: row.fullest_sequence,
    bloated: row.bloated,
    databaseBytes: row.database_bytes,
  }
}

/** Sessions that others wait for and that wait for nobody: ending these lets everything behind them go on. Pure. */
export function rootBlockers(sessions: readonly DatabaseSession[]): DatabaseSession[] {
  const awaited = new Set(sessions.flatMap(({ waitsFor }) => waitsFor))
  return sessions.filter(({ pid, waitsFor }) => awaited.has(pid) && waitsFor.length === 0)
}
