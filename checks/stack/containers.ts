/** The containers of the stack as a whole: whether any runs, and what does not belong there. */

import { stackContainers } from '../../src/facts/containers.ts'
import { composeCommand, stackConfig } from '../../src/facts/stack.ts'
import { lastingAction, runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { roles, serviceParams } from '../services/roles.ts'
import { settle } from '../services/settle.ts'
import { always } from './file.ts'

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
