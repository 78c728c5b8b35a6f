/** The queue between shop and workers, asked at the broker: a worker that answers pings may still take nothing. */

import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { stackLogs } from '../../src/facts/logs.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { redisOf, redisParams } from '../redis/condition.ts'
import { insideRedis } from '../redis/inside.ts'
import { secondsSince, span } from '../services/container-of.ts'
import { restartService } from '../services/remedies.ts'
import { roleOf } from '../services/roles.ts'
import { settle } from '../services/settle.ts'

/** Seconds that the queue is given to empty itself before the checks look again. */
const DRAIN_SECONDS = 180

const restartWorker = remedy({
  id: 'celery/restart-worker',
  title: 'Restart the worker, and let it empty the queue',
  why: 'A new worker connects anew and listens to every queue. What waits is worked off in the order in which it came.',
  risk: 'The task in hand is cut off after its grace period, and handed out again: tasks that are not made for that run twice.',
  grade: 'disruptive',
  params: redisParams,
  async plan({ params, policy, read }) {
    const redis = await read(runningContainer, params.composeFile, params.redisService)
    const length = insideRedis(redis, sh`redis-cli -n ${params.brokerDatabase} LLEN ${params.brokerQueue}`)
    return {
      actions: [
        lastingAction(
          `Restart ${params.workerService}`,
          sh`${composeCommand(params.composeFile)} restart ${params.workerService} </dev/null`,
          { timeoutSeconds: 700 },
        ),
        settle(params.composeFile, policy.recreateWaitSeconds),
        lastingAction(
          `Wait until fewer than ${policy.queueWarnTasks} tasks wait, for at most ${DRAIN_SECONDS} s`,
          sh`
            queued() {
              ${length}
            }
            waited=0
            while left=$(queued) && [ "\${left:-0}" -ge ${policy.queueWarnTasks} ] && [ "$waited" -lt ${DRAIN_SECONDS / 2} ]; do
              waited=$((waited + 1)); sleep 2
            done
            echo "$left tasks wait"
          `,
          { timeoutSeconds: DRAIN_SECONDS * 3 },
        ),
      ],
      touches: [`the container of ${params.workerService}`],
      interrupts: 'Tasks wait for a few seconds longer.',
      undo: 'Nothing to undo: it is the same container with the same settings',
      expectedSeconds: 30,
    }
  },
})

const restartBeat = restartService(roleOf('beat'))

/** A worker asks the broker every second; its last question is never older than this. */
const LISTENING_SECONDS = 10

/** From its start until it listens, a worker on a busy machine takes up to this: seen in the lab. Seconds. */
const STARTING_SECONDS = 30

export const takesTasks = check({
  id: 'celery/takes-tasks',
  title: 'A worker takes tasks from the queue',
  why: 'A worker can answer every ping and take nothing: it was told to stop, or lost its connection and did not notice.',
  params: redisParams,
  // One that is ended again and again never gets to listen.
  after: ['redis/answers', 'services/worker-runs', 'services/worker-steady'],
  explains: ['celery/queue'],
  remedies: [restartWorker],
  async probe(context) {
    const { params, read } = context
    const condition = await redisOf(context)
    const containers = await read(stackContainers, params.composeFile)
    const workers = containers.filter(({ service }) => service === params.workerService)
    const addresses = workers.flatMap(({ networks }) => networks.map(({ ipv4 }) => ipv4))
    const listening = condition.clients.filter(
      ({ address, command, flags, idleSeconds }) =>
        addresses.includes(address) &&
        command === 'brpop' &&
        (flags.includes('b') || idleSeconds <= LISTENING_SECONDS),
    )
    const { queued, unacknowledged } = condition
    const details = {
      measured: `${listening.length} listening, ${queued} waiting, ${unacknowledged} taken`,
      expected: '1 or more listening',
    }
    if (listening.length > 0)
      return pass(`${listening.length} worker connections listen at the queue`, details)
    // With every hand full a worker listens no more, until one is free again.
    if (unacknowledged > 0) return pass(`the worker is busy with ${unacknowledged} tasks`, details)
    const youngest = Math.min(...workers.map(({ startedAt }) => secondsSince(startedAt)))
    if (youngest < STARTING_SECONDS)
      throw new Unreadable(
        `the worker was started ${Math.round(youngest)} s ago and does not listen yet: look again in half a minute`,
      )
    const waits = queued === 0 ? '' : `, and ${queued} tasks wait`
    return fail(`no worker listens at the queue ${params.brokerQueue}${waits}`, {
      ...details,
      telling: 'brpop',
      remedies: [restartWorker],
    })
  },
})

