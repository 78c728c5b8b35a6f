/** What making one change on the way back does: how bad it is, which lock it takes, which rows decide. Pure. */

import type { Change, ColumnFacts } from './migrations.ts'
import type { Effect, Reversibility, RowQuestion } from './migrations-effects.ts'

export type Judged = Pick<Effect, 'reversibility' | 'says'> &
  Partial<Pick<Effect, 'table' | 'column' | 'to' | 'lock' | 'readsTable' | 'question'>>

/** One change, as it is made on the way back. */
export function judgeBackward(change: Exclude<Change, { kind: 'sql' }>): Judged {
  switch (change.kind) {
    case 'impossible':
      return { reversibility: 'irreversible', says: change.reason }
    case 'unknown':
      return {
        reversibility: 'destroys',
        says: `what it does is not known (${change.reason}): take it that it can lose data`,
      }
    case 'nothing':
      return {
        reversibility: 'reversible',
        says: 'nothing happens: what it changed on the way there stays changed',
      }
    case 'code': {
      const words = change.says === '' ? '' : ` (“${change.says}”)`
      return {
        reversibility: 'reversible',
        says: `runs its own function ${change.name}${words}; what that does to rows only its text says`,
        lock: 'ROW EXCLUSIVE',
      }
    }
    case 'change-rows':
      return judgeRows(change)
    case 'drop-table':
      return {
        reversibility: 'destroys',
        says: `drops the table ${change.table} with all that is in it`,
        table: change.table,
        lock: 'ACCESS EXCLUSIVE',
        question: ask(change.table, '', 'any', null, 'destroys', 'are then gone'),
      }
    case 'drop-column':
      return {
        reversibility: 'destroys',
        says: `drops the column ${change.table}.${change.column}`,
        table: change.table,
        column: change.column,
        lock: 'ACCESS EXCLUSIVE',
        question: ask(
          change.table,
          change.column,
          'held',
          change.default ?? null,
          'destroys',
          'hold something in it that is then gone',
        ),
      }
    case 'create-table':
      return {
        reversibility: 'reversible',
        says: `makes the table ${change.table} again, empty`,
        table: change.table,
      }
    case 'add-column':
      return judgeAddedColumn(change)
    case 'alter-column':
      return judgeAltered(change.table, change.column, change.before, change.after)
    default:
      return judgeCatalogue(change)
  }
}

function ask(
  table: string,
  column: string,
  condition: RowQuestion['condition'],
  value: RowQuestion['value'],
  makesIt: Reversibility,
  means: string,
): RowQuestion {
  return { table, column, condition, value, makesIt, means, count: 'rows' }
}

function judgeRows({ table, how }: Extract<Change, { kind: 'change-rows' }>): Judged {
  const word = { update: 'changes', delete: 'deletes', insert: 'puts in' }[how]
  return {
    reversibility: how === 'insert' ? 'reversible' : 'destroys',
    says: `${word} rows of ${table} by SQL of its own`,
    table,
    lock: 'ROW EXCLUSIVE',
    readsTable: true,
    question: how === 'insert' ? null : ask(table, '', 'any', null, 'destroys', 'are there for it to change'),
  }
}

function judgeAddedColumn(change: Extract<Change, { kind: 'add-column' }>): Judged {
  const { table, column, nullable, fills } = change
  const fails = !nullable && !fills
  return {
    reversibility: 'reversible',
    says: `makes the column ${table}.${column} again, ${fills ? 'with its default in every row' : 'empty'}`,
    table,
    column,
    lock: 'ACCESS EXCLUSIVE',
    question: fails
      ? ask(
          table,
          column,
          'any',
          null,
          'irreversible',
          'are there, and the column may neither be empty nor has a default: it fails',
        )
      : null,
  }
}

