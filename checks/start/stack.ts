/** The first start: the images are there, nginx answers on port 80 for the CA, and then everything runs. */

import { type Container, containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { imageIdOf, localImages } from '../../src/facts/images.ts'
import { composeCommand, type StackService, stackConfig } from '../../src/facts/stack.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { type ConfigurationParams, configurationParams } from '../configuration/parameters.ts'
import { reloadIfRunning, untilHealthy } from '../configuration/recreate.ts'

type Context = Pick<ProbeContext<ConfigurationParams>, 'read' | 'params'>

/** What `up` starts: services under a profile are tools. */
async function servicesOf({ read, params }: Context): Promise<StackService[]> {
  const { services } = await read(stackConfig, params.composeFile)
  return services.filter(({ profiles }) => profiles.length === 0)
}

async function missingImages(context: Context): Promise<string[]> {
  const images = await context.read(localImages)
  const names = (await servicesOf(context)).filter(({ isBuilt }) => !isBuilt).map(({ image }) => image)
  return [...new Set(names)].filter(name => imageIdOf(images, name) === undefined)
}

export const pullStack = remedy({
  id: 'start/pull',
  title: 'Pull the images of the stack',
  why: 'Before anything starts: a registry that refuses is found out while nothing depends on it.',
  risk: 'None: they take room on the disk.',
  grade: 'reversible',
  params: configurationParams,
  async plan(context) {
    const missing = await missingImages(context)
    if (missing.length === 0) throw new Unreadable('every image is on the server already')
    return {
      actions: missing.map(image =>
        lastingAction(`Pull ${image}`, sh`docker pull --quiet ${image} </dev/null`),
      ),
      touches: missing,
      undo: `docker rmi ${missing.join(' ')}`,
      expectedSeconds: 120,
    }
  },
})

export const imagesHere = check({
  id: 'start/images-here',
  title: 'Every image of the stack is on the server',
  why: 'A private package, a tag that was never built: better now than half-way through the first start.',
  params: configurationParams,
  remedies: [pullStack],
  async probe(context) {
    const all = await servicesOf(context)
    const built = all.filter(({ isBuilt }) => isBuilt).map(({ name }) => name)
    const expected = `${all.length} services have theirs`
    if (built.length > 0)
      return fail(`built on the server in place of pulled: ${built.join(', ')}`, {
        measured: 'build:',
        expected,
        advice: 'In the Compose file, write image: with the release’s tag in place of build:',
      })
    const missing = await missingImages(context)
    if (missing.length === 0)
      return pass(`the images of ${all.length} services are here`, { measured: 'all here', expected })
    return fail(`not here yet: ${missing.join(', ')}`, {
      measured: `${missing.length} missing`,
      expected,
      remedies: [pullStack],
      advice: 'Where the registry refuses: docker login on the server, or make the package public',
    })
  },
})

export const startWeb = remedy({
  id: 'start/web',
  title: 'Start nginx, with what it leads to',
  why: 'nginx looks its upstreams up when it starts, so they come along. Nobody knows the address yet but the CA.',
  risk: 'The site answers on port 80, without encryption, until the certificate is there.',
  grade: 'reversible',
  params: configurationParams,
  async plan({ params, policy }) {
    const { composeFile, nginxService } = params
    return {
      actions: [
        lastingAction(
          `docker compose up -d ${nginxService}`,
          sh`
            ${composeCommand(composeFile)} up -d ${nginxService} </dev/null || exit 1
            ${untilHealthy(composeFile, [nginxService], policy.deployHealthSeconds)}
          `,
          { timeoutSeconds: 900 },
        ),
      ],
      touches: [`the containers of ${nginxService} and of what it depends on`],
      undo: `${composeCommand(composeFile).text} stop ${nginxService}`,
      expectedSeconds: 40,
    }
  },
})

export const webStarted = check({
  id: 'start/web-started',
  title: 'nginx runs, so that the CA’s question finds an answer',
  why: 'The certificate is ordered through port 80. Without anything behind it the order fails, and counts against the CA’s limit.',
  params: configurationParams,
  after: ['start/images-here'],
  remedies: [startWeb],
  async probe({ params, read }) {
    if (params.nginxRunsIn === 'host') return notApplicable('nginx runs on the host, and not in the stack')
    const container = containerOfService(await read(stackContainers, params.composeFile), params.nginxService)
    const measured = container?.status ?? 'no container'
    const details = { measured, expected: 'running' }
    if (container?.status === 'running') return pass(`${container.name} runs`, details)
    return fail(container === undefined ? 'nginx was never started' : `nginx is ${measured}`, {
      ...details,
      remedies: [startWeb],
    })
  },
})

export const startStack = remedy({
  id: 'start/stack',
  title: 'Start everything',
  why: 'Database and broker first, then what needs them: Compose waits for their health checks.',
  risk: 'None to data. What runs already and is up to date is left alone.',
  grade: 'reversible',
  params: configurationParams,
  async plan(context) {
    const { params, policy } = context
    const names = (await servicesOf(context)).map(({ name }) => name)
    return {
      actions: [
        lastingAction(
          'docker compose up -d, and wait for the health checks',
          sh`
            ${composeCommand(params.composeFile)} up -d </dev/null || exit 1
            ${untilHealthy(params.composeFile, names, policy.deployHealthSeconds)}
          `,
          { timeoutSeconds: 900 },
        ),
        runAction('Have nginx look the addresses up', reloadIfRunning(params)),
      ],
      touches: names.map(name => `the container of ${name}`),
      undo: `${composeCommand(params.composeFile).text} stop`,
      expectedSeconds: 60,
    }
  },
})

const sound = (container: Container | undefined): boolean =>
  container?.status === 'running' && (container.health === null || container.health === 'healthy')

export const stackRuns = check({
  id: 'start/stack-runs',
  title: 'Every service of the Compose file runs and is healthy',
  why: 'Held against the file: `compose ps` does not list a service that was never made.',
  params: configurationParams,
  after: ['start/images-here'],
  remedies: [startStack],
  async probe(context) {
    const services = await servicesOf(context)
    const containers = await context.read(stackContainers, context.params.composeFile)
    const states = services.map(({ name }) => ({ name, container: containerOfService(containers, name) }))
    const bad = states.filter(({ container }) => !sound(container))
    const expected = `${services.length} of ${services.length}`
    const measured = `${services.length - bad.length} of ${services.length}`
    if (bad.length === 0) return pass(`all ${services.length} run and are healthy`, { measured, expected })
    const words = bad
      .map(
        ({ name, container }) =>
          `${name}: ${container === undefined ? 'never started' : `${container.status} ${container.health ?? ''}`.trim()}`,
      )
      .join(', ')
    return fail(words, {
      measured,
      expected,
      remedies: [startStack],
      advice: 'Where one does not get healthy: kneeboard check troubleshooting names the cause',
    })
  },
})
