/** What has to hold before a release is put in place: each is looked at before anything changes. */

import { spaceAt } from '../../src/facts/directories.ts'
import { dockerDaemon } from '../../src/facts/docker.ts'
import { registryHas } from '../../src/facts/registry.ts'
import { noteFunction } from '../../src/facts/releases.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { backupRecent } from '../backup/recent.ts'
import { gateReason } from './gate.ts'
import { ORDER_WORDS, readOrder } from './order.ts'
import { deployParams } from './parameters.ts'
import {
  isRunning,
  lastGood,
  readSituation,
  runningTag,
  runsIt,
  type Situation,
  shortId,
} from './situation.ts'

const GIB = 1024 ** 3

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

export const deployRoom = check({
  id: 'deploy/room',
  title: 'There is room for the release beside the old one',
  why: 'A disk that fills up while images are unpacked stops PostgreSQL first. The old images stay, because they are the way back.',
  params: deployParams,
  async probe({ read, policy }) {
    const answer = await read(dockerDaemon)
    if (!answer.answers) throw new Unreadable(`the Docker daemon does not answer: ${answer.reason}`)
    const { availableBytes, mountedOn } = await read(spaceAt, answer.daemon.root)
    const measured = `${(availableBytes / GIB).toFixed(1)} GiB free on ${mountedOn}`
    const expected = `at least ${policy.deployRoomGiB} GiB`
    if (availableBytes < policy.deployRoomGiB * GIB)
      return fail(`only ${measured}`, {
        measured,
        expected,
        advice:
          'Remove images that no release needs any more, never those that run or ran last: `docker image prune` without -a',
      })
    return pass(measured, { measured, expected })
  },
})

export const noteKnownGood = remedy({
  id: 'deploy/note-known-good',
  title: 'Note what runs now as good, by its digests',
  why: 'It is healthy now. If the new release is not, this is what a rollback puts back: these very images, whatever their tags mean by then.',
  risk: 'None: one line in a file on the server.',
  grade: 'reversible',
  params: deployParams,
  async plan(context) {
    const situation = await readSituation(context, context.params.releaseTag)
    const reason = await gateReason(context)
    if (reason !== null) throw new Unreadable(`what runs cannot be noted as good: ${reason}`)
    const ids = situation.services.flatMap(({ container }) => (container === undefined ? [] : [container.id]))
    return {
      actions: [
        runAction(
          'Write the digests into the ledger',
          sh`
            ${noteFunction}
            note good ${situation.project} ${runningTag(situation)} '' ${ids}
          `,
        ),
      ],
      touches: ['/var/lib/kneeboard/releases.tsv: one more line'],
      undo: 'Remove the last line of that file',
      expectedSeconds: 1,
    }
  },
})

export const knownGoodNoted = check({
  id: 'deploy/known-good-noted',
  title: 'What to go back to is noted, by digest',
  why: 'A tag called “previous” may be the broken release already. A digest is the same image for ever.',
  params: deployParams,
  remedies: [noteKnownGood],
  async probe(context) {
    const situation = await readSituation(context, context.params.releaseTag)
    const { ledger, services, project } = situation
    if (services.every(({ container }) => container === undefined))
      return notApplicable('nothing of the release has ever run here: there is nothing to go back to')
    const own = ledger.entries.filter(entry => entry.project === project)
    const good = lastGood(situation)
    const said =
      good === undefined
        ? ''
        : `${good.tag}, found good ${good.at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
    const newest = own.at(-1)
    const known = own.some(entry => entry.event === 'good' && isRunning(entry, services))
    // What this runbook put in place is watched further down, and noted then.
    const ours = newest?.event === 'deployed' && isRunning(newest, services)
    const details = {
      measured: said || 'nothing is noted',
      expected: 'what runs now, or what ran before the last deployment',
    }
    if (good !== undefined && (known || ours || newest?.event === 'failed')) return pass(said, details)
    if ((await gateReason(context)) === null)
      return fail(`${runningTag(situation)} runs and is not noted`, { ...details, remedies: [noteKnownGood] })
    return warn(
      good === undefined
        ? 'what runs is not healthy, and nothing was ever noted as good: a rollback would have to be chosen by hand'
        : `what runs is not healthy: a rollback would lead to ${said}`,
      details,
    )
  },
})

/** The backup runbook's own check and remedy, asked only where something is about to change. */
export const migrationsUnderstood = check({
  id: 'deploy/migrations-understood',
  title: 'What the release does to the database is known, and so is the order',
  why: 'Guides say “deploy, then migrate” and “migrate, then deploy”. Either breaks for one kind of change: it is decided for each release.',
  params: deployParams,
  after: ['deploy/images-pulled'],
  timeoutSeconds: 200,
  async probe(context) {
    const { params } = context
    const { services, tag } = await readSituation(context, params.releaseTag)
    const backend = services.find(({ service }) => service === params.backendService)
    if (backend === undefined) return notApplicable(`${params.backendService} is no part of the release`)
    const { pending, order, reason } = await readOrder(context, backend.wanted)
    const expected = 'every operation is one whose effect is known'
    if (pending.length === 0)
      return pass(`${tag} changes nothing in the database`, { measured: 'no migrations', expected })
    const measured = `${pending.map(({ key }) => key).join(', ')}: ${ORDER_WORDS[order]}`
    return pass(`${pending.length} migration(s), ${ORDER_WORDS[order]}: ${reason}`, { measured, expected })
  },
})

export const backupBeforeDeploy = check({
  ...backupRecent,
  params: deployParams,
  after: ['deploy/images-pulled'],
  async probe(context) {
    const { services, tag } = await readSituation(context, context.params.releaseTag)
    if (services.every(runsIt)) return notApplicable(`${tag} runs already: nothing is about to change`)
    return backupRecent.probe(context)
  },
})
