/** The release's images: named by its tag, there to be had, and on the server before anything changes. */

import { registryHas } from '../../src/facts/registry.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { deployParams } from './parameters.ts'
import { readSituation, type Situation, shortId } from './situation.ts'

export const imagesNamed = check({
  id: 'deploy/images-named',
  title: 'The Compose file takes its images from the registry, by the release’s tag',
  why: 'With `build:` there is nothing to pull: Compose says “No image to be pulled” and goes on with the old one, and everybody believes that the new release runs.',
  params: deployParams,
  async probe(context) {
    const { services, tag } = await readSituation(context, context.params.releaseTag)
    const expected = `image: …:\${${context.params.tagVariable}}`
    const built = services.filter(({ config }) => config.isBuilt).map(({ service }) => service)
    const fixed = services.filter(({ wanted }) => !wanted.endsWith(`:${tag}`)).map(({ service }) => service)
    if (built.length > 0)
      return fail(`built on the server in place of pulled: ${built.join(', ')}`, {
        measured: 'build:',
        expected,
        advice: `In the Compose file, write image: …:\${${context.params.tagVariable}} in place of build:`,
      })
    if (fixed.length > 0)
      return fail(`the tag makes no difference to ${fixed.join(', ')}`, {
        measured: services.find(({ service }) => fixed.includes(service))?.wanted ?? '',
        expected,
        advice: `Put \${${context.params.tagVariable}} into the image’s name in the Compose file`,
      })
    return pass(`${services.length} services take the tag ${tag}`, { measured: 'image:', expected })
  },
})

export const tagAvailable = check({
  id: 'deploy/tag-available',
  title: 'The images of the release exist',
  why: 'A tag that was never built is found out here, while everything runs, and not when the old containers are gone.',
  params: deployParams,
  after: ['deploy/images-named'],
  timeoutSeconds: 120,
  async probe(context) {
    const { services, tag } = await readSituation(context, context.params.releaseTag)
    const missing = missingImages({ services })
    const expected = 'on the server, or in the registry'
    if (missing.length === 0) {
      const ids = [...new Set(services.map(({ wantedId = '' }) => shortId(wantedId)))]
      return pass(`${tag} is on the server already (${ids.join(', ')}), so the registry is not asked`, {
        measured: 'on the server',
        expected,
      })
    }
    const answers = await Promise.all(missing.map(image => context.read(registryHas, image)))
    const absent = missing.filter((_, at) => answers[at]?.has !== true)
    if (absent.length === 0)
      return pass(`the registry has ${missing.join(' and ')}: it is pulled before anything changes`, {
        measured: 'in the registry',
        expected,
      })
    const reason = answers.find(answer => !answer.has)?.reason ?? ''
    return fail(
      `${absent.join(' and ')} ${absent.length === 1 ? 'is' : 'are'} not on the server, and the registry does not give ${absent.length === 1 ? 'it' : 'them'}`,
      {
        measured: 'nowhere',
        expected,
        telling: reason,
        advice: /denied|unauthorized|authentication/i.test(reason)
          ? 'The registry refuses: docker login on the server, or make the package public'
          : /manifest unknown|not found/i.test(reason)
            ? 'This tag was never built, or was removed: look at the build’s last run'
            : 'The registry cannot be reached from the server: look at its network and DNS',
      },
    )
  },
})

export const pullImages = remedy({
  id: 'deploy/pull-images',
  title: 'Pull the images of the release',
  why: 'While everything still runs: a download that breaks off interrupts nobody.',
  risk: 'None to what runs. They take room on the disk, which was looked at.',
  grade: 'reversible',
  params: deployParams,
  async plan(context) {
    const missing = missingImages(await readSituation(context, context.params.releaseTag))
    if (missing.length === 0) throw new Unreadable('the images are on the server already')
    return {
      actions: missing.map(image =>
        lastingAction(`Pull ${image}`, sh`docker pull --quiet ${image} </dev/null`),
      ),
      touches: missing,
      undo: `docker rmi ${missing.join(' ')}`,
      expectedSeconds: 60,
    }
  },
})

/** Names of images that the release asks for and the server has not. */
const missingImages = ({ services }: Pick<Situation, 'services'>): string[] => [
  ...new Set(services.filter(({ wantedId }) => wantedId === undefined).map(({ wanted }) => wanted)),
]

export const imagesPulled = check({
  id: 'deploy/images-pulled',
  title: 'The images of the release are on the server, and made for its processor',
  why: 'What they do to the database is read in them before they run. An image for another processor starts with “exec format error”.',
  params: deployParams,
  after: ['deploy/tag-available', 'deploy/room'],
  remedies: [pullImages],
  async probe(context) {
    const situation = await readSituation(context, context.params.releaseTag)
    const missing = missingImages(situation)
    const expected = 'on the server'
    if (missing.length > 0)
      return fail(`still in the registry: ${missing.join(' and ')}`, {
        measured: 'not here',
        expected,
        remedies: [pullImages],
      })
    const names = [...new Set(situation.services.map(({ wanted }) => wanted))]
    const result = await context.run(
      sh`docker version --format '{{.Server.Arch}}' && docker image inspect --format '{{.Architecture}}' ${names}`,
      { as: 'root' },
    )
    const [server = '', ...images] = outputOf(result, 'what the images are made for').trim().split('\n')
    const other = images.find(architecture => architecture !== server)
    if (other !== undefined)
      return fail(`made for ${other}, and the server is ${server}`, {
        measured: other,
        expected: server,
        advice: `Build the image for linux/${server} as well`,
      })
    return pass(`${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} here, for ${server}`, {
      measured: server,
      expected,
    })
  },
})
