/** The backend’s health endpoint, asked inside the container and read component by component. */

import { addressesOnServer } from '../../src/facts/dns.ts'
import { type Component, parseHealth } from '../../src/facts/health.ts'
import { type Check, check } from '../../src/model/check.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { setContainerNameServers } from '../docker/container-dns.ts'
import { restartService } from '../services/remedies.ts'
import { roleOf, symptomsWhileUp } from '../services/roles.ts'
import { type BackendParams, backendParams, viewOf } from './view.ts'

const backend = roleOf('backend')
const restartBackend = restartService(backend)
const restartWorker = restartService(roleOf('worker'))

/** What an unanswered or failing health endpoint is seen as elsewhere. */
const SEEN_AS = [
  'services/backend-healthy',
  'backend/healthy',
  'site/api-answers',
  'site/api-healthy',
  'logs/backend',
]

export const answers = check({
  id: 'backend/answers',
  title: 'The backend answers inside its container',
  why: 'A process that is there and answers nothing is the worst kind of up: its workers wait for something, or are all busy.',
  params: backendParams,
  after: ['services/backend-steady'],
  explains: symptomsWhileUp('backend').filter(id => id !== 'backend/answers'),
  remedies: [restartBackend],
  async probe(context) {
    const { health } = await viewOf(context)
    const details = {
      measured: health.status === 0 ? 'no answer' : `${health.status} after ${health.seconds} s`,
      expected: 'an answer',
    }
    if (health.status === 0)
      return fail(`the backend gives no answer within ${Math.max(1, Math.round(health.seconds))} s`, {
        ...details,
        remedies: [restartBackend],
        advice: 'After a deployment: roll back. Else its log says what its workers wait for',
      })
    return pass(`${context.params.healthPath} answers ${health.status}`, details)
  },
})

export const acceptsLocalhost = check({
  id: 'backend/accepts-localhost',
  title: 'The backend accepts requests for localhost',
  why: 'The container’s own health check asks for localhost. Without that name in ALLOWED_HOSTS it gets a 400, and the container is unhealthy while the site works.',
  params: backendParams,
  after: ['backend/answers'],
  explains: SEEN_AS.filter(
    id => id === 'services/backend-healthy' || id === 'backend/healthy' || id === 'logs/backend',
  ),
  async probe(context) {
    const { health, asSite } = await viewOf(context)
    const details = { measured: `${health.status} for localhost, ${asSite.status} for the site’s name` }
    if (health.status !== 400) return pass('localhost is one of its names', details)
    return fail('the backend answers 400 for localhost: it is not in ALLOWED_HOSTS', {
      ...details,
      expected: 'any answer but 400',
      advice: 'Add localhost to ALLOWED_HOSTS in the env file, and make the backend anew',
    })
  },
})

export const acceptsSite = check({
  id: 'backend/accepts-site',
  title: 'The backend accepts requests for the site’s own name',
  why: 'A name that is missing in ALLOWED_HOSTS is a 400 for every visitor.',
  params: backendParams,
  after: ['backend/answers'],
  explains: ['site/api-answers', 'site/api-healthy', 'logs/backend'],
  async probe(context) {
    const { asSite } = await viewOf(context)
    const [domain = ''] = context.params.domains
    const details = { measured: `${asSite.status}`, expected: 'any answer but 400' }
    if (asSite.status !== 400) return pass(`${domain} is one of its names`, details)
    return fail(`the backend answers 400 for ${domain}: it is not in ALLOWED_HOSTS`, {
      ...details,
      advice: `Add ${domain} to ALLOWED_HOSTS in the env file, and make the backend anew`,
    })
  },
})

export const quick = check({
  id: 'backend/quick',
  title: 'The backend answers in time',
  why: 'Visitors leave after seconds, health checks give up after ten, and a queue of waiting requests looks like an outage.',
  params: backendParams,
  after: ['backend/answers'],
  remedies: [restartBackend],
  async probe(context) {
    const { health } = await viewOf(context)
    const { answerWarnSeconds, answerFailSeconds } = context.policy
    const details = { measured: `${health.seconds} s`, expected: `below ${answerWarnSeconds} s` }
    const advice =
      'Look for blocked queries, for a machine that is short of something, and for a container that is held back'
    const words = `the health endpoint took ${health.seconds} s`
    if (health.seconds >= answerFailSeconds)
      return fail(words, { ...details, advice, remedies: [restartBackend] })
    if (health.seconds >= answerWarnSeconds)
      return warn(words, { ...details, advice, remedies: [restartBackend] })
    return pass(words, details)
  },
})

/** The body in parts. @throws Unreadable when it is no JSON with components. */
async function partsOf(context: Parameters<typeof viewOf>[0]) {
  const { health, asSite } = await viewOf(context)
  return parseHealth((health.status === 400 ? asSite : health).body)
}

interface ComponentQuestion {
  readonly id: string
  readonly title: string
  readonly why: string
  /** Names by which endpoints call it. */
  readonly names: readonly string[]
  /** Without it the shop does not work: anything but healthy is a failure. */
  readonly vital: boolean
  readonly explains: readonly string[]
}

