/** The rows that a restore leaves behind: those that were created in the live database after the backup was taken. */

import type { ReadContext } from '../model/check.ts'
import type { BackupTable } from './backup-manifest.ts'
import { queryRows } from './database.ts'
import type { HighestKey } from './restore-record.ts'
import { literal } from './sql-text.ts'

export interface Loss {
  /** With its schema. */
  readonly table: string
  readonly rows: number
  /** The keys of the first of them; empty for a table without a numbered key. */
  readonly ids: readonly string[]
}

/** Keys that are read of one table: they stand in the evidence. */
export const KEYS_READ = 200

interface Row {
  readonly table: string
  readonly rows: number
  readonly ids: string | null
}

/**
 * Rows of a database whose key is above the highest one in the backup; for a table without a numbered key, how many
 * rows it has more. Rows that were changed or deleted since are not seen by this.
 *
 * @param database the one that was live while the backup grew old
 */
export async function rowsSince(
  context: ReadContext,
  where: { readonly composeFile: string; readonly databaseService: string; readonly database: string },
  highest: readonly HighestKey[],
  tables: readonly BackupTable[],
): Promise<Loss[]> {
  const keyed = new Map(highest.map(key => [key.table, key]))
  const values = tables.map(({ name, rows }) => {
    const key = keyed.get(name)
    return key === undefined
      ? `(${literal(name)}, NULL, ${rows})`
      : `(${literal(name)}, ${literal(key.column)}, ${key.highest})`
  })
  if (values.length === 0) return []
  const rows = await queryRows<Row>(context, where.composeFile, where.databaseService, {
    what: `the rows that were created in ${where.database} since`,
    database: where.database,
    sql: since(values.join(', ')),
  })
  return rows
    .map(({ table, rows: count, ids }) => ({
      table,
      rows: count,
      ids: ids === null || ids === '' ? [] : ids.split(' '),
    }))
    .sort((a, b) => b.rows - a.rows || a.table.localeCompare(b.table))
}

const since = (values: string): string => `SELECT known.name AS "table",
  greatest(0, (xpath('/row/rows/text()', found))[1]::text::bigint - CASE WHEN known.key IS NULL THEN known.figure ELSE 0 END) AS rows,
  (xpath('/row/ids/text()', found))[1]::text AS ids
FROM (VALUES ${values}) AS known(name, key, figure),
LATERAL (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname || '.' || c.relname = known.name) AS own,
LATERAL query_to_xml(CASE WHEN known.key IS NULL
  THEN format('SELECT count(*) AS rows, '''' AS ids FROM %s', own.oid::regclass)
  ELSE format('SELECT (SELECT count(*) FROM %1$s WHERE %2$I > %3$s) AS rows, (SELECT string_agg(key::text, '' '') FROM (SELECT %2$I AS key FROM %1$s WHERE %2$I > %3$s ORDER BY 1 LIMIT ${KEYS_READ}) AS first) AS ids',
    own.oid::regclass, known.key, known.figure) END, false, true, '') AS found
WHERE greatest(0, (xpath('/row/rows/text()', found))[1]::text::bigint - CASE WHEN known.key IS NULL THEN known.figure ELSE 0 END) > 0`

/** `orders_order 3 (20001, 20002, 20003)`; more than a few keys as the first and how many follow. Pure. */
export function lossWords({ table, rows, ids }: Loss, shown = 6): string {
  const name = table.replace(/^public\./, '')
  if (ids.length === 0) return `${name} ${rows}`
  const list = ids.slice(0, shown).join(', ')
  return `${name} ${rows} (${list}${rows > shown ? `, …` : ''})`
}
