/** Asking PostgreSQL in its container: as its own superuser over the local socket, read-only, with a time limit. */

import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import type { Script } from '../model/script.ts'
import { sh, verbatim } from '../model/script.ts'
import { type Container, insideContainer, runningContainer } from './containers.ts'

/** Milliseconds that one question may take: a check must not wait behind a lock. */
const STATEMENT_TIMEOUT = 10_000

/**
 * psql in the database's container with SQL on its standard input: it stops at the first error, reads no
 * `.psqlrc`, and prints rows unaligned with tabs between the columns. User and database are the container's own
 * (`POSTGRES_USER`, `POSTGRES_DB`) unless a database is named.
 */
export function psql(container: Pick<Container, 'id'>, sql: string, database?: string): Script {
  const name = database === undefined ? sh`"\${POSTGRES_DB:-\${POSTGRES_USER:-postgres}}"` : sh`${database}`
  return insideContainer(
    container,
    sh`
      psql -X -A -t -q -F '	' -v ON_ERROR_STOP=1 -U "\${POSTGRES_USER:-postgres}" -d ${name} <<'END_OF_SQL'
      ${verbatim(sql)}
      END_OF_SQL
    `,
  )
}

/**
 * Rows of one SELECT as objects. The question runs in a read-only transaction that waits for no lock longer than
 * two seconds.
 *
 * @param what what is asked for, for the sentence when it cannot be read
 * @throws Unreadable when the database does not run, refuses, or takes too long.
 */
export async function queryRows<Row>(
  context: ReadContext,
  composeFile: string,
  databaseService: string,
  query: { readonly what: string; readonly sql: string; readonly database?: string },
): Promise<Row[]> {
  const container = await context.read(runningContainer, composeFile, databaseService)
  const sql = `BEGIN READ ONLY;
SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT};
SET LOCAL lock_timeout = 2000;
SELECT coalesce(json_agg(row_to_json(answer)), '[]') FROM (
${query.sql}
) AS answer;
ROLLBACK;`
  const result = await context.run(psql(container, sql, query.database), { as: 'root' })
  const text = outputOf(result, query.what)
  try {
    return JSON.parse(text) as Row[]
  } catch {
    throw new Unreadable(`${query.what} could not be read: the database’s answer is no JSON`)
  }
}
