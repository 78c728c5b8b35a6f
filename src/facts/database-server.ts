/** PostgreSQL in its container: whether it is the real server that answers, and what it says of itself. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, insideContainer, runningContainer, stackContainers } from './containers.ts'
import { queryRows } from './database.ts'

export interface DatabaseReadiness {
  /** `pg_isready` over the container's own network address, at the beginning and at the end. */
  readonly answers: readonly [boolean, boolean]
  /** When the server process began, asked at the beginning and at the end; empty when it did not answer. */
  readonly startedAt: readonly [string, string]
  /** What was said instead of an answer; empty when it answered. */
  readonly problem: string
}

/**
 * Asks twice. The image's temporary server, which fills an empty data directory, answers on the socket for a second or
 * two and is gone again: one answer alone proves nothing.
 *
 * @param seconds between the two
 * @throws Unreadable when the container does not run.
 */
export const databaseReadiness = fact(
  'database/readiness',
  async (
    context,
    composeFile: string,
    databaseService: string,
    seconds: number,
  ): Promise<DatabaseReadiness> => {
    const { id } = await context.read(runningContainer, composeFile, databaseService)
    const result = await context.run(
      insideContainer(
        { id },
        sh`
          address=$(hostname -i 2>/dev/null | awk '{ print $1 }')
          look() {
            if pg_isready -q -t 3 -h "\${address:-127.0.0.1}" -U "\${POSTGRES_USER:-postgres}"; then echo 'answers yes'; else echo 'answers no'; fi
            echo "started $(psql -X -A -t -q -U "\${POSTGRES_USER:-postgres}" -d postgres -c 'SELECT pg_postmaster_start_time()' 2>&1 </dev/null | head -n 1)"
          }
          look
          sleep ${seconds}
          look
        `,
      ),
      { as: 'root', timeoutSeconds: 30 + Math.ceil(seconds) },
    )
    // It ran when it was listed, and stopped before it could be asked: that is an answer, and not a good one.
    if (
      result.ending === 'exited' &&
      result.exitCode !== 0 &&
      /is not running|is restarting/.test(result.stderr)
    )
      return { answers: [false, false], startedAt: ['', ''], problem: 'its container stops again and again' }
    if (result.ending === 'exited' && result.exitCode === 137)
      return { answers: [false, false], startedAt: ['', ''], problem: 'its container stopped meanwhile' }
    return parseReadiness(outputOf(result, 'whether PostgreSQL answers'))
  },
)

/** Reads what {@link databaseReadiness} prints. Pure. */
export function parseReadiness(text: string): DatabaseReadiness {
  const answers = [...text.matchAll(/^answers (yes|no)$/gm)].map(match => match[1] === 'yes')
  const started = [...text.matchAll(/^started (.*)$/gm)].map(match => match[1] ?? '')
  if (answers.length !== 2 || started.length !== 2)
    throw new Unreadable('whether PostgreSQL answers could not be read')
  const isTime = (value: string | undefined) => /^\d{4}-\d\d-\d\d /.test(value ?? '')
  const time = (value: string | undefined) => (isTime(value) ? (value ?? '') : '')
  return {
    answers: [answers[0] === true, answers[1] === true],
    startedAt: [time(started[0]), time(started[1])],
    problem: started.find(value => !isTime(value)) ?? '',
  }
}

/** The last lines in which PostgreSQL said why it ends: `FATAL`, `PANIC`; none when it did not. */
export const databaseComplaints = fact(
  'database/complaints',
  async (context, composeFile: string, databaseService: string): Promise<readonly string[]> => {
    const found = containerOfService(await context.read(stackContainers, composeFile), databaseService)
    if (found === undefined) return []
    const result = await context.run(
      sh`docker logs --tail 60 ${found.id} 2>&1 | grep -E '(FATAL|PANIC|HINT|DETAIL):|^Error:|must be set' | tail -n 6; exit 0`,
      { as: 'root' },
    )
    return outputOf(result, 'the log of PostgreSQL')
      .split('\n')
      .map(line => line.replace(/^.*?\b(FATAL|PANIC|HINT|DETAIL):\s*/, '$1: ').trim())
      .filter(line => line !== '' && !/the database system is (starting up|shutting down)/.test(line))
  },
)

export interface DatabaseServer {
  /** `15.20`. */
  readonly version: string
  readonly startedAt: string
  /** When the data directory was made, ISO 8601; null when it may not be asked. */
  readonly initialisedAt: string | null
  readonly maxConnections: number
  /** Kept for superusers. */
  readonly reservedConnections: number
  readonly connections: number
  readonly ssl: boolean
  readonly databases: readonly {
    readonly name: string
    readonly owner: string
    readonly encoding: string
    readonly collation: string
    /** False for the templates, and for one that was closed on purpose. */
    readonly allowsConnections: boolean
  }[]
  readonly roles: readonly {
    readonly name: string
    readonly canLogIn: boolean
    readonly isSuperuser: boolean
    readonly hasPassword: boolean
  }[]
}

/** @throws Unreadable when it does not run, or refuses. */
export const databaseServer = fact(
  'database/server',
  async (context, composeFile: string, databaseService: string): Promise<DatabaseServer> => {
    const [row] = await queryRows<DatabaseServer>(context, composeFile, databaseService, {
      what: 'what PostgreSQL says of itself',
      sql: SERVER_SQL,
      database: 'postgres',
    })
    if (row === undefined) throw new Unreadable('PostgreSQL said nothing of itself')
    return row
  },
)

// A password is only said to be there. `pg_stat_file` is for superusers, which the container's own user is.
const SERVER_SQL = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
  to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "startedAt",
  (SELECT to_char(modification AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM pg_stat_file('PG_VERSION', true)) AS "initialisedAt",
  current_setting('max_connections')::int AS "maxConnections",
  current_setting('superuser_reserved_connections')::int AS "reservedConnections",
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS connections,
  current_setting('ssl') = 'on' AS ssl,
  (SELECT json_agg(json_build_object('name', datname, 'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
    'collation', datcollate, 'allowsConnections', datallowconn) ORDER BY datname) FROM pg_database) AS databases,
  (SELECT json_agg(json_build_object('name', rolname, 'canLogIn', rolcanlogin, 'isSuperuser', rolsuper,
    'hasPassword', rolpassword IS NOT NULL) ORDER BY rolname) FROM pg_authid WHERE rolname !~ '^pg_') AS roles`

/** An identifier for SQL, quoted. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text for SQL, quoted. Nothing with a NUL. */
export const literal = (text: string): string =>
  text.includes('\\')
    ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`
