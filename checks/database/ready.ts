/** PostgreSQL runs, and it is the real server that answers: not the one that fills an empty data directory. */

import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { databaseComplaints, databaseReadiness } from '../../src/facts/database-server.ts'
import { composeCommand, stackConfig } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { databaseParams } from './parameters.ts'

export const startDatabase = remedy({
  id: 'database/start',
  title: 'Start the database, and nothing else',
  why: 'The application would start with it otherwise, find no tables, and be called unhealthy before anything was made for it.',
  risk: 'On an empty volume the image makes a new cluster with POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB; on one with data it only starts it.',
  grade: 'reversible',
  params: databaseParams,
  async plan({ params, policy, read }) {
    const { composeFile, databaseService } = params
    await requireService(read, composeFile, databaseService)
    return {
      actions: [
        lastingAction(
          `Start ${databaseService}, and wait until it is healthy twice with the same start time`,
          sh`
            ${composeCommand(composeFile)} up -d --no-deps ${databaseService} </dev/null || exit 1
            container=$(${composeCommand(composeFile)} ps --quiet ${databaseService} </dev/null)
            [ -n "$container" ] || { echo 'it was not started' >&2; exit 1; }
            look() {
              docker exec "$container" sh -c 'address=$(hostname -i | cut -d " " -f 1)
                pg_isready -q -h "$address" -U "\${POSTGRES_USER:-postgres}" &&
                psql -XAtq -U "\${POSTGRES_USER:-postgres}" -d postgres -c "SELECT pg_postmaster_start_time()"' 2>/dev/null </dev/null
            }
            waited=0 before=
            while :; do
              now=$(look)
              if [ -n "$now" ] && [ "$now" = "$before" ]; then echo "it has run since $now"; exit 0; fi
              before=$now
              [ "$waited" -lt ${policy.databaseStartSeconds} ] || break
              sleep ${policy.databaseSteadySeconds}
              waited=$((waited + ${policy.databaseSteadySeconds}))
            done
            echo "it does not answer after $waited s; the last lines of its log:" >&2
            docker logs --tail 15 "$container" >&2
            exit 1
          `,
          { timeoutSeconds: policy.databaseStartSeconds + 120 },
        ),
      ],
      touches: [`the container of ${databaseService}`, 'its volume, which is filled when it is empty'],
      undo: `docker compose -f ${composeFile} stop ${databaseService}. The volume stays`,
      expectedSeconds: 15,
    }
  },
})

type Read = Parameters<typeof startDatabase.plan>[0]['read']

/** @throws Unreadable when the file has no such service. */
async function requireService(read: Read, composeFile: string, service: string): Promise<void> {
  const { services } = await read(stackConfig, composeFile)
  if (!services.some(({ name }) => name === service))
    throw new Unreadable(
      `${composeFile} has no service ${service}: there are ${services.map(({ name }) => name).join(', ')}`,
    )
}

export const databaseReady = check({
  id: 'database/ready',
  title: 'The database answers, twice, and is the same server both times',
  why: 'The image first runs a temporary server to fill an empty data directory. It answers, and a second later it is gone: who took that for ready works on nothing.',
  params: databaseParams,
  remedies: [startDatabase],
  async probe({ params, policy, read }) {
    const { composeFile, databaseService } = params
    await requireService(read, composeFile, databaseService)
    const found = containerOfService(await read(stackContainers, composeFile), databaseService)
    const expected = `running, healthy twice ${policy.databaseSteadySeconds} s apart`
    if (found === undefined)
      return fail(`${databaseService} was never started`, {
        measured: 'no container',
        expected,
        remedies: [startDatabase],
      })
    if (found.status === 'running') {
      const readiness = await read(
        databaseReadiness,
        composeFile,
        databaseService,
        policy.databaseSteadySeconds,
      )
      const verdict = judgeReadiness(databaseService, readiness, expected)
      if (verdict.status === 'pass') return verdict
    }
    const complaints = await read(databaseComplaints, composeFile, databaseService)
    const cause = explain(complaints)
    const state = found.restarts > 0 ? `${found.status}, restarted ${found.restarts} times` : found.status
    return fail(`${databaseService} does not answer (${state})${cause === '' ? '' : `: ${cause}`}`, {
      measured: state,
      expected,
      ...(complaints.length > 0 ? { telling: complaints[0] } : {}),
      // What its log complains of may have been mended a moment ago: starting it is how that is found out.
      remedies: [startDatabase],
    })
  },
})

/** Pure. */
export function judgeReadiness(
  service: string,
  { answers, startedAt, problem }: Awaited<ReturnType<typeof databaseReadiness.read>>,
  expected: string,
): Verdict {
  if (!answers[0] || !answers[1] || problem !== '')
    return fail(`${service} does not answer: ${problem || 'pg_isready says no'}`, {
      measured: problem || 'no answer',
      expected,
      remedies: [startDatabase],
    })
  if (startedAt[0] !== startedAt[1])
    return fail(`${service} started anew between two looks: it is still being set up, or it crashes`, {
      measured: `${startedAt[0]}, then ${startedAt[1]}`,
      expected: 'the same start time',
      remedies: [startDatabase],
    })
  return pass(`${service} answers, and has run since ${startedAt[0].slice(0, 19)} UTC`, {
    measured: `started ${startedAt[0].slice(0, 19)}, twice`,
    expected,
  })
}

/** What PostgreSQL's own words mean, as the end of a sentence; empty when they are new to us. Pure. */
export function explain(complaints: readonly string[]): string {
  const text = complaints.join('\n')
  const found = CAUSES.find(([pattern]) => pattern.test(text))
  return found?.[1] ?? complaints[0] ?? ''
}

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /private key file .* has group or world access|private key file .* must be owned/,
    'its TLS key can be read by others, or is not its own',
  ],
  [
    /could not load private key file|could not load server certificate file/,
    'its TLS key or certificate cannot be read',
  ],
  [
    /database files are incompatible/,
    'the data directory was made by another major version: an image tag was raised without an upgrade',
  ],
  [/No space left on device/, 'its disk is full'],
  [/POSTGRES_PASSWORD must be set|superuser password is not specified/i, 'POSTGRES_PASSWORD is not set'],
  [
    /role ".*" does not exist/,
    'its superuser is not the one in POSTGRES_USER: the data directory was made with another name',
  ],
  [
    /could not open file .* Permission denied|data directory .* has wrong ownership/,
    'its data directory belongs to another user',
  ],
]
