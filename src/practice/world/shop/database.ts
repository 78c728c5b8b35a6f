/** Databases of the world's PostgreSQL: of each table how many rows it has and what stands for their contents. */

import { createHash } from 'node:crypto'
import type { Migration } from './migrations.ts'

export interface Table {
  rows: number
  columns: string[]
  /** Stands for what is in the rows: another text for other rows. */
  contents: string
  /** When the newest row was made, in milliseconds since 1970; 0 where no column tells. */
  newestAt: number
  /** Of months that are over: how many rows, and what they come to. */
  months: readonly { readonly month: string; readonly rows: number; readonly sum: string }[]
}

export interface Applied extends Migration {
  readonly appliedAt: number
}

export interface Database {
  name: string
  owner: string
  readonly tables: Map<string, Table>
  migrations: Applied[]
  bytes: number
  /** False when somebody has closed it. */
  allows: boolean
  comment: string
  connectionLimit: number
  readonly settings: Map<string, string>
}

export const newDatabase = (name: string, owner: string): Database => ({
  name,
  owner,
  tables: new Map(),
  migrations: [],
  bytes: 8_500_000,
  allows: true,
  comment: '',
  connectionLimit: -1,
  settings: new Map(),
})

export const newTable = (columns: readonly string[]): Table => ({
  rows: 0,
  columns: [...columns],
  contents: '',
  newestAt: 0,
  months: [],
})

/** Its rows are others now. */
export function rewrite(table: Table, what: string): void {
  table.contents = md5(`${table.contents}\n${what}`)
}

/** As the sum over all rows would be: the same for the same rows, wherever they lie. */
export const checksumOf = (name: string, table: Table): string =>
  table.rows === 0 ? md5('') : md5([name, table.rows, table.contents, table.columns.join(',')].join('\n'))

/** The number of the newest row: they count from one. */
export const highestOf = (table: Table): number => table.rows

/** The column by which rows of the business are dated; none in the framework's own tables. */
export const datedBy = (table: Table): string | undefined =>
  table.columns.find(column => column === 'created_at')

export const moneyOf = (table: Table): string | undefined =>
  table.columns.find(column => /(amount|total)/.test(column))

/** Sorted by name, as PostgreSQL lists them; Django's own list of migrations is one of them. */
export function tablesOf({ tables, migrations }: Database): [string, Table][] {
  const own = tables.get('django_migrations')
  if (own) {
    own.rows = migrations.length
    own.contents = migrations.map(({ app, name }) => `${app}.${name}`).join('\n')
  }
  return [...tables].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What a dump holds of a database: all of it but its name, its rights and its comment. */
export interface DatabaseContents {
  readonly tables: readonly (readonly [string, Table])[]
  readonly migrations: readonly Applied[]
  readonly bytes: number
}

export const contentsOf = (database: Database): DatabaseContents =>
  structuredClone({
    tables: tablesOf(database),
    migrations: database.migrations,
    bytes: database.bytes,
  })

export function fill(database: Database, contents: DatabaseContents): void {
  const { tables, migrations, bytes } = structuredClone(contents)
  database.tables.clear()
  for (const [name, table] of tables) database.tables.set(name, table)
  database.migrations = [...migrations]
  database.bytes = bytes
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
