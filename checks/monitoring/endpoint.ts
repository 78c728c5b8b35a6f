/** What a monitor reads: the health endpoint's contract, and how fast it is answered. */

import { stackEnvironment } from '../../src/facts/env-files.ts'
import { backendView, parseHealth } from '../../src/facts/health.ts'
import { webAnswer } from '../../src/facts/web-answer.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { siteOrigin } from '../configuration/addresses.ts'
import { monitoringParams } from './parameters.ts'

const PORT = 8000

export const healthContract = check({
  id: 'monitoring/health-contract',
  title: 'The health endpoint keeps its contract: a status, and one for each component',
  why: 'Monitors read 200 or 503. Who is woken by one reads the components: without them the first ten minutes go into guessing.',
  params: monitoringParams,
  async probe({ params, read }) {
    const { composeFile, backendService, healthPath } = params
    const { health } = await read(backendView, composeFile, backendService, PORT, healthPath, 'localhost', '')
    const expected = `200 with ${params.healthComponents.join(', ')}`
    if (health.status === 0)
      return fail('the health endpoint gives no answer', { measured: 'no answer', expected })
    const { status, components } = parseHealth(health.body)
    const measured = `${health.status}, ${status}: ${components.map(({ name, status: own }) => `${name} ${own}`).join(', ')}`
    const absent = params.healthComponents.filter(
      name => !components.some(component => component.name === name),
    )
    if (absent.length > 0) return fail(`it does not name ${absent.join(' and ')}`, { measured, expected })
    const critical = components.filter(({ name, status: own }) => name !== 'celery' && own !== 'healthy')
    if (critical.length > 0 && health.status === 200)
      return fail(
        `it answers 200 while ${critical[0]?.name} is ${critical[0]?.status}: no monitor would notice`,
        { measured, expected },
      )
    if (critical.length > 0)
      return fail(
        `${critical.map(({ name }) => name).join(' and ')} ${critical.length === 1 ? 'is' : 'are'} not healthy`,
        {
          measured,
          expected,
          advice: 'kneeboard check troubleshooting names the cause',
        },
      )
    const late = components.find(({ status: own }) => own !== 'healthy')
    if (late !== undefined)
      return warn(`${late.name} is ${late.status}: ${late.message}`, {
        measured,
        expected,
        advice: 'kneeboard check troubleshooting names the cause',
      })
    return pass(`it answers 200 and names ${components.length} components`, { measured, expected })
  },
})

export const healthPublic = check({
  id: 'monitoring/health-public',
  title: 'A monitor can read /health without a password',
  why: 'An uptime monitor has no password. Behind one it sees 401 for ever, and is switched off by whoever is woken by it.',
  params: monitoringParams,
  async probe({ params, read }) {
    const origin = siteOrigin(await read(stackEnvironment, params.composeFile))
    const { status } = await read(webAnswer, `${origin}/health`)
    const details = { measured: String(status), expected: '200' }
    return status === 200
      ? pass(`${origin}/health answers 200`, details)
      : fail(`${origin}/health answers ${status}`, {
          ...details,
          advice: 'In nginx: location = /health { auth_basic off; return 200 "ok"; }',
        })
  },
})

export const answersInTime = check({
  id: 'monitoring/answers-in-time',
  title: 'The front page is there in good time',
  why: 'What a visitor waits for. A monitor counts slowness as an outage only once its own limit is reached, which is far too late.',
  params: monitoringParams,
  async probe({ params, read, policy }) {
    const origin = siteOrigin(await read(stackEnvironment, params.composeFile))
    const { milliseconds, status } = await read(webAnswer, `${origin}/`)
    if (status >= 500) throw new Unreadable(`the front page answers ${status}`)
    const details = { measured: `${milliseconds} ms`, expected: `below ${policy.pageWarnSeconds} s` }
    if (milliseconds > policy.pageFailSeconds * 1000) return fail(`it took ${milliseconds} ms`, details)
    if (milliseconds > policy.pageWarnSeconds * 1000) return warn(`it took ${milliseconds} ms`, details)
    return pass(`it took ${milliseconds} ms`, details)
  },
})
