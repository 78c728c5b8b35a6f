/** The release runs, passes the gate, and its migrations are applied. */

import { check } from '../../src/model/check.ts'
import { type AnyRemedy, remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { rollBack } from '../rollback/roll-back.ts'
import { gate } from './gate.ts'
import { migrateAction } from './migrate.ts'
import { readOrder } from './order.ts'
import { deployParams } from './parameters.ts'
import { rollOut } from './roll-out.ts'
import { type Context, lastGood, readSituation, runningTag, runsIt } from './situation.ts'

const HOUR = 3_600_000

export const releaseRuns = check({
  id: 'deploy/release-runs',
  title: 'Every service runs the image of the release',
  why: 'Held against the image’s id, not its name: a name can be moved, and a container keeps what it was made from.',
  params: deployParams,
  after: ['deploy/images-pulled', 'deploy/known-good-noted', 'deploy/migrations-understood', 'backup/recent'],
  remedies: [rollOut],
  async probe(context) {
    const { params } = context
    const situation = await readSituation(context, params.releaseTag)
    const { services, ledger, project, tag } = situation
    const expected = tag
    const other = services.filter(service => !runsIt(service))
    const measured = services
      .map(
        ({ service, container }) =>
          `${service} ${container === undefined ? 'none' : `${container.image.split(':').at(-1)} ${container.status}`}`,
      )
      .join(', ')
    if (other.length === 0) return pass(`${services.length} services run ${tag}`, { measured, expected })
    const failed = ledger.entries.findLast(
      entry => entry.project === project && entry.event === 'failed' && entry.tag === tag,
    )
    if (failed !== undefined && ledger.now.getTime() - failed.at.getTime() < HOUR)
      return fail(`${tag} was tried and failed: ${failed.reason}`, {
        measured,
        expected,
        telling: failed.reason,
        remedies: [rollOut],
      })
    return fail(
      `${other.map(({ service }) => service).join(', ')} ${other.length === 1 ? 'does' : 'do'} not run ${tag} yet`,
      {
        measured,
        expected,
        remedies: [rollOut],
      },
    )
  },
})

/** A release that was put in place and fails is gone back from, where there is something to go back to. */
async function wayBack(context: Context): Promise<readonly AnyRemedy[]> {
  const situation = await readSituation(context, 'none')
  const good = lastGood(situation, runningTag(situation))
  return good === undefined ? [] : [rollBack]
}

export const { componentsHealthy, taskReturns, pagesAnswer } = gate(
  ['deploy/release-runs'],
  [rollBack],
  wayBack,
)

export const applyMigrations = remedy({
  id: 'deploy/apply-migrations',
  title: 'Apply the migrations of the release',
  why: 'The code came first, because it works with and without them and the old one did not. It has passed its gate, so they may follow.',
  risk: 'The old release does not work on the new schema: from here on the way back is migration-rollback.',
  grade: 'disruptive',
  params: deployParams,
  async plan({ params, read, policy, ...rest }) {
    const { project } = await readSituation({ params, read, policy, ...rest }, params.releaseTag)
    return {
      actions: [migrateAction(params, project, params.releaseTag, policy.migrationLockSeconds)],
      touches: ['the database'],
      undo: 'kneeboard run migration-rollback',
      expectedSeconds: 15,
    }
  },
})

export const migrated = check({
  id: 'deploy/migrated',
  title: 'The database has every migration of the release',
  why: 'A release whose migrations were forgotten works until the first page that needs the new column.',
  params: deployParams,
  after: ['deploy/release-runs', 'deploy/components-healthy'],
  remedies: [applyMigrations],
  timeoutSeconds: 200,
  async probe(context) {
    const { params } = context
    const { services } = await readSituation(context, params.releaseTag)
    const backend = services.find(({ service }) => service === params.backendService)
    if (backend === undefined) return notApplicable(`${params.backendService} is no part of the release`)
    const { pending } = await readOrder(context, backend.wanted)
    const expected = 'none pending'
    if (pending.length === 0) return pass('none is pending', { measured: 'none pending', expected })
    return fail(`pending: ${pending.map(({ key }) => key).join(', ')}`, {
      measured: `${pending.length} pending`,
      expected,
      remedies: [applyMigrations],
    })
  },
})
