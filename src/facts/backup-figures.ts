/**
 * What a database holds, as SQL for psql: rows and a checksum of every table. A backup writes it into its manifest,
 * from the snapshot that is dumped; whoever restores it asks the same of the copy and compares.
 */

/** Tables larger than this are counted and not summed: sorting them would take minutes and temporary disk. Bytes. */
export const CHECKSUM_UP_TO_BYTES = 256 * 1024 * 1024

/** So that the same row is the same text on every server: time zone, dates, numbers, binary data. */
export const SAME_TEXT = `SET LOCAL search_path = pg_catalog;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';`

/** `FROM`'s tail: the application's own tables as `c` in `n`: no system's, no extension's, nobody's temporary ones. */
export const OWN_TABLES = `pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

/**
 * For psql (it uses `\gexec`), inside a transaction in which {@link SAME_TEXT} was set: prints one line a table,
 * `{"name" : "public.x", "rows" : 3, "checksum" : "…"}`, each after `mark`. The checksum is the md5 of all rows'
 * md5s, sorted: it needs no primary key and does not hang on a collation. Null above `checksumUpToBytes`.
 *
 * @param mark letters, digits, dashes; put before every line
 */
export function tableFigures(mark: string, checksumUpToBytes = CHECKSUM_UP_TO_BYTES): string {
  if (!/^[A-Za-z0-9-]+$/.test(mark)) throw new RangeError(`not a mark for lines: ${mark}`)
  const sum = `md5(coalesce(string_agg(md5(t::text), '''' ORDER BY md5(t::text) COLLATE "C"), ''''))`
  return `SELECT format('SELECT ''${mark} '' || json_build_object(''name'', %L, ''rows'', count(*), ''checksum'', %s) FROM ONLY %I.%I AS t',
  n.nspname || '.' || c.relname,
  CASE WHEN pg_relation_size(c.oid) <= ${checksumUpToBytes} THEN '${sum}' ELSE 'NULL' END, n.nspname, c.relname)
FROM ${OWN_TABLES} ORDER BY n.nspname, c.relname
\\gexec`
}
