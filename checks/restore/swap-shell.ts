/** The shell and the SQL by which two databases change places: nobody connected, in one transaction, back on any failure. */

import { MARK } from '../../src/facts/restore-databases.ts'
import { identifier, literal } from '../../src/facts/sql-text.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'

/** Seconds in which the services have to be healthy again. */
const HEALTHY_SECONDS = 150

export interface Swap {
  readonly container: string
  readonly composeFile: string
  /** Services that are stopped meanwhile, in this order, and started again. */
  readonly services: readonly string[]
  /** Null when no database bears the live name. */
  readonly live: string | null
  readonly liveName: string
  /** The database that becomes the live one. */
  readonly next: string
  /** What the live one is called afterwards. */
  readonly aside: string
  /** SQL inside the transaction, before the renames: rights and settings. */
  readonly before: string
  /** SQL inside the transaction, after them: comments. */
  readonly after: string
  /** Exits with 0 once the application answers that it is well. */
  readonly healthy: Script
  /** Has nginx look its upstreams up again. */
  readonly reload: Script
}

/**
 * The services are started again whatever happens: with the databases swapped, or as they were. Renaming two
 * databases is one transaction, so there is no moment at which the name leads to half of anything.
 */
export function swapScript(swap: Swap): Script {
  const { container, composeFile, services, live, next } = swap
  const closed = [live, next].filter(name => name !== null)
  const list = closed.map(literal).join(', ')
  return sh`
    container=${container}
    user=$(docker exec "$container" sh -c 'printf %s "\${POSTGRES_USER:-postgres}"') || exit 1
    sql() { docker exec -i "$container" psql -X -A -t -q -v ON_ERROR_STOP=1 -U "$user" -d postgres; }
    compose() { ${composeCommand(composeFile)} "$@" </dev/null; }
    swapped= why=
    finish() {
      trap '' TERM INT HUP
      if [ -z "$swapped" ]; then
        sql <<'END_OF_SQL'
  SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS true', datname) FROM pg_database WHERE datname IN (${verbatim(list)})
  \\gexec
  END_OF_SQL
        ${services.length === 0 ? sh`:` : sh`compose start ${services}`}
        # An address may have changed with the start.
        (
          ${swap.reload}
        ) >/dev/null 2>&1
        echo "nothing was swapped, and the services are started\${why:+: $why}"
      fi
    }
    trap finish EXIT
    trap 'exit 143' TERM INT HUP
    ${services.length === 0 ? sh`:` : sh`echo ${`Stopping ${services.join(', ')}`}; compose stop ${services} || exit 1`}
    echo 'Closing what is still connected'
    sql >/dev/null <<'END_OF_SQL' || exit 1
  ${verbatim(closed.map(name => `ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS false;`).join('\n'))}
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (${verbatim(list)}) AND pid <> pg_backend_pid();
  END_OF_SQL
    tries=0
    until [ "$(echo "SELECT count(*) FROM pg_stat_activity WHERE datname IN (${verbatim(shellText(list))})" | sql)" = 0 ]; do
      tries=$((tries + 1))
      [ "$tries" -lt 20 ] || { echo 'somebody stays connected' >&2; exit 1; }
      sleep 0.5
    done
    echo 'Swapping'
    why=$(sql 2>&1 <<'END_OF_SQL'
  BEGIN;
  ${verbatim(swap.before)}
  ${verbatim(renames(swap))}
  ${verbatim(swap.after)}
  COMMIT;
  END_OF_SQL
    ) || exit 1
    swapped=yes
    ${services.length === 0 ? sh`:` : sh`echo ${`Starting ${services.join(', ')}`}; compose start ${services} || exit 1`}
    (
      ${swap.reload}
    ) || echo 'nginx could not be told to look its upstreams up again'
    tries=0
    until (
      ${swap.healthy}
    ) >/dev/null 2>&1; do
      tries=$((tries + 1))
      [ "$tries" -lt ${HEALTHY_SECONDS} ] || { echo 'it is swapped, and the application is not healthy' >&2; exit 1; }
      [ $((tries % 5)) != 1 ] || echo 'Waiting for the application to be healthy'
      sleep 1
    done
    echo 'The application is healthy'
  `
}

function renames({ live, liveName, next, aside }: Swap): string {
  const open = (name: string) => `ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true;`
  const rename = (from: string, to: string) =>
    `ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)};`
  return [
    ...(live === null ? [] : [rename(live, aside), open(aside)]),
    rename(next, liveName),
    open(liveName),
  ].join('\n')
}

const shellText = (text: string): string => text.replace(/[\\$`"]/g, character => `\\${character}`)

/** Settings whose value is a list of names, already quoted where it stands (guc.h: GUC_LIST_QUOTE). */
const LISTS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]

/**
 * Owner, rights, settings and connection limit of one database, given to another. None of them is in a dump. The
 * statements are made and run on the server, so that no setting's value leaves it.
 */
export function keepRights(from: string, to: string): string {
  const source = literal(from)
  const target = literal(to)
  return `SELECT format('ALTER DATABASE %I OWNER TO %I', ${target}, pg_get_userbyid(datdba)) FROM pg_database WHERE datname = ${source}
\\gexec
SELECT format('ALTER DATABASE %I WITH CONNECTION LIMIT %s', ${target}, datconnlimit) FROM pg_database WHERE datname = ${source}
\\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', ${target}) FROM pg_database WHERE datname = ${source} AND datacl IS NOT NULL
\\gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, ${target},
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database, aclexplode(datacl) WHERE datname = ${source}
\\gexec
SELECT format('ALTER %s SET %I TO %s',
  CASE setrole WHEN 0 THEN format('DATABASE %I', ${target}) ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), ${target}) END,
  split_part(setting, '=', 1),
  CASE WHEN split_part(setting, '=', 1) IN (${LISTS.map(literal).join(', ')}) THEN substr(setting, strpos(setting, '=') + 1)
    ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END)
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(setconfig) AS setting WHERE datname = ${source}
\\gexec`
}

/**
 * A database's comment anew: what somebody else wrote there stays, and the marker stands after it.
 *
 * @param database whose comment is set. @param words an SQL expression for what somebody else wrote
 * @param marker an SQL expression for the marker as JSON; empty for none
 */
export function commentAnew(database: string, words: string, marker: string): string {
  const line = marker === '' ? 'NULL' : `${literal(MARK)} || (${marker})::text`
  return `SELECT format('COMMENT ON DATABASE %I IS %L', ${literal(database)}, nullif(concat_ws(E'\\n', nullif(${words}, ''), ${line}), ''))
\\gexec`
}

/** SQL for a database's comment without its marker, and for the marker alone. */
export const wordsOf = (database: string): string =>
  `(SELECT regexp_replace(coalesce(shobj_description(oid, 'pg_database'), ''), E'\\n?${MARK}[{][^\\n]*$', '') FROM pg_database WHERE datname = ${literal(database)})`
export const markerOf = (database: string): string =>
  `(SELECT substring(shobj_description(oid, 'pg_database') FROM '${MARK}([{].*)$')::jsonb FROM pg_database WHERE datname = ${literal(database)})`