export const queueShort = check({
  id: 'celery/queue',
  title: 'No heap of tasks waits',
  why: 'Every task is somebody’s e-mail or payment. Counted over all of Celery’s priorities, as `llen celery` sees only one.',
  params: redisParams,
  after: ['redis/answers'],
  remedies: [restartWorker],
  async probe(context) {
    const { queueWarnTasks, queueFailTasks } = context.policy
    const { queued } = await redisOf(context)
    const details = { measured: `${queued} tasks`, expected: `below ${queueWarnTasks}` }
    if (queued >= queueFailTasks)
      return fail(`${queued} tasks wait`, { ...details, remedies: [restartWorker] })
    if (queued >= queueWarnTasks)
      return warn(`${queued} tasks wait`, { ...details, remedies: [restartWorker] })
    return pass(`${queued} tasks wait`, details)
  },
})

export const tasksEnd = check({
  id: 'celery/tasks-end',
  title: 'Tasks that were taken come to an end',
  why: 'After an hour Redis hands a task out again that is not done: it runs twice, and an e-mail is sent twice.',
  params: redisParams,
  after: ['redis/answers'],
  remedies: [restartWorker],
  async probe(context) {
    const { oldestTaken, unacknowledged, now } = await redisOf(context)
    const age = oldestTaken === null ? 0 : Math.max(0, now - oldestTaken)
    const details = {
      measured: `${unacknowledged} taken, the oldest ${span(age)} ago`,
      expected: `none for more than ${span(context.policy.taskTakenFailSeconds)}`,
    }
    if (age < context.policy.taskTakenFailSeconds)
      return pass(`${unacknowledged} tasks are being worked on`, details)
    return warn(`a task was taken ${span(age)} ago and is not done`, {
      ...details,
      remedies: [restartWorker],
    })
  },
})

/** Times the usual distance between two sendings after which the scheduler counts as silent. */
const PATIENCE = 10
/** Seconds that silence never counts below: schedules of once a minute are common. */
const SILENCE_SECONDS = 600

export const beatSends = check({
  id: 'celery/beat-sends',
  title: 'The scheduler sends what is due',
  why: 'A scheduler can be up and send nothing: reminders, clean-ups and reports stop, and nobody notices for weeks.',
  params: redisParams,
  after: ['redis/answers', 'services/beat-steady'],
  remedies: [restartBeat],
  async probe({ params, read }) {
    const { now, services } = await read(stackLogs, params.composeFile)
    const last = services.get(params.beatService)?.last
    const container = containerOfService(await read(stackContainers, params.composeFile), params.beatService)
    const sent = last != null && /Sending due task/.test(last.text) ? (now - last.at) / 1000 : null
    const up = container === undefined ? 0 : (now - Date.parse(container.startedAt)) / 1000
    if (sent === null)
      return pass(`the scheduler has nothing due, or says nothing of it (up for ${span(up)})`)
    const details = { measured: `${span(sent)} ago`, expected: `within ${span(SILENCE_SECONDS * PATIENCE)}` }
    if (sent < SILENCE_SECONDS * PATIENCE) return pass(`the last task was sent ${span(sent)} ago`, details)
    return warn(`the last task was sent ${span(sent)} ago`, { ...details, remedies: [restartBeat] })
  },
})
