/** The rungs of the ladder, judged by what the drill wrote down. One that was not reached has failed. */

import { backupManifest } from '../../src/facts/backups.ts'
import { compareMigrations, imageMigrations } from '../../src/facts/restore-migrations.ts'
import { type AnyCheck, check } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { differences } from '../restore/rows-match.ts'
import { automatedBackup, drillOf, drillParams } from './parameters.ts'

export const ADVICE =
  'A drill that could not be made has failed. Mend the cause, have a new backup made, and hold it again.'

export const notMade = (what: string): Verdict =>
  fail(`${what}: the drill did not come so far`, { expected: 'made', advice: ADVICE })

/** A rung that the drill itself has judged. */
function rung(name: string, given: { title: string; why: string; after: string; what: string }): AnyCheck {
  const { title, why, after, what } = given
  return check({
    id: `drill/${name}`,
    title,
    why,
    params: drillParams,
    after: [after],
    async probe(context) {
      const { rungs } = await drillOf(context)
      const found = rungs[name]
      if (found === undefined) return notMade(what)
      if (!found.ok) return fail(found.words, { telling: found.words, advice: ADVICE })
      return pass(found.words)
    },
  }) as AnyCheck
}

export const readable = rung('readable', {
  title: 'The backup can be read',
  why: 'Its checksum is what was noted when it was made, and its list of contents is there.',
  after: 'drill/held',
  what: 'it was not read',
})

export const restoredInDrill = rung('restored', {
  title: 'The backup restores without an error',
  why: 'Into the same version of PostgreSQL, from nothing, stopping at the first error.',
  after: 'drill/readable',
  what: 'it was not restored',
})

export const migrationsMatch = check({
  id: 'drill/migrations',
  title: 'Schema and migrations are those of the release',
  why: 'A backup from before the release that runs would need its migrations first, and the recovery time with them.',
  params: drillParams,
  after: ['drill/restored'],
  async probe(context) {
    const { migrations } = await drillOf(context)
    if (migrations.length === 0) return notMade('no migration was found in it')
    const { params, read } = context
    const image = await read(imageMigrations, params.composeFile, params.backendService)
    const { pending, unknown } = compareMigrations(image, migrations)
    if (pending.length + unknown.length === 0)
      return pass(`${migrations.length} migrations, as in ${image.image}`, {
        measured: `${migrations.length}`,
      })
    return fail(
      pending.length > 0
        ? `it lacks ${pending.slice(0, 3).join(', ')} of ${image.image}`
        : `${image.image} does not know ${unknown.slice(0, 3).join(', ')}`,
      { measured: `${pending.length} lacking, ${unknown.length} unknown`, expected: 'none', advice: ADVICE },
    )
  },
})

export const rowsInDrill = check({
  id: 'drill/rows',
  title: 'Every table has the rows that the manifest says',
  why: 'They are held against what was counted in the snapshot of the dump, not against the live database, which has moved on.',
  params: drillParams,
  after: ['drill/restored'],
  async probe(context) {
    const { tables } = await drillOf(context)
    if (tables.length === 0) return notMade('no row was counted')
    const backup = await automatedBackup(context)
    const manifest = await context.read(backupManifest, backup?.path ?? '')
    const wrong = differences(manifest.tables, tables)
    const rows = tables.reduce((sum, table) => sum + table.rows, 0)
    if (wrong.length === 0)
      return pass(`${tables.length} tables with ${rows} rows, counted and summed`, {
        measured: `${rows} rows`,
        expected: `${rows} rows`,
      })
    return fail(wrong.slice(0, 4).join('; '), { measured: `${rows} rows`, advice: ADVICE })
  },
})

export const integrity = check({
  id: 'drill/integrity',
  title: 'Pages, indexes, constraints and sequences are sound',
  why: 'amcheck reads every page, and holds every index against its table.',
  params: drillParams,
  after: ['drill/restored'],
  async probe(context) {
    const { amcheck, invalid, behind } = await drillOf(context)
    if (invalid === null || behind === null || amcheck === '') return notMade('it was not looked at')
    if (amcheck === 'absent')
      return fail('there is no amcheck in PostgreSQL’s image: this rung could not be made', {
        expected: 'sound',
        advice: 'Use an image that holds PostgreSQL’s contrib modules.',
      })
    if (amcheck !== 'sound') return fail(`amcheck says: ${amcheck}`, { telling: amcheck, advice: ADVICE })
    if (invalid + behind > 0)
      return fail(`${invalid} constraints or indexes are not valid, ${behind} sequences are behind`, {
        measured: `${invalid + behind} wrong`,
        expected: 'none',
        advice: ADVICE,
      })
    return pass('amcheck finds nothing, every constraint is valid, no sequence is behind', {
      measured: 'sound',
    })
  },
})

/** The manifest has microseconds, the drill's figure is a floating number of seconds. */
export const SAME_SECONDS = 0.01

export const businessTruths = check({
  id: 'drill/business',
  title: 'What the business knows is in it',
  why: 'The newest order of the manifest is there, and each month that is over has the sums that the live database has.',
  params: drillParams,
  after: ['drill/restored'],
  async probe(context) {
    const { newest, months, monthsDiffer, rungs } = await drillOf(context)
    const failed = rungs.business
    if (failed !== undefined && !failed.ok) return fail(failed.words, { advice: ADVICE })
    const row = (await automatedBackup(context))?.manifest?.newestBusinessRow ?? null
    if (row === null)
      return fail('the manifest names no business row: this rung could not be made', {
        expected: 'a newest business row',
        advice: 'Have a table with a time for every row, such as created_at, named in the manifest.',
      })
    if (newest === null || months === null) return notMade('it was not asked')
    const name = `${row.table}.${row.column}`
    if (Math.abs(newest - Date.parse(row.at) / 1000) > SAME_SECONDS)
      return fail(`the newest ${name} is ${moment(newest)}, and the manifest says ${row.at}`, {
        measured: moment(newest),
        expected: row.at,
        advice: ADVICE,
      })
    if (monthsDiffer !== '')
      return fail(`a month that is over differs from the live database: ${monthsDiffer}`, {
        telling: monthsDiffer,
        advice: 'Either the backup is wrong, or somebody has changed closed months in the shop.',
      })
    return pass(
      `the newest ${name} is there, ${moment(newest)}; ${months === 0 ? 'no month is over yet' : `${months} sums of closed months agree with the live database`}`,
      { measured: `${months} sums` },
    )
  },
})

const moment = (seconds: number): string =>
  new Date(seconds * 1000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')

export const boots = rung('boots', {
  title: 'The release boots on it and answers',
  why: 'The very image that the shop runs, with its own configuration, without any network: only this shows that the parts fit.',
  after: 'drill/restored',
  what: 'the release was not started',
})

export const negativeControl = rung('control', {
  title: 'A truncated copy is refused',
  why: 'A test that accepts anything proves nothing. Half of the same backup has to fail where the whole one passed.',
  after: 'drill/restored',
  what: 'no truncated copy was tried',
})
