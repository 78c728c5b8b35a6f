/** The Compose file itself: whether it can be read, and whether what it asks for is there. */

import { stackContainers } from '../../src/facts/containers.ts'
import { imageIdOf, localImages } from '../../src/facts/images.ts'
import { composeCommand, type StackService, stackConfig } from '../../src/facts/stack.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from '../configuration/edit-env.ts'
import { roles, serviceParams } from '../services/roles.ts'
import { settle } from '../services/settle.ts'

/** Services that `up` starts; those under a profile run only when somebody asks. */
const always = (services: readonly StackService[]): StackService[] =>
  services.filter(({ profiles }) => profiles.length === 0)

const imageChecks = roles.map(({ id }) => `services/${id}-image`)

export const fileReadable = check({
  id: 'stack/file-readable',
  title: 'Compose can read the file',
  why: 'A file that Compose refuses stops every start, every deployment and every rollback, while what runs goes on.',
  params: serviceParams,
  async probe({ read, params }) {
    try {
      const { services, project } = await read(stackConfig, params.composeFile)
      return pass(`${params.composeFile} describes ${services.length} services of the project ${project}`)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      return fail(error.message, {
        advice: `Mend what it names: docker compose -f ${params.composeFile} config. If the file lies elsewhere, say where with --set composeFile=…`,
      })
    }
  },
})

export const servicesKnown = check({
  id: 'stack/services-known',
  title: 'The file has all the services that the shop consists of',
  why: 'What the file does not have, nobody misses: `compose ps` and `up` are content without it.',
  params: serviceParams,
  after: ['stack/file-readable'],
  async probe({ read, params }) {
    const { services } = await read(stackConfig, params.composeFile)
    const wanted = roles
      .filter(({ id }) => id !== 'nginx' || params.nginxRunsIn === 'compose')
      .map(({ parameter }) => params[parameter])
    const missing = wanted.filter(name => !services.some(service => service.name === name))
    const details = { measured: services.map(({ name }) => name).join(', '), expected: wanted.join(', ') }
    if (missing.length === 0) return pass(`the file has all ${wanted.length}`, details)
    return warn(`the file has no ${missing.join(', ')}`, {
      ...details,
      advice: 'Where a service has another name here, give it with --set backendService=… and the like',
    })
  },
})

export const imagesNamed = check({
  id: 'stack/images-named',
  title: 'Every service names an image',
  why: 'With `build:` in the place of `image:`, `pull` says “No image to be pulled”, and a deployment changes nothing.',
  params: serviceParams,
  after: ['stack/file-readable'],
  async probe({ read, params }) {
    const services = always((await read(stackConfig, params.composeFile)).services)
    const built = services.filter(({ isBuilt }) => isBuilt).map(({ name }) => name)
    if (built.length === 0) return pass(`all ${services.length} services name an image`)
    const details = { measured: built.join(', '), expected: 'image: in every service', telling: 'build:' }
    const advice = `Put \`image:\` in the place of \`build:\` in ${params.composeFile}: images are built elsewhere, and pulled here`
    return fail(`${built.join(', ')} would be built from source`, { ...details, advice })
  },
})

export const runTagThatRuns = remedy({
  id: 'stack/name-the-tag-that-runs',
  title: 'Put IMAGE_TAG in .env back to the release that runs',
  why: 'The images of the release that runs are on the server. With their tag in .env, a restart starts what worked until now.',
  risk: 'None to what runs. The deployment that set the tag has not happened, and is to be done again with a tag that exists.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ read, params }) {
    const containers = await read(stackContainers, params.composeFile)
    const backend = containers.find(({ service, isOneOff }) => service === params.backendService && !isOneOff)
    const tag = /:([A-Za-z0-9_][A-Za-z0-9._-]*)$/.exec(backend?.image ?? '')?.[1]
    if (tag === undefined)
      throw new Unreadable('which tag runs now cannot be told from the backend’s container')
    const file = `${params.composeFile.replace(/\/[^/]*$/, '')}/.env`
    return {
      actions: [
        editAction(`Set IMAGE_TAG to ${tag} in ${file}`, [file], sh`value=${tag}; set_key ${file} IMAGE_TAG`),
      ],
      touches: [file],
      undo: keptWhere,
      expectedSeconds: 1,
    }
  },
})

