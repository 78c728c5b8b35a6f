/** What the image has and what the database says was applied fit together, and a target is named. */

import { appOf, type MigrationState, nameOf } from '../../src/facts/migrations.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { migrationParams } from './parameters.ts'
import { latestOf, listed, type Reading, readMigrations, targetBefore } from './situation.ts'

/** A one-off container starts the application once for each image that is looked into. Seconds. */
export const READING_SECONDS = 300

export const historySound = check({
  id: 'migrations/history-sound',
  title: 'The image and the database tell the same history of migrations',
  why: 'What has to be undone stands in files of the image that applied it. An older image does not have them, and a history that is out of order leads to a plan that is wrong.',
  params: migrationParams,
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    return judgeHistory(await readMigrations(context))
  },
})

export function judgeHistory({ running, image, state }: Reading): Verdict {
  const expected = 'every applied migration has its file in the image, in the right order'
  const measured = `${state.applied.length} applied, ${state.known.length} in ${image}`
  const details = { measured, expected }
  if (state.inconsistent !== '')
    return fail(`the history is out of order: ${state.inconsistent}`, {
      ...details,
      advice:
        'A migration is recorded before one that it depends on. Look who faked or removed what, and put the row in django_migrations right before anything is undone',
    })
  const [conflict] = Object.entries(state.conflicts)
  if (conflict !== undefined)
    return fail(`${conflict[0]} has ${conflict[1].length} newest migrations: ${conflict[1].join(', ')}`, {
      ...details,
      advice: 'Two branches of work were never merged: a release with a merge migration comes first',
    })
  if (state.twice.length > 0)
    return fail(`recorded more than once: ${listed(state.twice)}`, {
      ...details,
      advice: 'Two migrations ran at the same time, or a row was put in by hand: leave one row of each',
    })
  const apps = new Set(state.known.map(appOf))
  const orphans = state.unknown.filter(key => appOf(key) !== '' && !apps.has(appOf(key)))
  const lacking = state.unknown.filter(key => !orphans.includes(key))
  if (lacking.length > 0)
    return fail(
      `the database has ${listed(lacking)}, and neither ${image} nor another image here has the file`,
      {
        ...details,
        advice:
          'Bring the image that applied them to this server (docker pull), or name it with --set migrationImage=…; if they were faked, remove their rows',
      },
    )
  if (orphans.length > 0)
    return warn(`rows of apps that the image no longer has: ${listed(orphans)}`, {
      ...details,
      advice: 'They do no harm here; their tables are still there, too',
    })
  const borrowed =
    image === running.name ? '' : `; the running ${running.name} lacks some, so ${image} is what undoes them`
  const unseen =
    state.otherDatabases.length === 0 ? '' : `; not looked at: ${state.otherDatabases.join(', ')}`
  return pass(`every migration that is applied has its file in ${image}${borrowed}${unseen}`, details)
}

export const targetNamed = check({
  id: 'migrations/target-named',
  title: 'The target is a migration that is applied',
  why: 'The target is the last migration that stays. Everything that was built on what comes after it goes with it, in other apps too.',
  params: migrationParams,
  after: ['migrations/history-sound'],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { state } = await readMigrations(context)
    return judgeTarget(state, context.params.migrationApp)
  },
})

export function judgeTarget(state: MigrationState, app: string): Verdict {
  const { key, problem, ahead } = state.target
  const expected = 'an applied migration, or zero'
  if (problem !== '')
    return fail(`${problem}; ${choices(state, app)}`, {
      measured: 'no target',
      expected,
      ...(exampleOf(state) === '' ? {} : { advice: `To undo the newest one: ${exampleOf(state)}` }),
    })
  if (ahead.length > 0)
    return fail(`${key} is not applied: reaching it would apply ${listed(ahead)}`, {
      measured: `${ahead.length} migrations ahead`,
      expected,
      advice: 'A migration forward belongs to a deployment, not to a rollback',
    })
  return pass(`${key} stays, and what was applied after it goes`, {
    measured: `${state.back.length} ${state.back.length === 1 ? 'migration' : 'migrations'} to undo`,
    expected,
  })
}

function choices(state: MigrationState, app: string): string {
  const own = state.applied.map(({ key }) => key).filter(key => app !== '' && appOf(key) === app)
  if (own.length > 0) return `applied in ${app}: ${listed(own.map(nameOf).reverse(), 8)}`
  return `applied last: ${latestOf(state, 4).join(', ')}`
}

/** The parameters that would undo the newest migration alone. */
function exampleOf(state: MigrationState): string {
  const [newest] = [...state.applied].sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''))
  if (newest === undefined || state.tool === 'alembic') return ''
  return `--set migrationApp=${appOf(newest.key)} --set migrationTarget=${targetBefore(state, newest.key)}`
}
