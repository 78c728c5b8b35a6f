/** Going back: to which release, whether it fits the schema, and whether it holds. */

import { check, type ProbeContext } from '../../src/model/check.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { gate, gateReason } from '../deploy/gate.ts'
import { type RollbackParams, rollbackParams } from '../deploy/parameters.ts'
import { isRunning, readSituation, runningTag, shortId } from '../deploy/situation.ts'
import { rollBackTo } from './roll-back.ts'
import { chooseTarget, type RollbackTarget, schemaRefuses } from './target.ts'

/** Seconds: each image that is looked into is started once. */
const READING_SECONDS = 300

type Context = ProbeContext<RollbackParams>

/** Why somebody should go back from what runs; null when nobody asked and nothing is wrong. */
async function whyGoBack(context: Context): Promise<string | null> {
  const { params } = context
  if (params.rollbackTag !== '') return `you named ${params.rollbackTag}`
  const situation = await readSituation(context, 'none')
  const last = situation.ledger.entries.findLast(entry => entry.project === situation.project)
  if (last?.event === 'failed') return `${last.tag} failed: ${last.reason}`
  return gateReason(context)
}

/** True when every service runs the very images of the target. */
async function isInPlace(context: Context, target: RollbackTarget): Promise<boolean> {
  const { services, ledger, project } = await readSituation(context, target.tag)
  const inPlace = services.every(
    ({ service, container }) =>
      container?.status === 'running' && container.imageId === target.images.get(service)?.id,
  )
  const last = ledger.entries.findLast(entry => entry.project === project)
  // A deployment that broke off may have left all of them running; .env still has to be put back.
  return inPlace && last?.event !== 'failed'
}

export const targetKnown = check({
  id: 'rollback/target-known',
  title: 'There is a release to go back to',
  why: 'Chosen by what was seen: the release that was found good, by its digests. “previous” is whatever somebody tagged last.',
  params: rollbackParams,
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { params } = context
    const situation = await readSituation(context, 'none')
    const why = await whyGoBack(context)
    if (why === null)
      return notApplicable(
        `${runningTag(situation)} is healthy: there is nothing to go back from. Name a release to go back all the same (--set rollbackTag=…)`,
      )
    const target = await chooseTarget(context, params.rollbackTag)
    const expected = 'a release on the server that was good'
    if (target === null)
      return fail(`${why}; and no release on the server fits today’s schema`, {
        measured: 'none',
        expected,
        advice:
          'Undo the migrations first (kneeboard run migration-rollback), or deploy a release that is mended',
      })
    const ids = [...new Set([...target.images.values()].map(({ id }) => shortId(id)))].join(', ')
    return pass(`${target.tag} (${ids}): ${target.because}; since ${why}`, { measured: target.tag, expected })
  },
})

export const schemaFits = check({
  id: 'rollback/schema-fits',
  title: 'The release can run on the schema as it is',
  why: 'An old release on a new schema writes rows that lack a column, or asks for one that is gone. Then it is the migrations that have to go back, and they first.',
  params: rollbackParams,
  after: ['rollback/target-known'],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const target = await wanted(context)
    if (target === null) return notApplicable('nothing is to be put back')
    const refusal = await schemaRefuses(context, target)
    const expected = 'nothing in the schema that it cannot live with'
    if (refusal === null)
      return pass(`${target.tag} works on the schema as it is`, { measured: 'fits', expected })
    return fail(`${target.tag} cannot run on the schema: ${refusal}`, {
      measured: 'does not fit',
      expected,
      advice:
        'kneeboard run migration-rollback undoes what stands in the way; or deploy a release that is mended',
    })
  },
})

/** The target where somebody should go back; null where nobody has to. */
async function wanted(context: Context): Promise<RollbackTarget | null> {
  return (await whyGoBack(context)) === null ? null : chooseTarget(context, context.params.rollbackTag)
}

export const backInPlace = check({
  id: 'rollback/back-in-place',
  title: 'Every service runs the images of that release',
  why: 'By digest: the names may mean something else by now.',
  params: rollbackParams,
  after: ['rollback/target-known', 'rollback/schema-fits'],
  remedies: [rollBackTo],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const target = await wanted(context)
    if (target === null) {
      const situation = await readSituation(context, 'none')
      const { entries } = situation.ledger
      const last = entries.findLast(entry => entry.project === situation.project)
      // The end of a rollback: what was wrong before is so no more.
      if (last?.event === 'rolled-back' && isRunning(last, situation.services))
        return pass(`${last.tag} is back in place`, { measured: last.tag, expected: last.tag })
      return notApplicable('nothing is to be put back')
    }
    const { services } = await readSituation(context, target.tag)
    const measured = services
      .map(
        ({ service, container }) =>
          `${service} ${container === undefined ? 'none' : shortId(container.imageId)}`,
      )
      .join(', ')
    if (await isInPlace(context, target))
      return pass(`${target.tag} runs`, { measured, expected: target.tag })
    return fail(`${target.tag} is not in place yet`, {
      measured,
      expected: target.tag,
      remedies: [rollBackTo],
    })
  },
})

export const { componentsHealthy, taskReturns, pagesAnswer } = gate(
  ['rollback/back-in-place'],
  [],
  async () => [],
)
