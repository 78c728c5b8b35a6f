/**
 * The gate that a release has to pass. A status of 200 says too little: Celery is a mere warning in it, and without
 * workers no e-mail leaves. So every component is read, a task makes its way, and pages are fetched.
 */

import { stackEnvironment } from '../../src/facts/env-files.ts'
import { backendView, parseHealth } from '../../src/facts/health.ts'
import { taskRoundTrip } from '../../src/facts/task-round-trip.ts'
import { webAnswer } from '../../src/facts/web-answer.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { AnyRemedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { siteOrigin } from '../configuration/addresses.ts'
import { releaseParams } from './parameters.ts'
import { type Context, readSituation } from './situation.ts'

/** Django's port inside its container is the guide's. */
const PORT = 8000

/** Health by component, from inside the backend's container. */
export async function judgeComponents({ read, params }: Context): Promise<Verdict> {
  const { composeFile, backendService, healthPath } = params
  const { health, hasClient } = await read(
    backendView,
    composeFile,
    backendService,
    PORT,
    healthPath,
    'localhost',
    '',
  )
  if (!hasClient)
    throw new Unreadable(`the image of ${backendService} has nothing to ask the health endpoint with`)
  const expected = 'every component healthy'
  if (health.status === 0)
    return fail('the health endpoint gives no answer', { measured: 'no answer', expected })
  if (health.status !== 200 && health.status !== 503)
    return fail(`the health endpoint answers ${health.status}`, { measured: String(health.status), expected })
  const { components } = parseHealth(health.body)
  const sick = components.filter(({ status }) => status !== 'healthy')
  const measured = components.map(({ name, status }) => `${name} ${status}`).join(', ')
  const [first] = sick
  if (first === undefined) return pass(`${components.length} components are healthy`, { measured, expected })
  return fail(
    `${sick.map(({ name }) => name).join(' and ')} ${sick.length === 1 ? 'is' : 'are'} not healthy: ${first.message}`,
    {
      measured,
      expected,
      telling: first.message,
    },
  )
}

async function judgeRoundTrip({ read, params }: Context): Promise<Verdict> {
  const trip = await read(taskRoundTrip, params.composeFile, params.backendService, params.celeryApplication)
  const expected = 'it comes back'
  if (trip.returned)
    return pass(`a task came back after ${trip.milliseconds} ms`, {
      measured: `${trip.milliseconds} ms`,
      expected,
    })
  return fail(`a task did not come back: ${trip.reason || 'no worker took it'}`, {
    measured: 'lost',
    expected,
    telling: trip.reason,
  })
}

async function judgePages({ read, params }: Context): Promise<Verdict> {
  const origin = siteOrigin(await read(stackEnvironment, params.composeFile))
  const answers = await Promise.all(
    params.smokePaths.map(async path => ({
      path,
      status: (await read(webAnswer, `${origin}${path}`)).status,
    })),
  )
  const measured = answers.map(({ path, status }) => `${path} ${status}`).join(', ')
  const expected = 'below 400'
  if (answers.length > 0 && answers.every(({ status }) => status === 401))
    return notApplicable('the site lies behind a password, as staging does: look at a page yourself')
  const bad = answers.filter(({ status }) => status >= 400 && status !== 401)
  if (bad.length === 0) return pass(`${answers.length} pages answer`, { measured, expected })
  return fail(bad.map(({ path, status }) => `${path} answers ${status}`).join(', '), {
    measured,
    expected,
    telling: bad[0]?.path ?? '',
  })
}

/** Why what runs now would not pass the gate; null when it would. The task's way is left out: it takes seconds. */
export async function gateReason(context: Context): Promise<string | null> {
  const stopped = (await readSituation(context, 'none')).services.find(
    ({ container }) => container?.status !== 'running',
  )
  if (stopped !== undefined) return `${stopped.service} does not run`
  for (const judge of [judgeComponents, judgePages]) {
    const { status, summary } = await judge(context)
    if (status === 'fail') return summary
  }
  return null
}

/**
 * The gate as checks of a runbook: a failure brings the rollback along, where there is something to go back to.
 *
 * @param offer remedies for a release that failed, given why
 */
export function gate(
  after: readonly string[],
  remedies: readonly AnyRemedy[],
  offer: (context: Context) => Promise<readonly AnyRemedy[]>,
) {
  const gated =
    (judge: (context: Context) => Promise<Verdict>) =>
    async (context: Context): Promise<Verdict> => {
      const verdict = await judge(context)
      return verdict.status === 'fail' ? { ...verdict, remedies: await offer(context) } : verdict
    }
  const shared = { params: releaseParams, remedies, timeoutSeconds: 90 }
  return {
    componentsHealthy: check({
      ...shared,
      id: 'deploy/components-healthy',
      title: 'Every component that the health endpoint names is healthy',
      why: 'The endpoint answers 200 while workers are dead: for it Celery is a warning. For customers it is every e-mail.',
      after,
      probe: gated(judgeComponents),
    }),
    taskReturns: check({
      ...shared,
      id: 'deploy/task-round-trip',
      title: 'A task makes its way through the queue and back',
      why: 'Workers that answer a ping may still take no tasks: another queue, another broker password, a task that blocks all of them.',
      after: [...after, 'deploy/components-healthy'],
      probe: gated(judgeRoundTrip),
    }),
    pagesAnswer: check({
      ...shared,
      id: 'deploy/pages-answer',
      title: 'Pages that customers see answer without an error',
      why: 'Health can be green while every page with products ends in an error: the endpoint asks for no product.',
      after,
      probe: gated(judgePages),
    }),
  }
}
