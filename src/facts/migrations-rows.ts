/** What a plan would meet in the database: rows concerned, sizes of tables, their columns and keys. Only read. */

import { fact } from '../model/fact.ts'
import { queryRows } from './database.ts'
import type { Effect, RowQuestion } from './migrations-effects.ts'

/** A name as SQL quotes it. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
/** A text as SQL quotes it; a backslash is nothing special, as since PostgreSQL 9.1. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

export interface Counted {
  readonly rows: number
  /** False when counting stopped at its limit. */
  readonly exact: boolean
}

/**
 * Counts the rows that a question asks for, up to a limit: beyond it the exact number changes nothing.
 *
 * @param question as JSON, so that equal questions are asked once
 * @throws Unreadable when the database does not answer within its time.
 */
export const countRows = fact(
  'migrations/rows',
  async (
    context,
    composeFile: string,
    databaseService: string,
    database: string,
    question: string,
    limit: number,
  ): Promise<Counted> => {
    const asked = JSON.parse(question) as Pick<RowQuestion, 'count' | 'condition' | 'value'> & {
      table: string
      column: string
    }
    const [row] = await queryRows<{ rows: number }>(context, composeFile, databaseService, {
      what: `the rows of ${asked.table}`,
      sql: `SELECT count(*)::int AS rows FROM (${rowsAsked(asked)} LIMIT ${limit + 1}) AS asked`,
      ...named(database),
    })
    const rows = row?.rows ?? 0
    return { rows: Math.min(rows, limit), exact: rows <= limit }
  },
)

const named = (database: string) => (database === '' ? {} : { database })

/** The rows themselves, as a SELECT without its limit. Pure. */
export function rowsAsked(asked: {
  readonly table: string
  readonly column: string
  readonly count: RowQuestion['count']
  readonly condition: RowQuestion['condition']
  readonly value: RowQuestion['value']
}): string {
  const table = identifier(asked.table)
  const column = identifier(asked.column)
  if (asked.count === 'repeated')
    return `SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL GROUP BY ${column} HAVING count(*) > 1`
  switch (asked.condition) {
    case 'any':
      return `SELECT 1 FROM ${table}`
    case 'null':
      return `SELECT 1 FROM ${table} WHERE ${column} IS NULL`
    case 'longer':
      return `SELECT 1 FROM ${table} WHERE char_length(${column}::text) > ${Number(asked.value)}`
    case 'held':
      return asked.value === null
        ? `SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL`
        : `SELECT 1 FROM ${table} WHERE ${column}::text <> ${literal(String(asked.value))}`
  }
}

/** The key under which {@link countRows} finds an effect's rows; null when there is nothing to count. */
export function questionOf({ question, live }: Effect): string | null {
  if (question === null || live === null) return null
  const { count, condition, value } = question
  return JSON.stringify({ count, condition, value, table: live.table, column: live.column })
}

export interface TableFacts {
  readonly name: string
  /** With its indexes and what lies beside it. Bytes. */
  readonly bytes: number
  readonly columns: readonly string[]
  /** Columns of the primary key, in its order; empty without one. */
  readonly key: readonly string[]
}

/** The tables that an unqualified name finds, with their columns. @throws Unreadable when the database does not answer. */
export const databaseTables = fact(
  'migrations/tables',
  async (
    context,
    composeFile: string,
    databaseService: string,
    database: string,
  ): Promise<readonly TableFacts[]> =>
    queryRows<TableFacts>(context, composeFile, databaseService, {
      what: 'the tables of the database',
      sql: `
        SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes,
          (SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
          (SELECT coalesce(array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)), '{}')
            FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = c.oid AND i.indisprimary) AS key
        FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid)
          AND c.relnamespace <> 'pg_catalog'::regnamespace
        ORDER BY 1`,
      ...named(database),
    }),
)

/** Indexes that a CONCURRENTLY has left half done: they cost with every write and serve no query. */
export const invalidIndexes = fact(
  'migrations/invalid-indexes',
  async (context, composeFile: string, databaseService: string, database: string) =>
    queryRows<{ index: string; table: string }>(context, composeFile, databaseService, {
      what: 'indexes that are not valid',
      sql: `
        SELECT i.indexrelid::regclass::text AS index, i.indrelid::regclass::text AS table FROM pg_index i
        WHERE NOT i.indisvalid AND NOT EXISTS
          (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
        ORDER BY 1`,
      ...named(database),
    }),
)
