/** The addresses that the application goes by: where it is reached, and which names it answers to. */

import {
  inForce,
  type StackEnvironment,
  serviceEnvFile,
  stackEnvironment,
} from '../../src/facts/env-files.ts'
import { webAnswer } from '../../src/facts/web-answer.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { configurationParams } from './parameters.ts'
import { setValues } from './set-values.ts'

/**
 * The value of a variable that may be shown.
 *
 * @throws Unreadable when it is not there, or is withheld because it looks as if it held more than it should.
 */
export function plainValue(state: StackEnvironment, name: string): string {
  const { path, values } = serviceEnvFile(state)
  const value = inForce(values, name)
  if (value === undefined) throw new Unreadable(`${name} is not in ${path}`)
  if (value.length > 0 && value.plain === null)
    throw new Unreadable(`${name} in ${path} holds characters that it should not have, so it was not read`)
  return value.plain ?? ''
}

/** `https://shop.test` of whatever stands there. @throws Unreadable when it is no address. */
export function siteOrigin(state: StackEnvironment): string {
  const text = plainValue(state, 'BACKEND_URL')
  if (!URL.canParse(text)) throw new Unreadable('BACKEND_URL is no address, so the site’s own cannot be told')
  return new URL(text).origin
}

export const dropApiFromBackendUrl = remedy({
  id: 'configuration/correct-backend-url',
  title: 'Take the path off BACKEND_URL',
  why: 'The application adds /api itself.',
  risk: 'Payments that are under way were given the old address: the provider tries again for hours, and gets through once the old address answers no more with 404. Look at open payments afterwards.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const state = await context.read(stackEnvironment, context.params.composeFile)
    return setValues(context, new Map([['BACKEND_URL', siteOrigin(state)]]))
  },
})

export const backendUrlSound = check({
  id: 'configuration/backend-url-sound',
  title: 'BACKEND_URL is the site’s address, without a path',
  why: 'The payment provider is told BACKEND_URL + /api/payments/webhook/. With /api at its end that becomes /api/api/…, every webhook ends in 404, and paid orders stay open.',
  params: configurationParams,
  remedies: [dropApiFromBackendUrl],
  async probe({ params, read }) {
    const text = plainValue(await read(stackEnvironment, params.composeFile), 'BACKEND_URL')
    const details = { measured: text || 'empty', expected: 'https://NAME, and nothing behind it' }
    if (!URL.canParse(text)) return fail('BACKEND_URL is no address', details)
    const url = new URL(text)
    if (/\/api\/?$/.test(url.pathname))
      return fail('BACKEND_URL ends in /api: payment webhooks would be sent to /api/api/…', {
        ...details,
        telling: text,
        remedies: [dropApiFromBackendUrl],
      })
    if (url.pathname !== '/' || url.search !== '')
      return fail(`BACKEND_URL has a path: ${url.pathname}`, {
        ...details,
        remedies: [dropApiFromBackendUrl],
      })
    return pass(`it is ${url.origin}`, details)
  },
})

export const paymentWebhookAnswers = check({
  id: 'configuration/payment-webhook-answers',
  title: 'The address that the payment provider posts to is there',
  why: 'It is put together from BACKEND_URL. Where nothing answers at it, customers pay and their orders stay open.',
  params: configurationParams,
  after: ['configuration/backend-url-sound'],
  async probe({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    if (state.running?.length === 0) return notApplicable('nothing of the stack runs yet')
    const url = new URL(params.webhookPath, siteOrigin(state))
    const { status } = await read(webAnswer, url.href)
    const details = {
      measured: String(status),
      expected: '405 or 400: it takes posts with a payment’s number only',
    }
    if (status === 401)
      return notApplicable(`${url.pathname} lies behind the site’s password, as staging does`)
    if (status === 404) return fail(`nothing answers at ${url.href}`, details)
    if (status >= 500)
      throw new Unreadable(`${url.href} answers ${status}: the application has to work first`)
    return pass(`${url.href} is there: it answers ${status} to a visitor`, details)
  },
})

/** What has to be among the names: for the health checks inside the containers, and for visitors. */
function namesLacking(state: StackEnvironment): { hosts: string[]; lacking: string[] } {
  const hosts = plainValue(state, 'ALLOWED_HOSTS')
    .split(',')
    .filter(host => host !== '')
  const needed = ['localhost', new URL(siteOrigin(state)).hostname]
  const covered = (name: string): boolean =>
    hosts.some(host => host === name || host === '*' || (host.startsWith('.') && `.${name}`.endsWith(host)))
  return { hosts, lacking: needed.filter(name => !covered(name)) }
}

export const addAllowedHosts = remedy({
  id: 'configuration/add-allowed-hosts',
  title: 'Add the missing names to ALLOWED_HOSTS',
  why: 'Django answers 400 to every name that is not on the list. The names are added; none is taken away.',
  risk: 'None known: localhost can be reached from inside the container alone.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { hosts, lacking } = namesLacking(await context.read(stackEnvironment, context.params.composeFile))
    if (lacking.length === 0) throw new Unreadable('no name is missing')
    return setValues(context, new Map([['ALLOWED_HOSTS', [...hosts, ...lacking].join(',')]]))
  },
})

export const allowedHosts = check({
  id: 'configuration/allowed-hosts',
  title: 'ALLOWED_HOSTS has localhost and the site’s own name',
  why: 'The container’s health check asks for localhost. Where Django refuses that name, the site works and its container is unhealthy, and a deployment that waits for it never ends.',
  params: configurationParams,
  remedies: [addAllowedHosts],
  async probe({ params, read, target }) {
    const { hosts, lacking } = namesLacking(await read(stackEnvironment, params.composeFile))
    const details = {
      measured: hosts.join(', ') || 'none',
      expected: 'localhost and the name in BACKEND_URL',
    }
    if (lacking.length > 0)
      return fail(`ALLOWED_HOSTS lacks ${lacking.join(' and ')}`, { ...details, remedies: [addAllowedHosts] })
    if (hosts.includes('*') && target.environment === 'production')
      return warn('ALLOWED_HOSTS takes every name', {
        ...details,
        advice: 'Name the site’s own names and localhost in place of *',
      })
    return pass('both are on the list', details)
  },
})
