/** Staging has a password and tells search engines to stay away; production has neither. Health is open on both. */

import { stackEnvironment } from '../../src/facts/env-files.ts'
import { webAnswer } from '../../src/facts/web-answer.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { siteOrigin } from './addresses.ts'
import { configurationParams, sideOf } from './parameters.ts'

export const frontDoor = check({
  id: 'configuration/front-door',
  title: 'Staging is closed to strangers, and production is open to customers',
  why: 'A staging site without a password ends up in search results, with test prices. A production site that was copied from staging keeps customers and Google out.',
  params: configurationParams,
  async probe({ params, read, target }) {
    const state = await read(stackEnvironment, params.composeFile)
    if (state.running?.length === 0) return notApplicable('nothing of the stack runs yet')
    const side = sideOf(target.environment, state)
    const origin = siteOrigin(state)
    const [front, health] = await Promise.all([
      read(webAnswer, `${origin}/`),
      read(webAnswer, `${origin}/health`),
    ])
    const robots = front.headers.get('x-robots-tag') ?? ''
    const hidden = /noindex/i.test(robots)
    const measured = `/ answers ${front.status}, X-Robots-Tag ${robots || 'absent'}, /health answers ${health.status}`
    const expected =
      side === 'staging'
        ? '401 without a password, noindex, /health 200'
        : 'no password, no noindex, /health 200'
    const faults = [
      ...(side === 'staging' && front.status !== 401 ? ['anybody gets in without a password'] : []),
      ...(side === 'staging' && !hidden ? ['search engines are not told to stay away'] : []),
      ...(side === 'production' && front.status === 401 ? ['customers are asked for a password'] : []),
      ...(side === 'production' && hidden ? ['search engines are told to stay away'] : []),
      ...(health.status === 401 ? ['/health asks for a password, so no monitor can read it'] : []),
    ]
    if (faults.length === 0)
      return pass(side === 'staging' ? 'staging is closed, its health is open' : 'production is open', {
        measured,
        expected,
      })
    return fail(`on ${side}, ${faults.join('; ')}`, {
      measured,
      expected,
      advice:
        'auth_basic and X-Robots-Tag are set in nginx’s headers.inc, one file for each environment; /health has auth_basic off',
    })
  },
})
