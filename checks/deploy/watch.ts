/** The first minutes of a release, and what becomes of one that did not last. */

import { composeEnvFile, inForce, stackEnvironment } from '../../src/facts/env-files.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { rollBack } from '../rollback/roll-back.ts'
import { type DeployParams, deployParams } from './parameters.ts'
import { rollFunctions } from './roll-script.ts'
import { isRunning, lastGood, readSituation, runningTag } from './situation.ts'

/** Prints nothing when all is well. A restart that Docker made by itself is a crash. */
const lookScript = (params: DeployParams) => sh`
  look() {
    for container in $(containers); do
      state=$(docker inspect --format '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.RestartCount}}' "$container")
      case $state in
        *' running healthy 0' | *' running none 0') ;;
        *) echo "not as it should be: $state"; return ;;
      esac
    done
    id=$(compose ps --quiet ${params.backendService} | head -n 1)
    docker exec "$id" python3 -c '
  import json, sys, urllib.error, urllib.request
  try:
      answer = urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers={"X-Forwarded-Proto": "https"}), timeout=15)
  except urllib.error.HTTPError as error:
      answer = error
  except Exception as error:
      print("the health endpoint gives no answer:", error)
      sys.exit(0)
  try:
      checks = json.loads(answer.read())["checks"]
      for name, check in checks.items():
          if check["status"] != "healthy":
              print(name, "is", check["status"] + ":", check.get("message", ""))
  except Exception:
      print("the health endpoint answers", answer.status)
  ' ${`http://localhost:8000${params.healthPath}`} </dev/null 2>&1 | head -n 3
  }
`

export const watchRelease = remedy({
  id: 'deploy/watch-release',
  title: 'Watch the release, after one minute and after ten',
  why: 'What crashes at its first scheduled task, or grows until it is killed, is healthy at the start. What has lasted is noted as good, by its digests: the next rollback leads there.',
  risk: 'None: it looks. You can close the connection meanwhile.',
  grade: 'reversible',
  params: deployParams,
  async plan(context) {
    const { params, policy } = context
    const { project } = await readSituation(context, params.releaseTag)
    const { deployFirstLookSeconds: first, deployLastLookSeconds: last } = policy
    return {
      actions: [
        lastingAction(
          `Look after ${first} s and after ${last} s`,
          sh`
            ${rollFunctions({ params, project, tag: params.releaseTag, healthSeconds: 1 })}
            ${lookScript(params)}
            begun=$(date +%s)
            for moment in ${first} ${last}; do
              left=$((begun + moment - $(date +%s)))
              [ "$left" -le 0 ] || sleep "$left"
              found=$(look)
              [ -z "$found" ] || refuse "after $moment s: $found"
              echo "after $moment s: all is well"
            done
            note good ${project} ${params.releaseTag} '' $(containers)
          `,
          { timeoutSeconds: Math.min(7200, Math.round(last) + 300) },
        ),
      ],
      touches: ['/var/lib/kneeboard/releases.tsv: one more line'],
      undo: 'Not needed: nothing is changed',
      expectedSeconds: last,
    }
  },
})

export const lasted = check({
  id: 'deploy/lasted',
  title: 'The release has lasted, and is noted as good',
  why: 'The first minute shows what cannot start, the tenth what cannot last.',
  params: deployParams,
  after: [
    'deploy/release-runs',
    'deploy/components-healthy',
    'deploy/task-round-trip',
    'deploy/pages-answer',
    'deploy/migrated',
  ],
  remedies: [watchRelease],
  async probe(context) {
    const situation = await readSituation(context, context.params.releaseTag)
    const { ledger, services, project, tag } = situation
    const own = ledger.entries.filter(entry => entry.project === project)
    const expected = 'noted as good, by its digests'
    const good = own.findLast(entry => entry.event === 'good' && isRunning(entry, services))
    const failed = own.at(-1)
    if (failed?.event === 'failed' && failed.tag === tag)
      return fail(`${tag} did not last: ${failed.reason}`, {
        measured: 'failed',
        expected,
        telling: failed.reason,
        remedies: [watchRelease],
      })
    if (good === undefined)
      return fail(`${tag} has not been watched yet`, {
        measured: 'not watched',
        expected,
        remedies: [watchRelease],
      })
    return pass(`found good at ${good.at.toISOString().slice(11, 16)} UTC`, { measured: 'good', expected })
  },
})

export const nothingHalfDone = check({
  id: 'deploy/nothing-half-done',
  title: 'No release that failed is in place, or would be started by the next `up`',
  why: 'A deployment that broke off leaves .env naming what failed. Whoever calls `up` next starts it again, perhaps at night and without a gate.',
  params: deployParams,
  remedies: [rollBack],
  async probe(context) {
    const { params } = context
    const situation = await readSituation(context, params.releaseTag)
    const last = situation.ledger.entries.findLast(entry => entry.project === situation.project)
    const file = composeEnvFile(await context.read(stackEnvironment, params.composeFile))
    const named = inForce(file.values, params.tagVariable)?.plain ?? 'nothing'
    const running = runningTag(situation)
    const measured = `.env names ${named}, ${running || 'nothing'} runs`
    const expected = 'both the same, and good'
    if (last?.event !== 'failed' || (last.tag !== named && last.tag !== running))
      return pass(
        running === '' ? 'nothing was ever deployed' : `nothing of a failed release is left: ${measured}`,
        { measured, expected },
      )
    const good = lastGood(situation, last.tag)
    return fail(`${last.tag} failed: ${last.reason}`, {
      measured,
      expected,
      telling: last.reason,
      remedies: good === undefined ? [] : [rollBack],
      advice:
        good === undefined
          ? 'Nothing was ever noted as good: run rollback, which looks at the images on the server'
          : `${good.tag} was good, and its images are here`,
    })
  },
})
