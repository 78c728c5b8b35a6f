/** What is recorded as applied is there: a row in django_migrations is easily faked. */

import { type Effect, effectsOf } from '../../src/facts/migrations-effects.ts'
import { databaseTables, invalidIndexes, type TableFacts } from '../../src/facts/migrations-rows.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { READING_SECONDS } from './history.ts'
import { migrationParams } from './parameters.ts'
import { readMigrations } from './situation.ts'

export const reallyApplied = check({
  id: 'migrations/really-applied',
  title: 'What would be undone is really there',
  why: 'A faked migration is recorded without having run. Undoing it fails half-way, after the ones before it are gone.',
  params: migrationParams,
  after: ['migrations/target-named'],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { params, read } = context
    const { state } = await readMigrations(context)
    const tables = await read(databaseTables, params.composeFile, params.databaseService, state.database)
    const broken = await read(invalidIndexes, params.composeFile, params.databaseService, state.database)
    return judgeReality(effectsOf(state.back), tables, broken)
  },
})

/** Holds what the steps back would take away or rename against what the database has. */
export function judgeReality(
  effects: readonly Effect[],
  tables: readonly TableFacts[],
  broken: readonly { readonly index: string; readonly table: string }[],
): Verdict {
  const expected = 'every table and column that would go is there, no index is half done'
  const missing = effects.flatMap(effect => missingIn(effect, tables))
  if (missing.length > 0)
    return fail(`recorded as applied, but not there: ${missing.map(({ what }) => what).join(', ')}`, {
      measured: missing.map(({ what, migration }) => `${what} of ${migration}`).join('; '),
      expected,
      advice: `${[...new Set(missing.map(({ migration }) => migration))].join(', ')} was faked, or changed by hand. Make the schema and the record agree first: apply what is missing by hand, or fake it back (migrate --fake) when all of it is missing`,
    })
  const [half] = broken
  if (half !== undefined)
    return fail(`${half.index} on ${half.table} is half done and not valid: a CONCURRENTLY broke off`, {
      measured: broken.map(({ index }) => index).join(', '),
      expected,
      advice: `DROP INDEX CONCURRENTLY ${half.index}, then look again`,
    })
  const looked = effects.filter(needsToBeThere).length
  return pass(
    looked === 0 ? 'nothing would be taken away' : 'all that would be taken away or renamed is there',
    {
      measured: `${looked} looked for, ${looked} found`,
      expected,
    },
  )
}

const needsToBeThere = ({ kind, live }: Effect): boolean =>
  live !== null &&
  ['drop-table', 'drop-column', 'rename-table', 'rename-column', 'alter-column'].includes(kind)

function missingIn(effect: Effect, tables: readonly TableFacts[]): { what: string; migration: string }[] {
  const { live, migration, kind, table, column } = effect
  if (!needsToBeThere(effect) || live === null) return []
  const found = tables.find(({ name }) => name === live.table)
  if (found === undefined) return [{ what: `the table ${live.table}`, migration }]
  if (live.column !== '' && !found.columns.includes(live.column))
    return [{ what: `the column ${live.table}.${live.column}`, migration }]
  // The new name is taken only when the rename never happened, or was undone by hand.
  if (kind === 'rename-column' && effect.to !== column && found.columns.includes(effect.to))
    return [{ what: `the renaming of ${table}.${effect.to} to ${column}`, migration }]
  return []
}
