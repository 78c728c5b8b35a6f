/** Who holds, or waits for, the tables that a migration needs. Of statements only the first word leaves the server. */

import { fact } from '../model/fact.ts'
import { queryRows } from './database.ts'
import { literal } from './migrations-rows.ts'

export interface HoldingSession {
  readonly pid: number
  /** ISO 8601: with the process id it names one session and no later one. */
  readonly began: string
  /** `client backend`, `autovacuum worker` …; `prepared transaction` for one that has no session. */
  readonly kind: string
  readonly application: string
  readonly user: string
  /** Empty for a local socket. */
  readonly address: string
  /** `active`, `idle in transaction` … */
  readonly state: string
  /** The first word of its statement. */
  readonly verb: string
  /** Autovacuum against the wraparound of transaction ids: it does not give way. */
  readonly againstWraparound: boolean
  /** Seconds since its transaction began. */
  readonly seconds: number
  /** The tables of the plan on which it has a lock. */
  readonly holds: readonly string[]
  /** The tables of the plan that it waits for. */
  readonly waitsFor: readonly string[]
}

/**
 * Sessions with a lock on one of the tables, or waiting for one. A table that refers to another by a foreign key
 * counts with it: such a constraint is changed on both.
 *
 * @param tables their names with commas between them
 */
export const holdingSessions = fact(
  'migrations/sessions',
  async (
    context,
    composeFile: string,
    databaseService: string,
    database: string,
    tables: string,
  ): Promise<readonly HoldingSession[]> =>
    queryRows<HoldingSession>(context, composeFile, databaseService, {
      what: 'who holds the tables',
      sql: sessionsSql(tables.split(',').filter(name => name !== '')),
      ...(database === '' ? {} : { database }),
    }),
)

/** The question itself. Pure. */
export function sessionsSql(tables: readonly string[]): string {
  const names = tables.length === 0 ? 'NULL::text' : tables.map(literal).join(', ')
  return `
    WITH named AS (SELECT c.oid FROM pg_class c WHERE c.relname IN (${names}) AND pg_table_is_visible(c.oid)),
    wanted AS (
      SELECT oid FROM named
      UNION SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid IN (SELECT oid FROM named)
      UNION SELECT confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid IN (SELECT oid FROM named)),
    locks AS (
      SELECT l.pid, l.virtualtransaction, l.granted, c.relname::text AS name
      FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      WHERE l.relation IN (SELECT oid FROM wanted) AND l.pid IS DISTINCT FROM pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    SELECT coalesce(a.pid, 0) AS pid, coalesce(a.backend_start::text, '') AS began,
      coalesce(a.backend_type, 'prepared transaction') AS kind,
      coalesce(a.application_name, '') AS application, coalesce(a.usename, '') AS user,
      coalesce(host(a.client_addr), '') AS address, coalesce(a.state, '') AS state,
      coalesce(upper(substring(a.query from '^\\s*([A-Za-z]+)')), '') AS verb,
      coalesce(a.query ~ 'to prevent wraparound', false) AS "againstWraparound",
      coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float AS seconds,
      coalesce(array_agg(DISTINCT l.name) FILTER (WHERE l.granted), '{}') AS holds,
      coalesce(array_agg(DISTINCT l.name) FILTER (WHERE NOT l.granted), '{}') AS "waitsFor"
    FROM locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
    GROUP BY a.pid, a.backend_start, a.backend_type, a.application_name, a.usename, a.client_addr, a.state, a.query,
      a.xact_start, l.virtualtransaction
    ORDER BY seconds DESC`
}

/** One session in words: `forgotten-session (shop, pid 123), idle in transaction for 40 s, holds products_product`. */
export function describeSession(session: HoldingSession): string {
  const { pid, application, user, address, state, verb, seconds, holds, waitsFor, kind } = session
  const who = kind === 'client backend' ? application || user || 'a session' : kind
  const details = [user, address, pid === 0 ? '' : `pid ${pid}`].filter(part => part !== '').join(', ')
  const doing = state === 'active' && verb !== '' ? `busy with ${verb}` : state
  const what = [
    holds.length > 0 ? `holds ${holds.join(', ')}` : '',
    waitsFor.length > 0 ? `waits for ${waitsFor.join(', ')}` : '',
  ].filter(part => part !== '')
  return [`${who} (${details})`, `${doing} for ${Math.round(seconds)} s`.trim(), ...what].join(', ')
}
