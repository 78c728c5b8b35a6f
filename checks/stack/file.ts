/** The Compose file itself: whether it can be read, and whether what it asks for is there. */

import { stackContainers } from '../../src/facts/containers.ts'
import { imageIdOf, localImages } from '../../src/facts/images.ts'
import { type StackService, stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { editAction, keptWhere } from '../configuration/edit-env.ts'
import { roles, serviceParams } from '../services/roles.ts'

/** Services that `up` starts; those under a profile run only when somebody asks. */
export const always = (services: readonly StackService[]): StackService[] =>
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
  // With the tag that does not exist come values that no container has.
  explains: [...imageChecks, 'configuration/environment-current'],
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
