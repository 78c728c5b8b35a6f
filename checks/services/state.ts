/** Whether a service is there, stays there, and says that it is well. */

import type { Container } from '../../src/facts/containers.ts'
import { stackLogs } from '../../src/facts/logs.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { outputOf } from '../../src/model/command.ts'
import type { AnyRemedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { BEFORE, isVerdict, placeOf, runningOf, secondsSince, span } from './container-of.ts'
import { raiseMemoryLimit } from './memory-limit.ts'
import { recreateService, restartService, startService, waitForHealth } from './remedies.ts'
import { type Role, serviceParams, symptomsOf, symptomsWhileUp } from './roles.ts'

export function serviceRuns(role: Role) {
  const start = startService(role)
  return check({
    id: `services/${role.id}-runs`,
    title: `${role.name} runs`,
    why: `${role.loss} \`compose ps\` shows neither what has stopped nor what was never made.`,
    params: serviceParams,
    after: BEFORE,
    explains: symptomsOf(role.id),
    remedies: [start],
    async probe(context) {
      const place = await placeOf(context, role)
      if (isVerdict(place)) return place
      const { service, container } = place
      const expected = 'running'
      if (container === undefined)
        return fail(`there is no container of ${service}`, {
          measured: 'none',
          expected,
          remedies: [start],
        })
      const { status, exitCode } = container
      if (status === 'running')
        return pass(`${container.name} runs, for ${span(secondsSince(container.startedAt))}`)
      // What Docker keeps restarting is there, and fails another check: that it stays up.
      if (status === 'restarting') return pass(`${container.name} is there, and is being restarted`)
      return fail(howItEnded(container), {
        measured: status === 'exited' ? `exited with ${exitCode}` : status,
        expected,
        ...(container.error === '' ? {} : { telling: container.error }),
        remedies: [start],
      })
    },
  })
}

/** 128 and above: ended by a signal (POSIX). 137 is SIGKILL, 139 a crash, 143 SIGTERM as `docker stop` sends it. */
function howItEnded({ name, status, exitCode, error, outOfMemory, finishedAt }: Container): string {
  if (error !== '') return `${name} could not be started: ${error}`
  if (status !== 'exited') return `${name} is ${status}`
  const since = `${span(secondsSince(finishedAt))} ago`
  if (outOfMemory) return `${name} was killed for want of memory ${since}`
  if (exitCode === 0 || exitCode === 143) return `${name} was stopped ${since}`
  if (exitCode === 137) return `${name} was killed ${since}, without time to end by itself`
  if (exitCode === 139) return `${name} crashed ${since} (a fault in its memory)`
  return `${name} ended with exit status ${exitCode} ${since}`
}

export function serviceSteady(role: Role) {
  const restart = restartService(role)
  const raise = raiseMemoryLimit(role)
  return check({
    id: `services/${role.id}-steady`,
    title: `${role.name} stays up`,
    why: 'Docker starts again what ends, for ever: the container looks alive at every second look, and serves nobody.',
    params: serviceParams,
    after: [`services/${role.id}-runs`],
    explains: symptomsOf(role.id),
    remedies: [restart, raise],
    async probe(context) {
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { container, service } = place
      const first = judgeSteady(container, [raise])
      if (first.status === 'pass') return first
      // Between two deaths it runs, and Docker’s own note of how it died is cleared.
      const death = container.status === 'running' ? await lastDeath(context, container.id) : {}
      const verdict = judgeSteady({ ...container, ...death }, [raise])
      // Its last words say why.
      const log = (await context.read(stackLogs, context.params.composeFile)).services.get(service)
      const words = log?.errors.at(-1)?.text ?? log?.last?.text ?? ''
      return words === ''
        ? verdict
        : { ...verdict, summary: `${verdict.summary}: ${words.slice(0, 200)}`, telling: words.slice(0, 200) }
    },
  })
}

/** How a container died last, by Docker's latest events; empty where it has none of it any more. */
async function lastDeath(
  context: ReadContext,
  id: string,
): Promise<Partial<Pick<Container, 'exitCode' | 'outOfMemory'>>> {
  const { stdout } = await context.run(
    sh`docker events --since 10m --until "$(date +%s)" --filter container=${id} --filter event=oom --filter event=die \
      --format '{{.Action}} {{.Actor.Attributes.exitCode}}' | tail -n 20`,
    { as: 'root' },
  )
  return parseDeath(stdout)
}

/** Reads lines of `oom …` and `die STATUS`, the newest last. Pure. */
export function parseDeath(text: string): Partial<Pick<Container, 'exitCode' | 'outOfMemory'>> {
  const status = [...text.matchAll(/^die (\d+)$/gm)].at(-1)?.[1]
  return {
    ...(status === undefined ? {} : { exitCode: Number(status) }),
    ...(/^oom\b/m.test(text) ? { outOfMemory: true } : {}),
  }
}

/** Restarts in a row that make a loop, while it has not been up for a minute. */
const LOOP_RESTARTS = 2
const LOOP_SECONDS = 60

/** Pure but for the clock. */
export function judgeSteady(container: Container, forMemory: readonly AnyRemedy[]): Verdict {
  const { name, status, restarts, exitCode, outOfMemory, startedAt, memoryLimit, health } = container
  const details = { measured: `${restarts} restarts by Docker`, expected: 'none that go on' }
  const young = secondsSince(startedAt) < LOOP_SECONDS && health !== 'healthy'
  if (status === 'restarting' || (restarts >= LOOP_RESTARTS && young)) {
    if (outOfMemory || (exitCode === 137 && memoryLimit > 0))
      return fail(
        `${name} is killed for want of memory again and again, at its limit of ${Math.round(memoryLimit / 2 ** 20)} MB`,
        { ...details, remedies: forMemory },
      )
    return fail(`${name} ends and is started again, ${restarts} times by now (exit status ${exitCode})`, {
      ...details,
      advice: 'Its last words are in the log: mend what they name, then start it again',
    })
  }
  return pass(
    restarts === 0 ? `${name} was never restarted by Docker` : `${name} is up, after ${restarts} restarts`,
    details,
  )
}

export function serviceHealthy(role: Role) {
  const restart = restartService(role)
  return check({
    id: `services/${role.id}-healthy`,
    title: `${role.name}’s own health check passes`,
    why: 'Docker runs the check inside the container and does nothing when it fails: an unhealthy container stays as it is until somebody looks.',
    params: serviceParams,
    after: [`services/${role.id}-steady`],
    // That it gives no answer is why its health check fails, and not the other way round.
    explains: symptomsWhileUp(role.id).filter(
      id => id !== `services/${role.id}-healthy` && !id.endsWith('/answers'),
    ),
    remedies: [waitForHealth, restart],
    async probe(context) {
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { id, healthOutput, failingStreak, name, startedAt } = place.container
      const health =
        place.container.health === 'starting' ? await spoken(context, id) : place.container.health
      const details = { measured: health ?? 'no health check', expected: 'healthy' }
      if (health === null) return notApplicable(`${name} has no health check`)
      if (health === 'healthy') return pass(`${name} says that it is healthy`, details)
      if (health === 'starting')
        return warn(
          `${name} has not said yet whether it is well, ${span(secondsSince(startedAt))} after its start`,
          {
            ...details,
            remedies: [waitForHealth],
          },
        )
      const telling = healthOutput.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
      return fail(
        `${name} is unhealthy, ${failingStreak} times in a row${telling === '' ? '' : `: ${telling}`}`,
        { ...details, ...(telling === '' ? {} : { telling }), remedies: [restart] },
      )
    },
  })
}

/** Seconds that a container which has just started is given to say how it is. */
const PATIENCE_SECONDS = 20

/** Its health once it has spoken; `starting` when it has not by then. */
async function spoken({ run }: Pick<ReadContext, 'run'>, id: string): Promise<string> {
  const result = await run(
    sh`
      waited=0
      while health=$(docker inspect --format '{{.State.Health.Status}}' ${id}) && [ "$health" = starting ] && [ "$waited" -lt ${PATIENCE_SECONDS} ]; do
        waited=$((waited + 1)); sleep 1
      done
      printf '%s\\n' "$health"
    `,
    { as: 'root', timeoutSeconds: PATIENCE_SECONDS * 2 },
  )
  return outputOf(result, 'the health of a container that has just started').trim()
}

export function serviceWatched(role: Role) {
  const recreate = recreateService(role)
  return check({
    id: `services/${role.id}-watched`,
    title: `${role.name} has a health check`,
    why: '“Up” only says that a process is there. Without a health check nobody learns that it hangs, and a deployment goes on over it.',
    params: serviceParams,
    after: [`services/${role.id}-runs`],
    remedies: [recreate],
    async probe(context) {
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { container, declared, service } = place
      if (container.health !== null) return pass(`${container.name} is watched by its health check`)
      if (declared.hasHealthcheck)
        return warn(
          `the Compose file has a health check for ${service}, and its container was made without`,
          {
            remedies: [recreate],
          },
        )
      return warn(`${service} is up, and nobody knows whether it works: it has no health check`, {
        measured: 'none',
        expected: 'a health check in the Compose file or the image',
        advice: `Put a \`healthcheck:\` under ${service} in the Compose file, and make it anew`,
      })
    },
  })
}
