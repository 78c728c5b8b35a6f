import { noteFunction } from '../../src/facts/releases.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { type AnyRemedy, remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { reloadIfRunning } from '../configuration/recreate.ts'
import { type ReleaseParams, releaseParams, rollbackParams } from '../deploy/parameters.ts'
import { tagActions } from '../deploy/roll-out.ts'
import { rollFunctions } from '../deploy/roll-script.ts'
import { readSituation, runningTag, shortId } from '../deploy/situation.ts'
import { chooseTarget, schemaRefuses } from './target.ts'

/** The way back, from a deployment that failed or from the runbook `rollback`. */
async function planRollback(context: ProbeContext<ReleaseParams>, named: string) {
  const { params, policy } = context
  const target = await chooseTarget(context, named)
  if (target === null)
    throw new Unreadable(
      'there is no release on the server that could be gone back to: run migration-rollback, or deploy a mended release',
    )
  const refusal = await schemaRefuses(context, target)
  if (refusal !== null)
    throw new Unreadable(
      `${target.tag} cannot run on the schema as it is: ${refusal}. Run migration-rollback first`,
    )
  const situation = await readSituation(context, target.tag)
  const { project } = situation
  const names = [...new Map([...target.images.values()].map(image => [image.name, image.id]))]
  const services = [...params.releaseServices]
  return {
    actions: [
      runAction(
        'Have the release’s names stand for the images that ran',
        sh`
          for pair in ${names.map(([name, id]) => `${name} ${id}`)}; do
            name=\${pair% *} id=\${pair#* }
            [ "$(docker image inspect --format '{{.Id}}' "$name" 2>/dev/null)" = "$id" ] || docker tag "$id" "$name" || exit 1
          done
        `,
      ),
      ...(await tagActions(context, target.tag)),
      lastingAction(
        `Start ${services.join(', ')} with ${target.tag}`,
        sh`
          ${rollFunctions({ params, project, tag: target.tag, healthSeconds: policy.deployHealthSeconds })}
          compose up -d --no-deps ${services} || refuse 'the containers could not be started'
          for container in $(containers); do
            healthy "$container" || refuse "$(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}}' "$container") does not become healthy: $said"
          done
        `,
      ),
      runAction('Have nginx look the new addresses up', reloadIfRunning(params)),
      runAction(
        'Note it in the ledger',
        sh`
          ${noteFunction}
          note rolled-back ${project} ${target.tag} ${`from ${runningTag(situation)}`} $(${composeCommand(params.composeFile)} ps --quiet ${services} </dev/null)
        `,
      ),
    ],
    touches: [
      ...[...target.images].map(([service, { id }]) => `${service}: ${shortId(id)} of ${target.tag}`),
      '.env and /var/lib/kneeboard/releases.tsv',
    ],
    interrupts: `${services.join(', ')} for about 20 seconds, as far as they run another image now`,
    undo: `kneeboard run deploy --set releaseTag=${runningTag(situation) || '…'}; the database is not touched`,
    expectedSeconds: 60,
  }
}

const words = {
  title: 'Go back to the release that was good',
  why: 'It ran, it was healthy, and its images are on the server by digest. Whether it can run on today’s schema is looked at first.',
  risk: 'What the failed release wrote stays in the database. Nothing is migrated back.',
  grade: 'disruptive',
} as const

/** Offered by a deployment that failed: back to the last good one. */
export const rollBack: AnyRemedy = remedy({
  ...words,
  id: 'rollback/roll-back',
  params: releaseParams,
  plan: context => planRollback(context, ''),
})

/** Of the runbook `rollback`, where a release may be named. */
export const rollBackTo = remedy({
  ...words,
  id: 'rollback/roll-back-to',
  title: 'Go back to that release',
  params: rollbackParams,
  plan: context => planRollback(context, context.params.rollbackTag),
})