/** From `before`, as it is now, to `after`, as it was. */
function judgeAltered(table: string, column: string, before: ColumnFacts, after: ColumnFacts): Judged {
  const base = { table, column, lock: 'ACCESS EXCLUSIVE' } as const
  const name = `${table}.${column}`
  if (before.nullable && !after.nullable) {
    const makesIt = after.fills ? 'destroys' : 'irreversible'
    const means = after.fills
      ? 'are empty and get the default'
      : 'are empty, which is then forbidden: it fails'
    return {
      ...base,
      reversibility: 'reversible',
      says: `forbids ${name} to be empty`,
      readsTable: true,
      question: ask(table, column, 'null', null, makesIt, means),
    }
  }
  if (!before.unique && after.unique)
    return {
      ...base,
      reversibility: 'reversible',
      says: `makes ${name} unique again`,
      readsTable: true,
      question: {
        ...ask(table, column, 'any', null, 'irreversible', 'values stand in more than one row: it fails'),
        count: 'repeated',
      },
    }
  if (before.type === after.type || widens(after, before))
    return { ...base, reversibility: 'reversible', says: `changes ${name} back` }
  const limit = after.maxLength
  const says = `changes ${name} back from ${before.type} to ${after.type}`
  if (limit !== null && /char|text/i.test(before.type))
    return {
      ...base,
      reversibility: 'reversible',
      says,
      readsTable: true,
      question: ask(
        table,
        column,
        'longer',
        limit,
        'destroys',
        `are longer than ${limit} characters: they are cut off, or it fails`,
      ),
    }
  return {
    ...base,
    reversibility: 'destroys',
    says,
    readsTable: true,
    question: ask(table, column, 'held', null, 'destroys', 'are converted: digits can be lost, or it fails'),
  }
}

const SIZES = ['smallint', 'integer', 'bigint'] as const
const sizeOf = ({ type }: ColumnFacts): number => (SIZES as readonly string[]).indexOf(type.toLowerCase())

/** Whether every value of `narrow` has its place in `wide`. */
export function widens(wide: ColumnFacts, narrow: ColumnFacts): boolean {
  if (sizeOf(narrow) >= 0 && sizeOf(wide) >= sizeOf(narrow)) return true
  const isText = (facts: ColumnFacts) => /^(varchar|character varying|text)/i.test(facts.type)
  if (!isText(wide) || !isText(narrow)) return false
  if (/^text/i.test(wide.type)) return true
  return wide.maxLength !== null && narrow.maxLength !== null && wide.maxLength >= narrow.maxLength
}

type Catalogue = Extract<
  Change,
  {
    kind: 'rename-table' | 'rename-column' | 'add-index' | 'drop-index' | 'add-constraint' | 'drop-constraint'
  }
>

function judgeCatalogue(change: Catalogue): Judged {
  const { table } = change
  const base = { reversibility: 'reversible', table, lock: 'ACCESS EXCLUSIVE' } as const
  switch (change.kind) {
    case 'rename-table':
      return { ...base, to: change.to, says: `renames the table ${table} to ${change.to}` }
    case 'rename-column':
      return {
        ...base,
        column: change.column,
        to: change.to,
        says: `renames the column ${table}.${change.column} to ${change.to}`,
      }
    case 'add-index':
      return {
        ...base,
        says: `builds the index ${change.name ?? ''} on ${table} again`.replace('  ', ' '),
        lock: change.concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE',
        readsTable: true,
      }
    case 'drop-index':
      return {
        ...base,
        says: `drops the index ${change.name ?? ''}`.trim(),
        lock: change.concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE',
      }
    case 'add-constraint':
      return {
        ...base,
        says: `puts the constraint ${change.name ?? ''} on ${table} again: it fails on rows that break it`.replace(
          '  ',
          ' ',
        ),
        readsTable: true,
        ...repeatedOf(change),
      }
    case 'drop-constraint':
      return { ...base, says: `takes the constraint ${change.name ?? ''} off ${table}`.replace('  ', ' ') }
  }
}

/** Only one column's repeats are counted; several together would need the rows themselves. */
function repeatedOf({
  table,
  columns,
  unique,
}: {
  table: string
  columns?: string[] | undefined
  unique?: boolean | undefined
}) {
  const [column] = columns ?? []
  if (!unique || column === undefined || columns?.length !== 1) return {}
  return {
    question: {
      ...ask(table, column, 'any', null, 'irreversible', 'values stand in more than one row: it fails'),
      count: 'repeated' as const,
    },
  }
}
