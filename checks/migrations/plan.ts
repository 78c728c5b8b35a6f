/** What is really undone across apps, and what each operation costs. */

import { appOf } from '../../src/facts/migrations.ts'
import { type SettledEffect, worstOf } from '../../src/facts/migrations-effects.ts'
import { databaseTables, type TableFacts } from '../../src/facts/migrations-rows.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { READING_SECONDS } from './history.ts'
import { migrationParams } from './parameters.ts'
import { listed, readOutlook } from './situation.ts'

export const planReversible = check({
  id: 'migrations/plan-reversible',
  title: 'Every operation on the way back can be undone',
  why: 'Each migration is undone in a transaction of its own. One that cannot be undone, in the middle of the plan, leaves those before it already gone. The text of “migrate --plan” does not show an operation that another one wraps.',
  params: migrationParams,
  after: ['migrations/target-named'],
  explains: ['migrations/exit'],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { params, read } = context
    const { reading, effects, recommendation } = await readOutlook(context)
    const { state } = reading
    if (recommendation.exit === 'image-only')
      return notApplicable(`${listed(state.back.map(({ key }) => key))} may stay: ${recommendation.reason}`)
    const tables = await read(databaseTables, params.composeFile, params.databaseService, state.database)
    return judgePlan(
      state.back.map(({ key }) => key),
      effects,
      { app: params.migrationApp, tables, transactional: state.back.every(({ atomic }) => atomic) },
    )
  },
})

interface Surroundings {
  readonly app: string
  readonly tables: readonly TableFacts[]
  /** False when a migration of the plan runs without a transaction. */
  readonly transactional: boolean
}

export function judgePlan(
  back: readonly string[],
  effects: readonly SettledEffect[],
  { app, tables, transactional }: Surroundings,
): Verdict {
  if (back.length === 0) return pass('nothing is to be undone: the database is at the target')
  const elsewhere = back.filter(key => app !== '' && appOf(key) !== app)
  const across = elsewhere.length === 0 ? '' : `, of them in other apps: ${listed(elsewhere)}`
  const measured = [...back.map(key => describeMigration(key, effects, tables))].join('; ')
  const expected = 'no operation that cannot be undone'
  const blocking = effects.filter(({ reversibility }) => reversibility === 'irreversible')
  const [first] = blocking
  const plan = `${back.length === 1 ? 'it undoes' : `it undoes ${back.length} migrations:`} ${listed(back)}${across}`
  if (first !== undefined) {
    const hidden = first.hidden ? ', which “migrate --plan” does not say' : ''
    const done = back.indexOf(first.migration)
    const left = done > 0 ? `; ${listed(back.slice(0, done))} would be undone by then` : ''
    return fail(`${first.migration} cannot be undone${hidden}: ${first.says}${left}`, {
      measured: `${plan}; ${measured}`,
      expected,
    })
  }
  const lossy = effects.filter(({ reversibility }) => reversibility === 'destroys')
  const loses =
    lossy.length === 0
      ? 'no data is lost by it'
      : `data go with it: ${lossy.map(({ says }) => says).join('; ')}`
  const halfway = transactional ? '' : '; one of them runs without a transaction and can be left half done'
  return pass(`${plan}; ${loses}${halfway}`, { measured, expected })
}

const WORDS = {
  reversible: 'reversible',
  destroys: 'reversible, but data go',
  irreversible: 'irreversible',
} as const

/** `products.0007_warehouse (reversible, but data go): … [ACCESS EXCLUSIVE on products_product, 2.1 MB]`. */
function describeMigration(
  key: string,
  effects: readonly SettledEffect[],
  tables: readonly TableFacts[],
): string {
  const own = effects.filter(({ migration }) => migration === key)
  const hidden = own.some(effect => effect.hidden) ? ', hidden from “migrate --plan”' : ''
  const steps = own.map(effect => `${effect.says}${lockOf(effect, tables)}`)
  return `${key} (${WORDS[worstOf(own)]}${hidden}): ${steps.length === 0 ? 'nothing in the database changes' : steps.join(', ')}`
}

function lockOf({ lock, live, readsTable }: SettledEffect, tables: readonly TableFacts[]): string {
  const name = live?.table ?? ''
  if (lock === '' || name === '') return ''
  const bytes = tables.find(table => table.name === name)?.bytes
  const size = bytes === undefined ? '' : `, ${megabytes(bytes)}`
  return ` [${lock} on ${name}${size}${readsTable ? ', for as long as the whole of it is read' : ''}]`
}

/** `2.1 MB`, `340 MB`, `0.1 MB` at least. */
export function megabytes(bytes: number): string {
  const size = bytes / 1_048_576
  return `${size >= 10 ? Math.round(size) : Math.max(0.1, Math.round(size * 10) / 10)} MB`
}
