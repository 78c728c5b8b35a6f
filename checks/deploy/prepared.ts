/** What else has to hold before a release is put in place: room, a known effect on the database, a backup. */

import { spaceAt } from '../../src/facts/directories.ts'
import { dockerDaemon } from '../../src/facts/docker.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { backupRecent } from '../backup/recent.ts'
import { ORDER_WORDS, readOrder } from './order.ts'
import { deployParams } from './parameters.ts'
import { readSituation, runsIt } from './situation.ts'

const GIB = 1024 ** 3

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

/** The backup runbook's own check and remedy, asked only where something is about to change. */
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
