import { celeryRoundTrip, type RoundTrip } from '../../src/facts/celery-round-trip.ts'
import { stackConfig } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass, unknown, type Verdict } from '../../src/model/verdict.ts'
import { migrationParams } from './parameters.ts'

export const taskComesBack = check({
  id: 'migrations/task-comes-back',
  title: 'A task goes through the queue and comes back',
  why: 'A worker can answer its ping and still run nothing. A task that came back has passed the broker, the worker and the place for results.',
  params: migrationParams,
  after: ['migrations/target-reached', 'migrations/writers-run'],
  timeoutSeconds: 120,
  async probe({ params, policy, read }) {
    const { services } = await read(stackConfig, params.composeFile)
    if (!services.some(({ name }) => name === params.workerService))
      return notApplicable(`the Compose file has no service ${params.workerService}`)
    const seconds = policy.taskRoundTripSeconds
    return judgeRoundTrip(
      await read(celeryRoundTrip, params.composeFile, params.workerService, seconds),
      seconds,
    )
  },
})

export function judgeRoundTrip({ ending, seconds, worker }: RoundTrip, limit: number): Verdict {
  const expected = `an answer within ${limit} s`
  if (ending === 'no-results')
    return unknown('the application keeps no results, so whether a task was done cannot be seen', {
      expected,
    })
  if (ending === 'silent')
    return fail(`no worker has done a task within ${limit} s`, {
      measured: 'no answer',
      expected,
      advice: 'Look at the workers’ logs, and at the length of the queue',
    })
  return pass(`a task came back after ${seconds.toFixed(1)} s${worker === '' ? '' : ` from ${worker}`}`, {
    measured: `${seconds.toFixed(1)} s`,
    expected,
  })
}