export const imagesPresent = check({
  id: 'stack/images-present',
  title: 'Every image that the file names is on the server',
  why: 'What runs goes on without it; the next start, and the reboot at night, does not.',
  params: serviceParams,
  after: ['stack/file-readable', 'docker/engine-running'],
  explains: imageChecks,
  remedies: [runTagThatRuns],
  async probe({ read, params, run }) {
    const services = always((await read(stackConfig, params.composeFile)).services)
    const images = await read(localImages)
    const missing = services.filter(
      ({ image, isBuilt }) => !isBuilt && image !== '' && imageIdOf(images, image) === undefined,
    )
    if (missing.length === 0) return pass(`all images of ${services.length} services are on the server`)
    const names = [...new Set(missing.map(({ image }) => image))]
    const tagged = await run(
      sh`grep -c '^IMAGE_TAG=' "$(dirname ${params.composeFile})/.env" 2>/dev/null || true`,
      { as: 'root' },
    )
    return fail(`${names.join(', ')} is not on the server`, {
      measured: `missing for ${missing.map(({ name }) => name).join(', ')}`,
      expected: 'every image of the file',
      telling: names[0] ?? '',
      remedies: tagged.stdout.trim() === '1' ? [runTagThatRuns] : [],
      advice: `docker compose -f ${params.composeFile} pull, if the release exists in the registry`,
    })
  },
})

export const noStrays = check({
  id: 'stack/no-strays',
  title: 'No container is left over from another file',
  why: 'A second worker or scheduler that nobody sees takes tasks with an old version of the code, or sends everything twice.',
  params: serviceParams,
  after: ['stack/file-readable', 'docker/engine-running'],
  async probe({ read, params }) {
    const { services } = await read(stackConfig, params.composeFile)
    const containers = await read(stackContainers, params.composeFile)
    const strays = containers.filter(
      ({ service, isOneOff, status }) =>
        !isOneOff && status !== 'exited' && !services.some(({ name }) => name === service),
    )
    if (strays.length === 0) return pass('every container belongs to a service of the file')
    return warn(`${strays.map(({ name }) => name).join(', ')} belongs to no service of the file`, {
      measured: `${strays.length} left over`,
      expected: 'none',
      advice: `When they are not needed: docker rm -f ${strays.map(({ name }) => name).join(' ')}`,
    })
  },
})

export const oneScheduler = check({
  id: 'stack/one-scheduler',
  title: 'There is one scheduler, and not two',
  why: 'Two schedulers send every scheduled task twice: two reminders, two invoices.',
  params: serviceParams,
  after: ['stack/file-readable', 'docker/engine-running'],
  async probe({ read, params }) {
    const containers = await read(stackContainers, params.composeFile)
    const running = containers.filter(
      ({ service, status }) => service === params.beatService && status === 'running',
    )
    const details = { measured: `${running.length}`, expected: 'at most 1' }
    if (running.length <= 1) return pass('no second scheduler runs', details)
    return fail(`${running.length} schedulers run: ${running.map(({ name }) => name).join(', ')}`, {
      ...details,
      advice: `Remove all but one: docker rm -f ${running.at(-1)?.name ?? ''}`,
    })
  },
})

export const removeLeftovers = remedy({
  id: 'stack/remove-one-offs',
  title: 'Remove containers that `compose run` left',
  why: 'They have ended, and hold names, disk and addresses of the stack’s network.',
  risk: 'None: only containers that have ended are removed, and no volume.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ read, params }) {
    const left = ended(await read(stackContainers, params.composeFile))
    return {
      actions: [runAction('Remove them', sh`docker rm ${left.map(({ id }) => id)}`)],
      touches: left.map(({ name }) => name),
      undo: 'Not needed: they had ended',
      expectedSeconds: 2,
    }
  },
})

const ended = <T extends { readonly isOneOff: boolean; readonly status: string }>(all: readonly T[]): T[] =>
  all.filter(({ isOneOff, status }) => isOneOff && (status === 'exited' || status === 'created'))

