/** nginx and the servers behind it: its files, the names in them, and the addresses that it really asks. */

import { z } from 'zod'
import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { joined, publicAddresses } from '../../src/facts/dns.ts'
import { gatewayErrors } from '../../src/facts/gateway-errors.ts'
import { type LogLine, stackLogs } from '../../src/facts/logs.ts'
import { nginxView } from '../../src/facts/nginx-view.ts'
import { outsideFetch } from '../../src/facts/outside.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { secondsSince } from '../services/container-of.ts'
import { roleOf, serviceParams, symptomsOf } from '../services/roles.ts'
import { healthPath, stackShape } from '../stack-parameters.ts'
import { domains, resolvers, siteShape } from '../tls/parameters.ts'
import { correctUpstream, misspelt } from './correct-upstream.ts'
import { reloadNginx } from './reload.ts'
import { takeLineOut } from './take-line-out.ts'

const siteStack = z.object({ ...stackShape, ...siteShape, domains, resolvers, healthPath })
type SiteStack = z.infer<typeof siteStack>

const onHost = (): Verdict => notApplicable('nginx runs on the host and not in a container')
const nginx = roleOf('nginx')

export const configurationValid = check({
  id: 'nginx/configuration-valid',
  title: 'nginx takes the configuration that is on disk',
  why: 'It goes on with the old one until somebody restarts it: then the site is gone, hours or months after the mistake.',
  params: serviceParams,
  after: ['services/nginx-steady'],
  remedies: [takeLineOut],
  async probe({ read, params }) {
    if (params.nginxRunsIn === 'host') return onHost()
    const { valid, error } = await read(nginxView, params.composeFile, params.nginxService)
    if (valid) return pass('nginx -t accepts the files on disk')
    // A name that leads nowhere is the service’s failure, and not a line to be taken out.
    const named = /host not found in upstream/.test(error)
    return fail(`nginx refuses the configuration on disk: ${error}`, {
      telling: error,
      expected: 'nginx -t: test is successful',
      remedies: named ? [] : [takeLineOut],
      advice: 'Mend the line that it names; what runs is not touched by it until the next reload',
    })
  },
})

export const namesKnown = check({
  id: 'nginx/names-known',
  title: 'Every name that nginx passes requests to is one that it can look up',
  why: 'nginx does not start at all when one name in its files leads nowhere, and says “host not found in upstream”.',
  params: serviceParams,
  after: ['services/nginx-runs'],
  explains: [...symptomsOf('nginx').filter(id => id !== 'nginx/names-known')],
  remedies: [correctUpstream],
  async probe(context) {
    const { read, params } = context
    if (params.nginxRunsIn === 'host') return onHost()
    const wrong = await misspelt(context)
    if (wrong !== null)
      return fail(`nginx does not find “${wrong.name}”, which stands in ${wrong.file}`, {
        measured: wrong.name,
        expected: wrong.meant === null ? 'a service of the Compose file' : wrong.meant,
        telling: wrong.name,
        remedies: wrong.meant === null ? [] : [correctUpstream],
        advice: 'Services are known to each other by their names in the Compose file',
      })
    const containers = await read(stackContainers, params.composeFile)
    if (containerOfService(containers, params.nginxService)?.status !== 'running')
      return pass('its log names no host that it did not find')
    const { upstreams } = await read(nginxView, params.composeFile, params.nginxService)
    const lost = [...upstreams].filter(([, addresses]) => addresses.length === 0).map(([name]) => name)
    // A service that is stopped has no address: that is the service's failure, and its own check says so.
    const unknown = lost.filter(name => !containers.some(({ service }) => service === name))
    if (unknown.length > 0)
      return fail(`nginx passes requests to ${unknown.join(', ')}, which leads nowhere`, {
        measured: `${unknown.join(', ')}: no address`,
        expected: 'an address for every name',
      })
    return pass(`${[...upstreams.keys()].join(', ') || 'no name'}: looked up inside nginx’s container`)
  },
})

export const addressesCurrent = check({
  id: 'nginx/addresses-current',
  title: 'nginx asks the addresses that the services have now',
  why: 'nginx looks names up when it starts, and never again. A new container may have a new address: then every page is a 502 while the backend is healthy.',
  params: siteStack,
  after: ['services/nginx-steady'],
  explains: symptomsOf('nginx').filter(id => id.startsWith('site/') || id === 'nginx/pages-work'),
  remedies: [reloadNginx],
  async probe(context) {
    const { read, params } = context
    if (params.nginxRunsIn === 'host') return onHost()
    const view = await read(nginxView, params.composeFile, params.nginxService)
    const { upstreams, workers, workersAgeSeconds } = view
    const { address, url } = await question(context)
    const { now, errors } = await read(gatewayErrors, params.composeFile, params.nginxService, address, url)
    const current = new Set([...upstreams.values()].flat())
    // By worker, since clocks tell whole seconds and a reload takes less. By time as well: a restarted container gives
    // the same process ids out again.
    const since = now - workersAgeSeconds * 1000 - 2000
    const stale = errors.findLast(
      ({ at, worker, upstream }) => workers.includes(worker) && at >= since && !current.has(hostOf(upstream)),
    )
    const measured = [...upstreams].map(([name, found]) => `${name}: ${found.join(' ') || 'none'}`).join(', ')
    if (stale === undefined)
      return pass('nginx has asked no address that is not a service’s own', { measured })
    return fail(`nginx asks ${stale.upstream}, where no service of that name is any more: ${stale.words}`, {
      measured: stale.upstream,
      expected: measured,
      telling: stale.upstream,
      remedies: [reloadNginx],
    })
  },
})

