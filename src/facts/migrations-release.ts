/**
 * In which order a release and its migrations may go out. Deploy guides disagree (migrate first, or deploy first),
 * because either order breaks for one kind of change: it is decided for each release from what its migrations do.
 * Pure.
 */

import type { Change, MigrationOperation } from './migrations.ts'
import { widens } from './migrations-judge.ts'
import { changesOfSql } from './migrations-sql.ts'

/**
 * `schema-first`: migrate, then deploy the code. `code-first`: deploy, then migrate, best a release later.
 * `needs-downtime`: old or new code breaks in either order, so either stop it meanwhile, or split the release in steps.
 */
export type ReleaseOrder = 'schema-first' | 'code-first' | 'needs-downtime'

/** Which code stands which schema. */
export interface Compatibility {
  /** The code of before works on the schema of after: `null` when it does, else why not. */
  readonly oldCode: string | null
  /** The code of after works on the schema of before. */
  readonly newCode: string | null
}

export interface ReleaseClass {
  readonly order: ReleaseOrder
  /** One sentence for the operator. */
  readonly reason: string
  /** The operations that decide it. */
  readonly because: readonly { readonly title: string; readonly reason: string }[]
}

/** Classifies what a release's unapplied migrations do on their way forward. */
export function classifyRelease(operations: readonly MigrationOperation[]): ReleaseClass {
  const judged = operations.map(operation => ({
    title: operation.title,
    ...compatibilityOf(operation.forward),
  }))
  const breaksOld = judged.flatMap(({ title, oldCode }) =>
    oldCode === null ? [] : [{ title, reason: oldCode }],
  )
  const breaksNew = judged.flatMap(({ title, newCode }) =>
    newCode === null ? [] : [{ title, reason: newCode }],
  )
  const [old] = breaksOld
  const [young] = breaksNew
  if (old === undefined)
    return {
      order: 'schema-first',
      reason:
        young === undefined
          ? 'either order works: nothing in the schema changes that code relies on'
          : `migrate, then deploy: the old code works on the new schema; the new code needs it, since ${young.reason}`,
      because: breaksNew,
    }
  if (young === undefined)
    return {
      order: 'code-first',
      reason: `deploy, then migrate: ${old.reason}, and the new code works without that`,
      because: breaksOld,
    }
  return {
    order: 'needs-downtime',
    reason: `neither order works: ${old.reason}; and ${young.reason}. Stop the application meanwhile, or split it into two releases`,
    because: [
      ...breaksOld,
      ...breaksNew.filter(({ title }) => !breaksOld.some(other => other.title === title)),
    ],
  }
}

/** Whether the code of before can run although these migrations stay applied: an image goes back alone. */
export function oldCodeStands(operations: readonly MigrationOperation[]): string | null {
  return (
    operations.map(({ forward }) => compatibilityOf(forward).oldCode).find(reason => reason !== null) ?? null
  )
}

function compatibilityOf(changes: readonly Change[]): Compatibility {
  const all = changes.flatMap(expand).map(judge)
  return {
    oldCode: all.find(({ oldCode }) => oldCode !== null)?.oldCode ?? null,
    newCode: all.find(({ newCode }) => newCode !== null)?.newCode ?? null,
  }
}

/** Changes with their SQL read. */
export function expand(change: Change): Exclude<Change, { kind: 'sql' }>[] {
  if (change.kind !== 'sql') return [change]
  if (change.text === '') return [{ kind: 'unknown', reason: 'SQL that is put together as it runs' }]
  return changesOfSql(change.text).flatMap(expand)
}

const both = (reason: string): Compatibility => ({ oldCode: reason, newCode: reason })
const FINE: Compatibility = { oldCode: null, newCode: null }

function judge(change: Exclude<Change, { kind: 'sql' }>): Compatibility {
  switch (change.kind) {
    case 'nothing':
    case 'add-index':
    case 'drop-index':
      return FINE
    case 'create-table':
      return { oldCode: null, newCode: `the table ${change.table} is not there before` }
    case 'drop-table':
      return { oldCode: `the old code still uses the table ${change.table}`, newCode: null }
    case 'rename-table':
      return both(`the table ${change.table} is called ${change.to} from one moment to the next`)
    case 'rename-column':
      return both(
        `the column ${change.table}.${change.column} is called ${change.to} from one moment to the next`,
      )
    case 'add-column':
      return judgeAdded(change)
    case 'drop-column':
      return judgeDropped(change)
    case 'alter-column':
      return judgeAltered(change)
    case 'add-constraint':
      return {
        oldCode: `the old code may write what the constraint on ${change.table} forbids`,
        newCode: null,
      }
    case 'drop-constraint':
      return {
        oldCode: null,
        newCode: `the new code may write what the constraint on ${change.table} still forbids`,
      }
    case 'change-rows':
      return { oldCode: null, newCode: `rows of ${change.table} are not yet as it expects them` }
    case 'code':
      return { oldCode: null, newCode: `${change.name} has not run yet` }
    case 'impossible':
    case 'unknown':
      return both(`what one operation does cannot be told (${change.reason})`)
  }
}

function judgeAdded(change: Extract<Change, { kind: 'add-column' }>): Compatibility {
  const name = `${change.table}.${change.column}`
  return {
    oldCode:
      change.nullable || change.databaseDefault
        ? null
        : `the old code knows nothing of ${name}, which may not be empty and has no default in the database: its inserts fail`,
    newCode: `the column ${name} is not there before`,
  }
}

function judgeDropped(change: Extract<Change, { kind: 'drop-column' }>): Compatibility {
  const name = `${change.table}.${change.column}`
  const mustBeGiven = change.nullable === false && change.databaseDefault === false
  return {
    oldCode: `the old code still reads ${name}`,
    newCode: mustBeGiven
      ? `the new code says nothing of ${name}, which may not be empty until it is gone: its inserts fail`
      : null,
  }
}

function judgeAltered(change: Extract<Change, { kind: 'alter-column' }>): Compatibility {
  const { before, after } = change
  const name = `${change.table}.${change.column}`
  let { oldCode, newCode } = FINE
  if (before.nullable && !after.nullable)
    oldCode = `the old code may leave ${name} empty, which is then forbidden`
  if (!before.nullable && after.nullable)
    newCode = `the new code may leave ${name} empty, which is still forbidden`
  if (!before.unique && after.unique) oldCode ??= `the old code may write a value twice into ${name}`
  if (before.unique && !after.unique) newCode ??= `the new code may write a value twice into ${name}`
  if (before.type === after.type) return { oldCode, newCode }
  if (widens(after, before))
    return {
      oldCode,
      newCode: newCode ?? `the new code may write more into ${name} than has its place there`,
    }
  return both(`the type of ${name} changes from ${before.type} to ${after.type}`)
}
