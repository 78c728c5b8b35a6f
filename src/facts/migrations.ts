/**
 * Migrations as one picture for Django and Alembic: what an image contains, what the database has, and what each
 * operation does to it in either direction. The readers that run inside the image answer in this form.
 */

import { z } from 'zod'
import { Unreadable } from '../model/command.ts'
import { ANSWER_MARK } from './migrations-django-reader.ts'

const ColumnFacts = z.object({
  /** As PostgreSQL or the migration's text writes it: `varchar(20)`; empty when it is not known. */
  type: z.string(),
  nullable: z.boolean(),
  unique: z.boolean(),
  maxLength: z.number().nullable(),
  /** True when the rows that are there get a value by themselves when the column is added. */
  fills: z.boolean(),
  /** True when a row that says nothing of the column may be inserted later on. Django keeps no default in the database. */
  databaseDefault: z.boolean(),
  /** The default as text; null when there is none to compare with. */
  default: z.string().nullable(),
})
export type ColumnFacts = z.infer<typeof ColumnFacts>

const table = { table: z.string() }
const column = { ...table, column: z.string() }
const index = {
  ...table,
  name: z.string().optional(),
  unique: z.boolean().optional(),
  columns: z.array(z.string()).optional(),
  concurrently: z.boolean().optional(),
}
const reason = { reason: z.string() }

/** What one direction of an operation does to the database. */
export const Change = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('create-table'), ...table }),
  z.object({ kind: z.literal('drop-table'), ...table }),
  z.object({ kind: z.literal('rename-table'), ...table, to: z.string() }),
  ColumnFacts.extend({ kind: z.literal('add-column'), ...column }),
  ColumnFacts.partial().extend({ kind: z.literal('drop-column'), ...column }),
  z.object({ kind: z.literal('rename-column'), ...column, to: z.string() }),
  z.object({ kind: z.literal('alter-column'), ...column, before: ColumnFacts, after: ColumnFacts }),
  z.object({ kind: z.literal('add-index'), ...index }),
  z.object({ kind: z.literal('drop-index'), ...index }),
  z.object({ kind: z.literal('add-constraint'), ...index }),
  z.object({ kind: z.literal('drop-constraint'), ...index }),
  /** Rows are changed, taken away or put in by SQL. */
  z.object({ kind: z.literal('change-rows'), ...table, how: z.enum(['update', 'delete', 'insert']) }),
  /** SQL that has not been looked into yet; {@link Change} of other kinds come out of it. */
  z.object({ kind: z.literal('sql'), text: z.string() }),
  /** A function of the application's own. */
  z.object({ kind: z.literal('code'), name: z.string(), says: z.string() }),
  z.object({ kind: z.literal('nothing'), ...reason }),
  z.object({ kind: z.literal('impossible'), ...reason }),
  /** What it does cannot be told from outside. */
  z.object({ kind: z.literal('unknown'), ...reason }),
])
export type Change = z.infer<typeof Change>

/** One innermost operation of a migration. */
export const MigrationOperation = z.object({
  /** Where it stands: `3`, or `1.2` for the second one that the first one wraps. */
  place: z.string(),
  /** Its class, `AddField`; `revision` for Alembic. */
  type: z.string(),
  /** The full name of a class that Django does not bring; else empty. */
  custom: z.string(),
  title: z.string(),
  forward: z.array(Change),
  backward: z.array(Change),
  /** What `migrate --plan` would say. False for an irreversible operation that another one wraps. */
  irreversibleByPlan: z.boolean(),
})
export type MigrationOperation = z.infer<typeof MigrationOperation>

export const PlannedMigration = z.object({
  /** `products.0007_warehouse`; for Alembic the revision. */
  key: z.string(),
  /** False when it does not run in a transaction: it can be left half done. */
  atomic: z.boolean(),
  /** ISO 8601; null when it is not known. */
  appliedAt: z.string().nullable(),
  dependsOn: z.array(z.string()),
  replaces: z.array(z.string()),
  operations: z.array(MigrationOperation),
  /** Why its operations could not all be read; empty when they were. */
  problem: z.string(),
})
export type PlannedMigration = z.infer<typeof PlannedMigration>

/** A table of the application's models, with the columns that its queries name. */
const ModelTable = z.object({ model: z.string(), table: z.string(), columns: z.array(z.string()) })
export type ModelTable = z.infer<typeof ModelTable>

/** What an image contains, read without a database. */
export const ImageMigrations = z.object({
  tool: z.enum(['django', 'alembic']),
  version: z.string(),
  models: z.array(ModelTable),
  /** Every migration that the image has a file of. */
  known: z.array(z.string()),
})
export type ImageMigrations = z.infer<typeof ImageMigrations>

/** An image's migrations beside the database's. */
export const MigrationState = ImageMigrations.extend({
  vendor: z.string(),
  database: z.string(),
  /** Aliases of databases that were not looked at. */
  otherDatabases: z.array(z.string()),
  /** True when `PGOPTIONS` reaches the database, so that a limit on waiting for locks holds. */
  obeysOptions: z.boolean(),
  /** In the order in which they were applied. */
  applied: z.array(z.object({ key: z.string(), at: z.string().nullable() })),
  /** The rows of the tool's own table: Django's is a list of all, Alembic's of the newest. */
  recorded: z.array(z.string()),
  /** Recorded as applied, but the image has no file of it. */
  unknown: z.array(z.string()),
  /** Recorded more than once. */
  twice: z.array(z.string()),
  /** What the tool itself says of a history in the wrong order; empty when it is in order. */
  inconsistent: z.string(),
  /** Apps with more than one newest migration. */
  conflicts: z.record(z.string(), z.array(z.string())),
  target: z.object({
    /** `products.0006_generate_skus`, `products.zero`; empty when `problem` says why. */
    key: z.string(),
    problem: z.string(),
    /** Not applied yet, and needed to reach it. */
    ahead: z.array(z.string()),
  }),
  /** What reaching the target undoes, in that order, over all apps. */
  back: z.array(PlannedMigration),
  /** What the image has and the database lacks, in the order in which it would be applied. */
  pending: z.array(PlannedMigration),
})
export type MigrationState = z.infer<typeof MigrationState>

/** Reads what a reader printed. @throws Unreadable when the answer is not there, or is no such answer. */
export function parseAnswer<T>(schema: z.ZodType<T>, text: string, what: string): T {
  const line = text.split('\n').findLast(candidate => candidate.includes(ANSWER_MARK))
  if (line === undefined) throw new Unreadable(`${what} could not be read: the reader gave no answer`)
  const parsed = schema.safeParse(jsonOf(line.slice(line.indexOf(ANSWER_MARK) + ANSWER_MARK.length)))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Unreadable(
    `${what} could not be read: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `products` of `products.0007_warehouse`; empty for Alembic, which has no apps. */
export const appOf = (key: string): string => (key.includes('.') ? key.slice(0, key.indexOf('.')) : '')

/** `0007_warehouse` of `products.0007_warehouse`. */
export const nameOf = (key: string): string => key.slice(key.indexOf('.') + 1)
