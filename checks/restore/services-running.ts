import { z } from 'zod'
import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { lastingAction } from '../../src/model/action.ts'
import { type AnyCheck, check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { backendService, beatService, composeFile, workerService } from '../stack-parameters.ts'

const params = z.object({ composeFile, backendService, workerService, beatService })
type Params = z.infer<typeof params>

const wanted = (given: Params): string[] => [given.backendService, given.workerService, given.beatService]

export const startServices = remedy({
  id: 'restore/start-services',
  title: 'Start the services that were stopped',
  why: 'A swap stops whoever writes to the database, and starts them again; one that was cut off may have left them stopped.',
  risk: 'They start as they were: same images, same configuration.',
  grade: 'reversible',
  params,
  async plan({ params: given, read }) {
    const containers = await read(stackContainers, given.composeFile)
    const stopped = wanted(given).filter(service =>
      ['exited', 'created', 'dead'].includes(containerOfService(containers, service)?.status ?? ''),
    )
    if (stopped.length === 0) throw new Unreadable('none of them is stopped: see their logs')
    return {
      actions: [
        lastingAction('Start them', sh`${composeCommand(given.composeFile)} start ${stopped} </dev/null`, {
          timeoutSeconds: 300,
        }),
      ],
      touches: stopped,
      undo: `docker compose -f ${given.composeFile} stop ${stopped.join(' ')}`,
      expectedSeconds: 15,
    }
  },
})

/** The services that write, up: after what has stopped them. */
export const servicesRunning = (after: readonly string[]): AnyCheck =>
  check({
    id: 'restore/services-running',
    title: 'The services that use the database run',
    why: 'They were stopped for the swap. Without workers, orders are taken and nothing is done about them.',
    params,
    after,
    remedies: [startServices],
    async probe({ params: given, read }) {
      const containers = await read(stackContainers, given.composeFile)
      const states = wanted(given).map(service => ({
        service,
        state: containerOfService(containers, service)?.status ?? 'never made',
      }))
      const down = states.filter(({ state }) => state !== 'running')
      if (down.length === 0)
        return pass(`${states.map(({ service }) => service).join(', ')} run`, { measured: 'all run' })
      const stopped = down.some(({ state }) => ['exited', 'created', 'dead'].includes(state))
      return fail(down.map(({ service, state }) => `${service} is ${state}`).join(', '), {
        measured: `${states.length - down.length} of ${states.length} run`,
        expected: 'all run',
        ...(stopped
          ? { remedies: [startServices] }
          : { advice: `See docker compose -f ${given.composeFile} ps, and the logs of what does not run.` }),
      })
    },
  })
