/** One snapshot of the database: dumped, and counted while it is held, so that the manifest is true of the dump. */

import { OWN_TABLES, SAME_TEXT, tableFigures } from '../../src/facts/backup-figures.ts'

/** Columns that say when the business made a row, by their usual names. */
const CREATED = '(^|_)(created|placed|ordered|paid|submitted|received)(_|$)|^date_(created|placed|ordered)$'
/** Tables of the framework: a login is no business. */
const FRAMEWORK =
  '^(django_|auth_|authtoken_|account_|socialaccount_|celery_|axes_|silk_|token_blacklist_|otp_)'

const NEWEST = `SELECT format('SELECT ''KB-newest '' || to_char(max(%1$I)::timestamptz AT TIME ZONE ''UTC'', ''YYYY-MM-DD"T"HH24:MI:SS.US"Z"'') || '' '' || %2$L FROM ONLY %3$I.%4$I WHERE %1$I <= now() + interval ''1 day'' HAVING max(%1$I) IS NOT NULL',
  a.attname, json_build_object('table', n.nspname || '.' || c.relname, 'column', a.attname), n.nspname, c.relname)
FROM pg_attribute a, ${OWN_TABLES}
  AND a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)
  AND a.attname ~ '${CREATED}' AND c.relname !~ '${FRAMEWORK}'
ORDER BY n.nspname, c.relname, a.attnum
\\gexec`

/** The newest of each app; Django's table, or Alembic's. Neither is an answer too. */
const MIGRATIONS = `SELECT $$SELECT DISTINCT ON (app) 'KB-migration ' || json_build_object('app', app, 'name', name) FROM public.django_migrations ORDER BY app, id DESC$$
WHERE to_regclass('public.django_migrations') IS NOT NULL
\\gexec
SELECT $$SELECT 'KB-migration ' || json_build_object('app', 'alembic', 'name', version_num) FROM public.alembic_version$$
WHERE to_regclass('public.alembic_version') IS NOT NULL
\\gexec`

const SEQUENCES = `SELECT 'KB-sequence ' || json_build_object('name', schemaname || '.' || sequencename, 'lastValue', last_value)
FROM pg_sequences WHERE schemaname !~ '^pg_' ORDER BY 1;`

/**
 * For psql in the database's container. pg_dump writes to standard output, which is the archive; everything else is
 * lines on standard error, each with its mark: psql itself never writes a byte between the archive's. When pg_dump fails,
 * psql is ended too: nobody counts tables for a dump that is not there.
 *
 * `$KB_DATABASE` is in the container's environment.
 */
export const SNAPSHOT_SQL = `\\set QUIET on
\\o |cat >&2
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${SAME_TEXT}
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL lock_timeout = '60s';
SELECT 'KB-at ' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
SELECT 'KB-database ' || json_build_object('database', current_database(), 'bytes', pg_database_size(current_database()),
  'server', split_part(current_setting('server_version'), ' ', 1));
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv KB_SNAPSHOT :snapshot
\\! pg_dump -Fc --no-password --snapshot="$KB_SNAPSHOT" --lock-wait-timeout=60000 -U "\${POSTGRES_USER:-postgres}" -d "$KB_DATABASE" </dev/null && echo 'KB-dump 0' >&2 || { echo "KB-dump $?" >&2; kill "$PPID"; }
${tableFigures('KB-table')}
${NEWEST}
${MIGRATIONS}
${SEQUENCES}
COMMIT;
SELECT 'KB-end';
\\o`
