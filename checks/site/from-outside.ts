/** The site as a visitor gets it: asked from the operator’s own machine, at the addresses that DNS names. */

import { z } from 'zod'
import { joined, publicAddresses } from '../../src/facts/dns.ts'
import { parseHealth } from '../../src/facts/health.ts'
import { certificateOf } from '../../src/facts/lineages.ts'
import { nginxView } from '../../src/facts/nginx-view.ts'
import { type Fetched, outsideFetch } from '../../src/facts/outside.ts'
import { servedCertificates } from '../../src/facts/served.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, notApplicable, pass, unknown, type Verdict, warn } from '../../src/model/verdict.ts'
import { plainNames } from '../dns/parameters.ts'
import { closedFamilies, judge as judgePort80, openPort80 } from '../firewall/port-80-open.ts'
import { covers } from '../issuance/lineage-of.ts'
import { reloadNginx } from '../nginx/reload.ts'
import { healthPath, stackShape } from '../stack-parameters.ts'
import { domains, resolvers, siteShape } from '../tls/parameters.ts'

const params = z.object({ ...stackShape, ...siteShape, domains, resolvers, healthPath })
type Context = Pick<ProbeContext<z.infer<typeof params>>, 'read' | 'params'>

async function addressesOf({ read, params: given }: Context, domain: string): Promise<string[]> {
  const { v4, v6 } = await read(publicAddresses, domain, joined(given.resolvers))
  return [...v4, ...v6]
}

/** One page over HTTPS, at the first address that there is a way to from here. @throws Unreadable without any. */
async function page(context: Context, path: string, scheme = 'https'): Promise<Fetched> {
  const [domain = ''] = context.params.domains
  const addresses = await addressesOf(context, domain)
  let last: Fetched | undefined
  for (const address of addresses) {
    last = await context.read(outsideFetch, address, `${scheme}://${domain}${path}`)
    if (last.outcome !== 'no-route-from-here') return last
  }
  throw new Unreadable(
    last === undefined ? `${domain} has no address` : `your machine has no route to ${addresses.join(', ')}`,
  )
}

const HOW: Readonly<Record<string, string>> = {
  refused: 'refuses connections',
  'timed-out': 'does not answer in time',
  broken: 'breaks the connection off',
}

/** Statuses that a gateway gives for the server behind it. */
const GATEWAY = new Set([502, 503, 504])

export const port80 = check({
  id: 'site/http-answers',
  title: 'Port 80 answers from outside, over every family that DNS names',
  why: 'Visitors who type the bare name come to port 80, and so does the CA at the next renewal.',
  params,
  after: ['dns/resolves', 'services/nginx-runs'],
  remedies: [openPort80],
  timeoutSeconds: 60,
  async probe(context) {
    const { read } = context
    const names = plainNames(context.params.domains)
    const ours = (
      await Promise.all(
        names.map(async domain =>
          Promise.all(
            (
              await addressesOf(context, domain)
            ).map(async address => ({
              domain,
              address,
              answer: await read(outsideFetch, address, `http://${domain}/`),
            })),
          ),
        ),
      )
    ).flat()
    return judgePort80(ours, await closedFamilies(context))
  },
})

export const httpsAnswers = check({
  id: 'site/https-answers',
  title: 'Port 443 answers from outside, for every name',
  why: 'This is the front door. Refused means that nothing listens; silence is a firewall’s.',
  params,
  after: ['dns/resolves', 'services/nginx-runs'],
  timeoutSeconds: 60,
  async probe(context) {
    const { read, params: given } = context
    const served = await read(
      servedCertificates,
      plainNames(given.domains).join(','),
      joined(given.resolvers),
    )
    const shut = served.find(({ failure }) => failure !== '' && failure !== 'no-route-from-here')
    const measured = served.map(({ address, failure }) => `${address}: ${failure || 'answers'}`).join(', ')
    const details = { measured, expected: 'an answer at every address' }
    if (shut !== undefined)
      return fail(`port 443 of ${shut.domain} at ${shut.address} ${HOW[shut.failure] ?? shut.failure}`, {
        ...details,
        telling: shut.address,
        advice: 'Look at nginx’s listen lines, at the ports of the Compose file, and at the firewall',
      })
    if (served.every(({ failure }) => failure === 'no-route-from-here'))
      return unknown('HTTPS cannot be seen from your machine, which has no route to any address', details)
    return pass(`port 443 answers for ${plainNames(given.domains).join(', ')}`, details)
  },
})

const AFTER_DOOR = ['site/https-answers']

export const redirects = check({
  id: 'site/sends-to-https',
  title: 'Visitors on port 80 are sent to HTTPS',
  why: 'Whoever stays on port 80 logs in and pays in the clear.',
  params,
  after: ['site/http-answers', 'site/https-answers'],
  async probe(context) {
    const answer = await page(context, '/', 'http')
    if (answer.outcome !== 'answered')
      throw new Unreadable(`port 80 ${HOW[answer.outcome] ?? 'gives no answer'}`)
    const measured = `${answer.status} ${answer.location}`.trim()
    const details = { measured, expected: 'a redirect to https://' }
    if (answer.location.startsWith('https://'))
      return pass(`port 80 sends visitors to ${answer.location}`, details)
    return warn('port 80 does not send visitors to HTTPS', {
      ...details,
      advice: 'Add `return 301 https://$host$request_uri;` to the server on port 80',
    })
  },
})