function componentCheck({ names, vital, ...rest }: ComponentQuestion): Check<BackendParams> {
  const remedies = vital ? [] : [restartWorker]
  return check({
    ...rest,
    params: backendParams,
    after: ['backend/answers', 'backend/endpoint-speaks'],
    remedies,
    async probe(context) {
      const { components } = await partsOf(context)
      const component = components.find(({ name }) => names.includes(name))
      if (component === undefined)
        return notApplicable(
          `the health endpoint says nothing of it: ${components.map(({ name }) => name).join(', ')}`,
        )
      return judge(component, vital, remedies)
    },
  })
}

function judge(component: Component, vital: boolean, remedies: readonly (typeof restartWorker)[]) {
  const { name, status, message } = component
  const details = { measured: status, expected: 'healthy' }
  const words = `${name} is ${status}${message === '' ? '' : `: ${message}`}`.slice(0, 300)
  if (/^(healthy|ok|up|pass)$/i.test(status)) return pass(words, details)
  const telling = message.slice(0, 200)
  return (vital ? fail : warn)(words, { ...details, ...(telling === '' ? {} : { telling }), remedies })
}

export const endpointSpeaks = check({
  id: 'backend/endpoint-speaks',
  title: 'The health endpoint says how each component is',
  why: 'A status alone hides which of database, cache and worker is broken. Only the body tells.',
  params: backendParams,
  after: ['backend/answers', 'backend/accepts-site'],
  async probe(context) {
    const { status, components } = await partsOf(context)
    return pass(`${status}; it speaks of ${components.map(({ name }) => name).join(', ')}`, {
      measured: status,
    })
  },
})

export const databaseComponent = componentCheck({
  id: 'backend/database',
  title: 'The backend reaches its database',
  why: 'Database down is shop down: nothing can be looked at or bought.',
  names: ['database', 'db', 'postgres', 'postgresql'],
  vital: true,
  explains: SEEN_AS,
})

export const cacheComponent = componentCheck({
  id: 'backend/cache',
  title: 'The backend reaches Redis',
  why: 'Without the cache sessions and carts are gone, and orders cannot be handed to the workers.',
  names: ['redis_cache', 'cache', 'redis'],
  vital: true,
  explains: [...SEEN_AS, 'backend/worker'],
})

export const workerComponent = componentCheck({
  id: 'backend/worker',
  title: 'The backend is answered by a worker',
  why: 'The health endpoint calls this a warning. For customers it means that no e-mail comes and no payment is followed up.',
  names: ['celery', 'worker', 'workers', 'queue'],
  vital: false,
  explains: ['backend/healthy', 'site/api-healthy'],
})

export const healthy = check({
  id: 'backend/healthy',
  title: 'The backend calls itself healthy',
  why: '503 while the site loads, or 200 while it is degraded: the status says one thing and the body another, so both are read.',
  params: backendParams,
  after: ['backend/answers', 'backend/endpoint-speaks'],
  explains: ['services/backend-healthy', 'site/api-healthy'],
  async probe(context) {
    const { health } = await viewOf(context)
    const { status, components } = await partsOf(context)
    const ill = components.filter(component => !/^(healthy|ok|up|pass)$/i.test(component.status))
    const details = {
      measured: `${health.status}, ${status}`,
      expected: '200, healthy',
    }
    if (health.status === 200 && ill.length === 0)
      return pass(`it answers ${health.status}: ${status}`, details)
    const words = `it answers ${health.status}, ${status}: ${ill.map(({ name }) => name).join(', ') || 'no component says why'}`
    return health.status >= 500 ? fail(words, details) : warn(words, details)
  },
})

export const namesResolve = check({
  id: 'backend/names-resolve',
  title: 'The backend finds its services by name',
  why: 'Services are known to each other by their names alone: a container in another network finds nobody.',
  params: backendParams,
  after: ['services/backend-runs'],
  async probe(context) {
    const { params } = context
    const { names } = await viewOf(context)
    const own = [params.databaseService, params.redisService]
    const lost = own.filter(name => (names.get(name) ?? []).length === 0)
    const details = { measured: `${own.length - lost.length} of ${own.length} found`, expected: 'all found' }
    if (lost.length === 0) return pass(`${own.join(' and ')} are found by name`, details)
    return fail(`${lost.join(' and ')} is not found by name inside the backend’s container`, {
      ...details,
      advice: 'A service that is stopped has no name. If it runs, look at the network that both are in',
    })
  },
})

export const findsTheWorld = check({
  id: 'backend/finds-the-world',
  title: 'The backend finds the world by name',
  why: 'Payments, mail and the object store are reached by name. “Temporary failure in name resolution” is an outage of all three, while the site looks well.',
  params: backendParams,
  after: ['services/backend-runs'],
  explains: ['logs/backend', 'logs/worker'],
  remedies: [setContainerNameServers],
  async probe(context) {
    const [domain = ''] = context.params.domains
    const inside = (await viewOf(context)).names.get(domain) ?? []
    const details = { measured: inside.join(', ') || 'not found', expected: 'an address' }
    if (inside.length > 0) return pass(`${domain} is found inside the backend’s container`, details)
    if ((await context.read(addressesOnServer, domain)).length === 0)
      return notApplicable(`${domain} is not found on the server either: that says nothing about containers`)
    return fail(`${domain} is found on the server, and not inside the backend’s container`, {
      ...details,
      remedies: [setContainerNameServers],
    })
  },
})
