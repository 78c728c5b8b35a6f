/** What browsers are told, and what the world can reach. */

import { familyOf, isPublic } from '../../src/facts/address.ts'
import { stackEnvironment } from '../../src/facts/env-files.ts'
import { type Fetched, outsideFetch } from '../../src/facts/outside.ts'
import { ownAddresses } from '../../src/facts/own-addresses.ts'
import { type WebAnswer, webAnswer } from '../../src/facts/web-answer.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { siteOrigin } from '../configuration/addresses.ts'
import { sideOf } from '../configuration/parameters.ts'
import { readinessParams } from './parameters.ts'

/** What one answer lacks of domain §1.2 row 34, in words. Pure. */
export function headersLacking(
  { headers }: Pick<WebAnswer, 'headers'>,
  side: 'production' | 'staging',
  policy: Pick<Policy, 'headerHstsSeconds'>,
): string[] {
  const of = (name: string): string => headers.get(name)?.toLowerCase() ?? ''
  const hsts = of('strict-transport-security')
  const age = Number(/max-age="?(\d+)/.exec(hsts)?.[1] ?? 0)
  return [
    ...(age >= policy.headerHstsSeconds && hsts.includes('includesubdomains')
      ? []
      : [`Strict-Transport-Security: max-age=${policy.headerHstsSeconds}; includeSubDomains`]),
    // Staging may only report what it would have blocked.
    ...(of('content-security-policy') !== '' ||
    (side === 'staging' && of('content-security-policy-report-only') !== '')
      ? []
      : ['Content-Security-Policy']),
    ...(of('x-content-type-options') === 'nosniff' ? [] : ['X-Content-Type-Options: nosniff']),
    ...(of('x-frame-options') === 'deny' ? [] : ['X-Frame-Options: DENY']),
    ...(of('referrer-policy') !== '' && of('referrer-policy') !== 'unsafe-url' ? [] : ['Referrer-Policy']),
    ...(of('permissions-policy') !== '' ? [] : ['Permissions-Policy']),
  ]
}

export const securityHeaders = check({
  id: 'readiness/security-headers',
  title: 'Pages and API send the headers that protect visitors',
  why: 'They stop other sites from framing the checkout, browsers from guessing file types, and the first request from going out unencrypted.',
  params: readinessParams,
  async probe({ params, read, target, policy }) {
    const state = await read(stackEnvironment, params.composeFile)
    const side = sideOf(target.environment, state)
    const origin = siteOrigin(state)
    if (!origin.startsWith('https:'))
      return fail('the site’s address is not https yet', { measured: origin, expected: 'https' })
    const pages = ['/', params.healthPath]
    const found = await Promise.all(
      pages.map(async path => ({ path, answer: await read(webAnswer, `${origin}${path}`) })),
    )
    // A page behind staging's password is answered by nginx alone: the application's own headers are not on it.
    const open = found.filter(({ answer }) => answer.status !== 401)
    const judged = open.length > 0 ? open : found
    const lacking = judged.map(({ path, answer }) => ({
      path,
      names: headersLacking(answer, side, policy).filter(
        name => open.length > 0 || name !== 'Content-Security-Policy',
      ),
    }))
    const bad = lacking.filter(({ names }) => names.length > 0)
    const details = { expected: '6 headers on each', measured: `${judged.length} pages looked at` }
    if (bad.length === 0)
      return pass(`all are there on ${judged.map(({ path }) => path).join(' and ')}`, details)
    return fail(bad.map(({ path, names }) => `${path} lacks ${names.join('; ')}`).join('. '), {
      ...details,
      telling: bad[0]?.names[0] ?? '',
      advice:
        'add_header … always; in nginx, in a file that every location includes: a location with add_header of its own inherits none',
    })
  },
})

export const httpsRedirect = check({
  id: 'readiness/https-redirect',
  title: 'Whoever comes over http is sent to https, under the same name',
  why: 'People type names without a protocol. What is answered there in the clear can be read and changed on the way.',
  params: readinessParams,
  async probe({ params, read }) {
    const origin = siteOrigin(await read(stackEnvironment, params.composeFile))
    const { hostname } = new URL(origin)
    const { status, headers } = await read(webAnswer, `http://${hostname}/`)
    const location = headers.get('location') ?? ''
    const measured = `${status} ${location}`.trim()
    const details = { measured, expected: `301 or 308 to https://${hostname}/` }
    if ([301, 308].includes(status) && location.startsWith(`https://${hostname}/`))
      return pass(measured, details)
    if ([302, 307].includes(status) && location.startsWith(`https://${hostname}/`))
      return fail(`the redirect is temporary (${status}): browsers ask again every time`, details)
    return fail(`http://${hostname}/ answers ${measured}`, {
      ...details,
      advice: 'In nginx: return 301 https://$host$request_uri;',
    })
  },
})

/** What an attempt over HTTP says about a port. A service that speaks something else breaks off: it is open all the same. */
const isOpen = ({ outcome }: Fetched): boolean => outcome === 'answered' || outcome === 'broken'

export const portsClosed = check({
  id: 'readiness/ports-closed',
  title: 'Database, cache and application cannot be reached from outside',
  why: 'Tried from your machine, past every rule that claims it: Docker publishes ports before ufw is asked.',
  params: readinessParams,
  timeoutSeconds: 90,
  async probe({ params, read }) {
    const { v4, v6 } = await read(ownAddresses)
    const own = [...v4, ...v6]
    const outside = own.filter(isPublic)
    // A server in a private network is tried where it can be: at what it has.
    const addresses = (outside.length > 0 ? outside : own).slice(0, 4)
    const ports = params.closedPorts.filter(port => !params.webPorts.includes(port))
    const tried = await Promise.all(
      addresses.flatMap(address =>
        ports.map(async port => {
          const host = familyOf(address) === 6 ? `[${address}]` : address
          return {
            place: `${host}:${port}`,
            answer: await read(outsideFetch, address, `http://${host}:${port}/`),
          }
        }),
      ),
    )
    const seen = tried.filter(({ answer }) => answer.outcome !== 'no-route-from-here')
    if (seen.length === 0)
      throw new Unreadable('none of the server’s addresses can be reached from your machine')
    const openPlaces = seen.filter(({ answer }) => isOpen(answer)).map(({ place }) => place)
    const details = { measured: openPlaces.join(', ') || 'none open', expected: `${ports.join(', ')} closed` }
    if (openPlaces.length === 0)
      return pass(
        `${ports.length} ports are closed at ${addresses.length} address(es), seen from your machine`,
        details,
      )
    return fail(`open to your machine: ${openPlaces.join(', ')}`, {
      ...details,
      telling: openPlaces[0] ?? '',
      advice:
        'Publish on 127.0.0.1 in the Compose file, or not at all; kneeboard check firewall/published-ports says by which container',
    })
  },
})
