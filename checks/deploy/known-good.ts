/** What to go back to: noted by its digests while it is healthy. */

import { noteFunction } from '../../src/facts/releases.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { gateReason } from './gate.ts'
import { deployParams } from './parameters.ts'
import { isRunning, lastGood, readSituation, runningTag } from './situation.ts'

export const noteKnownGood = remedy({
  id: 'deploy/note-known-good',
  title: 'Note what runs now as good, by its digests',
  why: 'It is healthy now. If the new release is not, this is what a rollback puts back: these very images, whatever their tags mean by then.',
  risk: 'None: one line in a file on the server.',
  grade: 'reversible',
  params: deployParams,
  async plan(context) {
    const situation = await readSituation(context, context.params.releaseTag)
    const reason = await gateReason(context)
    if (reason !== null) throw new Unreadable(`what runs cannot be noted as good: ${reason}`)
    const ids = situation.services.flatMap(({ container }) => (container === undefined ? [] : [container.id]))
    return {
      actions: [
        runAction(
          'Write the digests into the ledger',
          sh`
            ${noteFunction}
            note good ${situation.project} ${runningTag(situation)} '' ${ids}
          `,
        ),
      ],
      touches: ['/var/lib/kneeboard/releases.tsv: one more line'],
      undo: 'Remove the last line of that file',
      expectedSeconds: 1,
    }
  },
})

export const knownGoodNoted = check({
  id: 'deploy/known-good-noted',
  title: 'What to go back to is noted, by digest',
  why: 'A tag called “previous” may be the broken release already. A digest is the same image for ever.',
  params: deployParams,
  remedies: [noteKnownGood],
  async probe(context) {
    const situation = await readSituation(context, context.params.releaseTag)
    const { ledger, services, project } = situation
    if (services.every(({ container }) => container === undefined))
      return notApplicable('nothing of the release has ever run here: there is nothing to go back to')
    const own = ledger.entries.filter(entry => entry.project === project)
    const good = lastGood(situation)
    const said =
      good === undefined
        ? ''
        : `${good.tag}, found good ${good.at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
    const newest = own.at(-1)
    const known = own.some(entry => entry.event === 'good' && isRunning(entry, services))
    // What this runbook put in place is watched further down, and noted then.
    const ours = newest?.event === 'deployed' && isRunning(newest, services)
    const details = {
      measured: said || 'nothing is noted',
      expected: 'what runs now, or what ran before the last deployment',
    }
    if (good !== undefined && (known || ours || newest?.event === 'failed')) return pass(said, details)
    if ((await gateReason(context)) === null)
      return fail(`${runningTag(situation)} runs and is not noted`, { ...details, remedies: [noteKnownGood] })
    return warn(
      good === undefined
        ? 'what runs is not healthy, and nothing was ever noted as good: a rollback would have to be chosen by hand'
        : `what runs is not healthy: a rollback would lead to ${said}`,
      details,
    )
  },
})
