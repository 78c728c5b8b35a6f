/** What is done to one service: started, restarted, or made anew. */

import { type Container, containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { composeCommand } from '../../src/facts/stack.ts'
import { type Action, lastingAction, runAction } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { recreateActions, reloadIfRunning } from '../configuration/recreate.ts'
import { perRole, type Role, type ServiceParams, serviceParams } from './roles.ts'
import { settle } from './settle.ts'

/** nginx keeps the addresses that it looked up when it started: who is behind it may have another one now. */
const lookUpAgain = (role: Role, params: ServiceParams): Action[] =>
  role.id === 'backend' || role.id === 'frontend'
    ? [runAction('Have nginx look the new addresses up', reloadIfRunning(params))]
    : []

export const startService = perRole(role =>
  remedy({
    id: `services/start-${role.id}`,
    title: `Start ${role.name.replace(/^The /, 'the ')}`,
    why: `${role.loss} Nothing starts it by itself: it was stopped, or was never made.`,
    risk: 'None to the others. Why it was stopped is not known: somebody may be at work on it.',
    grade: 'reversible',
    params: serviceParams,
    async plan({ params, read, policy }) {
      const service = params[role.parameter]
      const container = containerOfService(await read(stackContainers, params.composeFile), service)
      return {
        actions: [
          lastingAction(`Start ${service}`, startScript(params.composeFile, service, container), {
            timeoutSeconds: 180,
          }),
          settle(params.composeFile, policy.recreateWaitSeconds),
          ...lookUpAgain(role, params),
        ],
        touches: [`the container of ${service}`],
        undo: `docker compose -f ${params.composeFile} stop ${service}`,
        expectedSeconds: 15,
      }
    },
  }),
)

function startScript(composeFile: string, service: string, container: Container | undefined): Script {
  if (container === undefined) return sh`${composeCommand(composeFile)} up -d --no-deps ${service} </dev/null`
  if (container.status === 'paused') return sh`docker unpause ${container.id}`
  return sh`docker start ${container.id}`
}

export const restartService = perRole(role =>
  remedy({
    id: `services/restart-${role.id}`,
    title: `Restart ${role.name.replace(/^The /, 'the ')}`,
    why: 'The same container is started again, with the same settings: it helps against a process that hangs or holds on to something, and against nothing else.',
    risk: 'What it is at is cut off after its grace period.',
    grade: 'disruptive',
    params: serviceParams,
    async plan({ params, policy }) {
      const service = params[role.parameter]
      return {
        actions: [
          lastingAction(
            `Restart ${service}`,
            sh`${composeCommand(params.composeFile)} restart ${service} </dev/null`,
            { timeoutSeconds: 180 },
          ),
          settle(params.composeFile, policy.recreateWaitSeconds),
          ...lookUpAgain(role, params),
        ],
        touches: [`the container of ${service}`],
        interrupts: `${service} for a few seconds: what needs it answers with an error meanwhile`,
        undo: 'Nothing to undo: it is the same container with the same settings',
        expectedSeconds: 20,
      }
    },
  }),
)

export const recreateService = perRole(role =>
  remedy({
    id: `services/recreate-${role.id}`,
    title: `Make ${role.name.replace(/^The /, 'the ')} anew from the Compose file`,
    why: 'A container keeps the image, the limits and the environment that it was made with. Only a new one has what the file says now.',
    risk: 'Whatever else was changed in the file since takes effect with it, the version included: the plan names both images.',
    grade: 'disruptive',
    params: serviceParams,
    async plan({ params, read, policy }) {
      const service = params[role.parameter]
      const container = containerOfService(await read(stackContainers, params.composeFile), service)
      if (container === undefined)
        throw new Unreadable(`there is no container of ${service}: start it instead`)
      return {
        actions: [
          ...recreateActions(params, [service], policy.recreateWaitSeconds),
          settle(params.composeFile, policy.recreateWaitSeconds),
        ],
        touches: [`the container of ${service}, made from ${container.image} until now`],
        interrupts: `${service} for about 20 seconds: what needs it answers with an error meanwhile`,
        undo: 'Put back what the file said before, and make it anew again',
        expectedSeconds: 30,
      }
    },
  }),
)

export const waitForHealth = remedy({
  id: 'services/wait-for-health',
  title: 'Wait until the health checks have spoken',
  why: 'A container that has just started says nothing of itself until its first health checks are through.',
  risk: 'None: nothing is changed.',
  grade: 'reversible',
  params: serviceParams,
  async plan({ params, policy }) {
    return {
      actions: [settle(params.composeFile, policy.recreateWaitSeconds)],
      touches: ['nothing'],
      undo: 'Nothing to undo',
      expectedSeconds: 30,
    }
  },
})
