/** What going back over an operation costs: reversible, reversible but destroys data, or irreversible; and its lock. Pure. */

import type { Change, MigrationOperation, PlannedMigration } from './migrations.ts'
import { judgeBackward } from './migrations-judge.ts'
import { withLiveNames } from './migrations-live-names.ts'
import { changesOfSql } from './migrations-sql.ts'

/** `destroys`: it can be undone, and what is stored there is then gone. */
export type Reversibility = 'reversible' | 'destroys' | 'irreversible'

/** The strongest lock on the table, in PostgreSQL's words; empty when nothing is locked. */
export type Lock = 'ACCESS EXCLUSIVE' | 'SHARE' | 'SHARE UPDATE EXCLUSIVE' | 'ROW EXCLUSIVE' | ''

/** Rows that decide how bad it is: what to count before anybody says yes. */
export interface RowQuestion {
  readonly table: string
  /** `rows`: those for which `condition` holds. `repeated`: values of the column that stand in more than one row. */
  readonly count: 'rows' | 'repeated'
  readonly column: string
  /** `any`: every row · `null` · `held`: neither null nor the default · `longer`: text longer than the limit. */
  readonly condition: 'any' | 'null' | 'held' | 'longer'
  /** The default for `held`, as text; the limit for `longer`. Null when there is none. */
  readonly value: string | number | null
  /** What one such row makes of it. */
  readonly makesIt: Reversibility
  /** What it means, after the number: `hold something that is then gone`. */
  readonly means: string
}

export interface Effect {
  readonly migration: string
  readonly place: string
  readonly title: string
  readonly reversibility: Reversibility
  /** The change that is made on the way back. */
  readonly kind: Exclude<Change['kind'], 'sql'>
  /** What going back does, as a sentence without a full stop. */
  readonly says: string
  /** Empty when no table is concerned, or it is not known. */
  readonly table: string
  readonly column: string
  /** The new name, where something is renamed; else empty. */
  readonly to: string
  readonly lock: Lock
  /** True when the lock is held as long as the whole table is read or written. */
  readonly readsTable: boolean
  readonly question: RowQuestion | null
  /**
   * What table and column are called in the database now: an earlier step back may rename them first. Null when they
   * do not exist yet, since only such a step makes them.
   */
  readonly live: { readonly table: string; readonly column: string } | null
  /** True when the tool's own plan prints a harmless line for what cannot be undone. */
  readonly hidden: boolean
}

/** Effects of undoing a plan, in the order in which they would happen. */
export function effectsOf(back: readonly PlannedMigration[]): Effect[] {
  return withLiveNames(
    back.flatMap(migration => [
      ...(migration.problem === '' ? [] : [unread(migration)]),
      ...[...migration.operations]
        .reverse()
        .flatMap(operation =>
          operation.backward.flatMap(change => effectOf(migration.key, operation, change)),
        ),
    ]),
  )
}

function unread({ key, problem }: PlannedMigration): Effect {
  return {
    migration: key,
    place: '',
    title: 'an operation that could not be read',
    ...NO_TABLE,
    kind: 'impossible',
    reversibility: 'irreversible',
    says: `it could not be read, so nothing is known of it: ${problem}`,
    hidden: true,
  }
}

const NO_TABLE = {
  table: '',
  column: '',
  to: '',
  lock: '',
  readsTable: false,
  question: null,
  live: null,
} as const

function effectOf(migration: string, operation: MigrationOperation, change: Change): Effect[] {
  if (change.kind === 'sql') {
    const expanded = changesOfSql(change.text)
    const read =
      change.text === ''
        ? [{ kind: 'unknown', reason: 'SQL that is put together as it runs' } as const]
        : expanded
    return read.flatMap(inner => effectOf(migration, operation, inner))
  }
  const judged = judgeBackward(change)
  return [
    {
      migration,
      place: operation.place,
      title: operation.title,
      kind: change.kind,
      ...NO_TABLE,
      ...judged,
      hidden: judged.reversibility === 'irreversible' && !operation.irreversibleByPlan,
    },
  ]
}

/** An effect once its rows are counted: what is empty is not destroyed, what would fail is irreversible. */
export interface SettledEffect extends Effect {
  /** Rows that the question found; null when nothing was asked. */
  readonly rows: number | null
  /** False when counting stopped at its limit: there are at least so many. */
  readonly exact: boolean
}

/** Puts the counted rows beside an effect. */
export function settle(
  effect: Effect,
  counted: { readonly rows: number; readonly exact: boolean } | null,
): SettledEffect {
  const { question } = effect
  if (question === null || counted === null) return { ...effect, rows: null, exact: true }
  const { rows, exact } = counted
  const many = `${exact ? '' : 'more than '}${rows.toLocaleString('en')}`
  if (rows === 0)
    return {
      ...effect,
      rows,
      exact,
      reversibility: effect.reversibility === 'destroys' ? 'reversible' : effect.reversibility,
      says: question.makesIt === 'destroys' ? `${effect.says}; nothing is in it` : effect.says,
    }
  return {
    ...effect,
    rows,
    exact,
    reversibility: question.makesIt,
    says: `${effect.says}; ${many} ${question.count === 'repeated' ? '' : 'rows '}${question.means}`,
  }
}

/** The worst of them; `reversible` for none. */
export function worstOf(effects: readonly Effect[]): Reversibility {
  const found = effects.map(({ reversibility }) => reversibility)
  if (found.includes('irreversible')) return 'irreversible'
  return found.includes('destroys') ? 'destroys' : 'reversible'
}
