/** The reset itself: everything that the shop has stored goes, and an empty one stands in its place. */

import { backups } from '../../src/facts/backups.ts'
import { composeCommand, stackConfig } from '../../src/facts/stack.ts'
import { CLUSTER_NUMBER, RESET_RECORD, stagingReset } from '../../src/facts/staging-reset.ts'
import { type Action, lastingAction, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh, verbatim } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { ago } from '../backup/recent.ts'
import { manage } from '../database/migrated.ts'
import { startDatabase } from '../database/ready.ts'
import { type ResetParams, resetParams } from './parameters.ts'
import { sized, volumesToReset } from './volumes.ts'

/** Seconds for seven services to become healthy on a small server. */
const HEALTHY_SECONDS = 240

export const resetData = remedy({
  id: 'staging/reset-data',
  title: 'Throw all data of the shop away, and start it empty',
  why: 'Migrations are tried from zero, and yesterday’s tests are gone. Volumes are taken by their labels and nothing else of the server is touched.',
  risk: 'Every order, customer, product, session and queued task of this stack is lost for good.',
  grade: 'destructive',
  params: resetParams,
  async plan(context) {
    const { params, read, target } = context
    if (target.environment !== 'staging')
      throw new Unreadable(`${target.name} is ${target.environment}: data are reset on staging alone`)
    const { project, volumes } = await volumesToReset(context)
    const [newest] = await read(backups, params.backupDirectory)
    const started = (await startDatabase.plan(context)).actions
    return {
      actions: [
        canStartAgain(params),
        ...remove(params, project, volumes),
        ...started,
        lastingAction('Apply every migration', manage(params, ['migrate', '--noinput']), {
          timeoutSeconds: 1800,
        }),
        staffUser(params),
        ...(params.seedCommand === ''
          ? []
          : [lastingAction(`manage.py ${params.seedCommand}`, manage(params, [params.seedCommand]))]),
        startAll(params),
        note(params, project),
      ],
      touches: [
        ...volumes.map(volume => `${sized(volume)}: removed`),
        `every container of ${project}: made anew`,
      ],
      interrupts: 'the whole shop, for about two minutes',
      undo:
        newest === undefined
          ? 'There is no way back, and no backup of these data: make one first if anybody may miss them'
          : `There is no way back but a restore of ${newest.name} (${ago(newest.ageSeconds)})`,
      expectedSeconds: 120,
    }
  },
})

/** Before anything goes: a missing image would leave nothing to start. */
function canStartAgain({ composeFile }: ResetParams): Action {
  return runAction(
    'Make sure that every image is here',
    sh`
      for image in $(${composeCommand(composeFile)} config --images </dev/null); do
        docker image inspect --format '{{.Id}}' "$image" >/dev/null 2>&1 || {
          echo "the image $image is not on this server: nothing was removed" >&2; exit 1
        }
      done
    `,
  )
}

function remove(
  { composeFile }: ResetParams,
  project: string,
  volumes: readonly { readonly name: string; readonly label: string }[],
): Action[] {
  const down = lastingAction(
    'Stop and remove the containers',
    sh`${composeCommand(composeFile)} down --timeout 20 </dev/null`,
    { timeoutSeconds: 300 },
  )
  if (volumes.length === 0) return [down]
  const checks = volumes.map(
    ({ name, label }) =>
      sh`
      labels=$(docker volume inspect --format '{{index .Labels "com.docker.compose.project"}} {{index .Labels "com.docker.compose.volume"}}' ${name})
      [ "$labels" = ${`${project} ${label}`} ] || { echo ${`${name} is not what it was when this was shown: nothing was removed`} >&2; exit 1; }
    `.text,
  )
  return [
    down,
    runAction(
      'Look at their labels once more, and remove the volumes',
      sh`
        ${verbatim(checks.join('\n'))}
        docker volume rm ${volumes.map(({ name }) => name)}
      `,
    ),
  ]
}

/** A shop without such a command says so in its check afterwards. */
function staffUser(params: ResetParams): Action {
  return lastingAction(
    'Make the first user, where the application has a command for it',
    sh`
      commands=$(${manage(params, ['help', '--commands'])}) || exit 1
      if printf '%s\\n' "$commands" | grep -qx create_staff_user; then
        ${manage(params, ['create_staff_user'])}
      else
        echo 'it has none'
      fi
    `,
    { timeoutSeconds: 240 },
  )
}

function startAll({ composeFile }: ResetParams): Action {
  return lastingAction(
    'Start everything, and wait until it is healthy',
    sh`
      ${composeCommand(composeFile)} up -d </dev/null || exit 1
      waited=0
      while :; do
        states=$(${composeCommand(composeFile)} ps --all --format '{{.Service}} {{.State}} {{.Health}}' </dev/null)
        printf '%s\\n' "$states" | grep -qvE ' running (healthy)?$' || { printf '%s\\n' "$states"; exit 0; }
        [ "$waited" -lt ${HEALTHY_SECONDS} ] || break
        waited=$((waited + 2)); sleep 2
      done
      echo "after $waited s:" >&2
      printf '%s\\n' "$states" >&2
      exit 1
    `,
    { timeoutSeconds: HEALTHY_SECONDS + 300 },
  )
}

/** Which cluster was made, so that a later look can tell it from another one. */
function note({ composeFile, databaseService }: ResetParams, project: string): Action {
  return runAction(
    'Note when it was, and which cluster was made',
    sh`
      set -e
      container=$(${composeCommand(composeFile)} ps --quiet ${databaseService} </dev/null)
      number=$(docker exec -i "$container" sh -c 'psql -XAtq -U "\${POSTGRES_USER:-postgres}" -d postgres -c "$0"' ${CLUSTER_NUMBER} </dev/null)
      [ -n "$number" ]
      mkdir -p /var/lib/kneeboard
      printf '%s\\t%s\\t%s\\n' "$(date +%s)" ${project} "$number" >>${RESET_RECORD}
    `,
  )
}

export const dataReset = check({
  id: 'staging/reset',
  title: 'The data were reset just now',
  why: 'It is what this runbook is for. A reset of this hour counts: running it twice does not throw the data away twice.',
  params: resetParams,
  after: ['staging/is-staging', 'staging/volumes'],
  remedies: [resetData],
  async probe({ params, policy, read }) {
    const { project } = await read(stackConfig, params.composeFile)
    const { ageSeconds, replaced } = await read(
      stagingReset,
      params.composeFile,
      project,
      params.databaseService,
    )
    const expected = `within ${policy.stagingResetFreshMinutes} min`
    const offer = { expected, remedies: [resetData] }
    if (ageSeconds === null)
      return fail(
        replaced ? 'the data are others than those of the last reset' : 'the data were never reset from here',
        { ...offer, measured: 'never' },
      )
    if (ageSeconds > policy.stagingResetFreshMinutes * 60)
      return fail(`the data were last reset ${ago(ageSeconds)}`, { ...offer, measured: ago(ageSeconds) })
    return pass(`the data were reset ${ago(ageSeconds)}`, { measured: ago(ageSeconds), expected })
  },
})