/** So many are an accident of today; more are a habit that fills the disk. */
const FEW = 20

export const noOneOffs = check({
  id: 'stack/no-one-offs',
  title: 'No heap of ended containers lies about',
  why: 'Each `compose run` without --rm leaves one, with its log and its layer on the disk.',
  params: serviceParams,
  after: ['stack/file-readable', 'docker/engine-running'],
  remedies: [removeLeftovers],
  async probe({ read, params }) {
    const left = ended(await read(stackContainers, params.composeFile))
    const details = { measured: `${left.length}`, expected: `at most ${FEW}` }
    if (left.length <= FEW) return pass(`${left.length} ended containers lie about`, details)
    return warn(`${left.length} ended containers lie about`, { ...details, remedies: [removeLeftovers] })
  },
})

export const restartPolicies = check({
  id: 'stack/restart-policies',
  title: 'Every service comes back after a reboot',
  why: 'Without a restart policy a service that ends stays down, and after a reboot the shop is simply not there.',
  params: serviceParams,
  after: ['stack/file-readable'],
  async probe({ read, params }) {
    const services = always((await read(stackConfig, params.composeFile)).services)
    const without = services.filter(({ restart }) => restart === 'no').map(({ name }) => name)
    const details = { measured: without.join(', ') || 'none without', expected: 'a policy for every service' }
    if (without.length === 0) return pass(`all ${services.length} services have a restart policy`, details)
    return warn(`${without.join(', ')} would stay down after a reboot`, {
      ...details,
      advice: 'Write `restart: unless-stopped` under it in the Compose file',
    })
  },
})

export const logsRotated = check({
  id: 'stack/logs-rotated',
  title: 'No container’s log grows without end',
  why: 'The default keeps every line for ever: a chatty worker fills the disk in a month.',
  params: serviceParams,
  after: ['stack/file-readable', 'docker/engine-running'],
  async probe({ read, params }) {
    const containers = (await read(stackContainers, params.composeFile)).filter(({ isOneOff }) => !isOneOff)
    const endless = containers.filter(
      ({ logDriver, logOptions }) => logDriver === 'json-file' && logOptions['max-size'] === undefined,
    )
    if (endless.length === 0) return pass(`the logs of ${containers.length} containers are rotated`)
    return warn(`the log of ${endless.map(({ name }) => name).join(', ')} is never rotated`, {
      advice: 'Set log-opts in /etc/docker/daemon.json (server-setup does it), and make the containers anew',
    })
  },
})

export const startStack = remedy({
  id: 'stack/start',
  title: 'Start the whole stack',
  why: 'Everything was stopped, or nothing came back after a reboot. Compose starts the services in the order in which they need each other.',
  risk: 'Somebody may have stopped it on purpose: a migration, a restore. What the file says now is what starts.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ params, policy }) {
    return {
      actions: [
        lastingAction('Start it', sh`${composeCommand(params.composeFile)} up -d </dev/null`, {
          timeoutSeconds: 300,
        }),
        settle(params.composeFile, policy.recreateWaitSeconds),
      ],
      touches: ['every container of the stack'],
      undo: `docker compose -f ${params.composeFile} stop`,
      expectedSeconds: 40,
    }
  },
})

export const stackStarted = check({
  id: 'stack/started',
  title: 'The stack was started',
  why: 'Seven stopped services are one cause: somebody stopped the stack, or it did not come back after a reboot.',
  params: serviceParams,
  after: ['stack/file-readable', 'docker/engine-running'],
  explains: roles.map(({ id }) => `services/${id}-runs`),
  remedies: [startStack],
  async probe({ read, params }) {
    const services = always((await read(stackConfig, params.composeFile)).services)
    const containers = await read(stackContainers, params.composeFile)
    const up = services.filter(({ name }) =>
      containers.some(({ service, status }) => service === name && /running|restarting/.test(status)),
    )
    const details = { measured: `${up.length} of ${services.length} services`, expected: 'all of them' }
    // A part that is missing is that service's own failure.
    if (up.length > 0) return pass(`${up.length} of ${services.length} services are up`, details)
    return fail(`none of the ${services.length} services is up`, { ...details, remedies: [startStack] })
  },
})