const hostOf = (upstream: string): string => upstream.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')

/** One request through nginx to the backend; none where the name leads nowhere. */
async function question({
  read,
  params,
}: ProbeContext<SiteStack>): Promise<{ address: string; url: string }> {
  const [domain = ''] = params.domains
  const url = `https://${domain}${params.healthPath}`
  try {
    const { v4, v6 } = await read(publicAddresses, domain, joined(params.resolvers))
    return { address: v4[0] ?? v6[0] ?? '', url }
  } catch {
    // What DNS says is another check's finding; old requests may have left their errors all the same.
    return { address: '', url }
  }
}

/** Pages asked for again: enough to see a broken release, too few to be felt. */
const MOST_PAGES = 3

export const pagesWork = check({
  id: 'nginx/pages-work',
  title: 'Pages that failed lately work again',
  why: 'A release can be healthy and broken: the health endpoint answers while the products are a 500. What visitors asked for is asked again.',
  params: siteStack,
  after: ['services/nginx-steady', 'dns/resolves'],
  explains: ['logs/backend', 'logs/frontend'],
  timeoutSeconds: 60,
  async probe(context) {
    const { read, params, policy } = context
    const { now, services } = await read(stackLogs, params.composeFile)
    const named = [params.nginxService, params.backendService, params.frontendService]
    const recent = named
      .flatMap(name => services.get(name)?.failing ?? [])
      .filter(
        ({ lastFailure, lastStatus }) =>
          lastStatus >= 500 && now - lastFailure < policy.logWindowMinutes * 60_000,
      )
      .sort((a, b) => b.lastFailure - a.lastFailure)
    const paths = [...new Set(recent.map(({ path }) => path))].slice(0, MOST_PAGES)
    if (paths.length === 0) return pass(`no page failed in the last ${policy.logWindowMinutes} minutes`)
    const { address } = await question(context)
    const [domain = ''] = params.domains
    if (address === '') return notApplicable('the name leads nowhere: pages cannot be asked for')
    const answers = await Promise.all(
      paths.map(async path => ({
        path,
        answer: await read(outsideFetch, address, `https://${domain}${path}`),
      })),
    )
    const broken = answers.find(({ answer }) => answer.outcome === 'answered' && answer.status >= 500)
    if (broken?.answer.outcome !== 'answered')
      return pass(`${paths.join(', ')} failed in the last ${policy.logWindowMinutes} minutes, and works now`)
    const failure = recent.find(({ path }) => path === broken.path)?.lastFailure ?? 0
    const said = exceptionAt(services.get(params.backendService)?.errors ?? [], failure)
    const words = said === undefined ? '' : `: ${said}`
    return fail(`${broken.path} answers ${broken.answer.status}${words}`, {
      measured: `${broken.answer.status}`,
      expected: 'below 500',
      telling: said ?? broken.path,
      advice:
        broken.answer.status === 500
          ? 'After a deployment: the runbook rollback says whether the older image fits; where a migration came with it, migration-rollback goes back'
          : '',
    })
  },
})

/** From an exception to the request's line in the log: both are written when the answer goes out. Milliseconds. */
const ONE_ANSWER = 3000

/** What the backend raised when it answered: the last line of a traceback, as Python ends one. */
export function exceptionAt(errors: readonly LogLine[], answeredAt: number): string | undefined {
  return errors
    .findLast(
      ({ at, text }) =>
        Math.abs(at - answeredAt) <= ONE_ANSWER &&
        /^[\w.]*[A-Z]\w*(Error|Exception|DoesNotExist)\b/.test(text),
    )
    ?.text.slice(0, 200)
}

export const reloadedSince = check({
  id: 'nginx/started-after-its-servers',
  title: 'nginx looked its servers up after they were made',
  why: 'A container that is younger than nginx’s last start may have an address that nginx does not know.',
  params: serviceParams,
  after: ['services/nginx-steady'],
  async probe({ read, params }) {
    if (params.nginxRunsIn === 'host') return onHost()
    const { workersAgeSeconds } = await read(nginxView, params.composeFile, params.nginxService)
    const containers = await read(stackContainers, params.composeFile)
    const younger = containers.filter(
      ({ service, createdAt, status }) =>
        [params.backendService, params.frontendService].includes(service) &&
        status === 'running' &&
        secondsSince(createdAt) < workersAgeSeconds - 1,
    )
    const measured = `${nginx.name} looked up ${Math.round(workersAgeSeconds / 60)} min ago`
    if (younger.length === 0)
      return pass('nginx has looked its servers up since they were made', { measured })
    // No failure by itself: an address is often given out again. What it asks is judged by another check.
    return pass(
      `${younger.map(({ name }) => name).join(', ')} is younger than that, and is reached all the same`,
      {
        measured,
      },
    )
  },
})