export const apiAnswers = check({
  id: 'site/api-answers',
  title: 'The API answers through nginx',
  why: '502 is a backend that nobody listens at, 504 one that answers too late. Asked the way that a browser asks.',
  params,
  after: AFTER_DOOR,
  explains: ['site/api-healthy'],
  timeoutSeconds: 40,
  async probe(context) {
    return judgePage(await page(context, context.params.healthPath), context.params.healthPath, [503])
  },
})

export const apiHealthy = check({
  id: 'site/api-healthy',
  title: 'The health endpoint tells the world that all is well',
  why: 'It is what the uptime monitor reads: by its body, as a 200 can be degraded.',
  params,
  after: ['site/api-answers'],
  timeoutSeconds: 40,
  async probe(context) {
    const answer = await page(context, context.params.healthPath)
    if (answer.outcome !== 'answered') throw new Unreadable('the health endpoint gave no answer')
    if (answer.status === 401)
      return notApplicable('it asks for a password, as staging does: it is read inside the container')
    const { status, components } = parseHealth(answer.body)
    const details = { measured: `${answer.status}, ${status}`, expected: '200, healthy' }
    if (answer.status === 200 && /^(healthy|ok)$/i.test(status))
      return pass(`${answer.status}, ${status}`, details)
    const ill = components.filter(component => component.status !== 'healthy').map(({ name }) => name)
    return (answer.status >= 500 ? fail : warn)(`${answer.status}, ${status}: ${ill.join(', ')}`, details)
  },
})

export const frontPage = check({
  id: 'site/front-page',
  title: 'The front page is there',
  why: 'This is what a customer sees first, and what a search engine remembers.',
  params,
  after: AFTER_DOOR,
  timeoutSeconds: 40,
  async probe(context) {
    return judgePage(await page(context, '/'), 'the front page', [])
  },
})

/** Pure. @param fine statuses of 500 and above that are an answer of their own. */
export function judgePage(answer: Fetched, what: string, fine: readonly number[]): Verdict {
  if (answer.outcome !== 'answered')
    return fail(`${what} ${HOW[answer.outcome] ?? 'gives no answer'}`, {
      measured: answer.outcome,
      expected: 'a page',
    })
  const { status } = answer
  const details = { measured: String(status), expected: '200' }
  if (status === 401) return pass(`${what} asks for a password, as staging does`, details)
  if (status >= 500 && !fine.includes(status))
    return fail(`${what} answers ${status}`, {
      ...details,
      telling: String(status),
      ...(GATEWAY.has(status) ? { advice: 'nginx could not reach the server behind it' } : {}),
    })
  if (status === 404) return fail(`${what} answers 404`, { ...details, telling: '404' })
  return pass(`${what} answers ${status}`, details)
}

export const certificateLoaded = check({
  id: 'site/certificate-loaded',
  title: 'Visitors are served the certificate that is on disk',
  why: 'A renewed certificate that nginx never loaded ends with the old one.',
  params,
  after: ['site/https-answers', 'nginx/configuration-valid'],
  explains: ['tls/certificate-lifetime'],
  remedies: [reloadNginx],
  timeoutSeconds: 60,
  async probe(context) {
    const { read, params: given } = context
    if (given.nginxRunsIn === 'host')
      return notApplicable('nginx runs on the host: ssl-renewal looks at its certificate')
    const { certificates } = await read(nginxView, given.composeFile, given.nginxService)
    const leaves = certificates.flatMap(({ pem }) => (pem[0] === undefined ? [] : [certificateOf(pem[0])]))
    const served = await read(
      servedCertificates,
      plainNames(given.domains).join(','),
      joined(given.resolvers),
    )
    const other = served.find(
      ({ certificate }) =>
        certificate !== null && !leaves.some(leaf => leaf?.fingerprint === certificate.fingerprint),
    )
    if (leaves.length === 0) throw new Unreadable('nginx’s files name no certificate that could be read')
    if (other?.certificate == null) return pass('every address serves the certificate that is on disk')
    return fail(
      `${other.domain} is served a certificate that ends on ${other.certificate.to.toISOString().slice(0, 10)}, and on disk is another one`,
      {
        measured: other.certificate.fingerprint.slice(0, 23),
        telling: other.domain,
        remedies: [reloadNginx],
      },
    )
  },
})

export const certificateNames = check({
  id: 'site/certificate-names',
  title: 'The certificate is for every name of the site',
  why: 'A name that is missing is a warning across the whole screen, for that name only.',
  params,
  after: AFTER_DOOR,
  timeoutSeconds: 60,
  async probe(context) {
    const { read, params: given } = context
    const served = await read(
      servedCertificates,
      plainNames(given.domains).join(','),
      joined(given.resolvers),
    )
    const bare = served.find(
      ({ certificate, domain }) => certificate !== null && !covers(certificate.names, domain),
    )
    if (bare === undefined) return pass(`it is for ${plainNames(given.domains).join(', ')}`)
    return fail(`the certificate that is served is not for ${bare.domain}`, {
      measured: bare.certificate?.names.join(', ') ?? '',
      expected: bare.domain,
      telling: bare.domain,
      advice: 'Order one for all names: ssl-issuance',
    })
  },
})
