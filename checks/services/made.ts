/** Whether a container is what the Compose file says now, and has room in what it was given. */

import { containerResources } from '../../src/facts/container-resources.ts'
import type { Container } from '../../src/facts/containers.ts'
import { imageIdOf, localImages } from '../../src/facts/images.ts'
import type { StackService } from '../../src/facts/stack.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { isVerdict, runningOf } from './container-of.ts'
import { raiseMemoryLimit } from './memory-limit.ts'
import { recreateService } from './remedies.ts'
import { type Role, serviceParams, symptomsWhileUp } from './roles.ts'

export function serviceImage(role: Role) {
  const recreate = recreateService(role)
  return check({
    id: `services/${role.id}-image`,
    title: `${role.name} runs the image that the Compose file names`,
    why: 'A tag that was moved, or one that was exported for a single command, leaves another version running than the one that everybody reads in the file.',
    params: serviceParams,
    after: [`services/${role.id}-runs`, 'stack/images-present'],
    remedies: [recreate],
    async probe(context) {
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { container, declared, service } = place
      const details = { measured: container.image, expected: declared.image }
      if (declared.isBuilt || declared.image === '')
        return notApplicable(`${service} is built from source: the file names no image`)
      const wanted = imageIdOf(await context.read(localImages), declared.image)
      if (container.imageId === wanted) return pass(`${container.name} runs ${declared.image}`, details)
      const how =
        container.image === declared.image
          ? `${container.name} runs an older image than the one that ${declared.image} stands for now`
          : `${container.name} runs ${container.image}, and the file says ${declared.image}`
      return fail(how, { ...details, remedies: [recreate] })
    },
  })
}

export function serviceAsDeclared(role: Role) {
  const recreate = recreateService(role)
  return check({
    id: `services/${role.id}-as-declared`,
    title: `${role.name} has the limits that the Compose file gives it`,
    why: 'What was changed by hand with `docker update`, and what was changed in the file alone, is gone or appears at the next deployment, when nobody thinks of it.',
    params: serviceParams,
    after: [`services/${role.id}-runs`],
    explains: [`services/${role.id}-memory`],
    remedies: [recreate],
    async probe(context) {
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { container, declared } = place
      const differences = differencesOf(container, declared)
      if (differences.length === 0) return pass(`${container.name} is as the file describes it`)
      return warn(`${container.name} is not as the file describes it: ${differences.join(', ')}`, {
        measured: differences.join(', '),
        remedies: [recreate],
      })
    },
  })
}

/** Pure. What both sides say, and say differently. */
export function differencesOf(container: Container, declared: StackService): string[] {
  const megabytes = (bytes: number): string => (bytes === 0 ? 'none' : `${Math.round(bytes / 2 ** 20)} MB`)
  return [
    ...(container.memoryLimit === declared.memoryLimit
      ? []
      : [`memory limit ${megabytes(container.memoryLimit)} instead of ${megabytes(declared.memoryLimit)}`]),
    ...(container.restartPolicy === declared.restart
      ? []
      : [`restart ${container.restartPolicy} instead of ${declared.restart}`]),
    ...(container.readOnly === declared.readOnly
      ? []
      : [`file system ${container.readOnly ? 'read-only' : 'writable'}`]),
  ]
}

/** It runs, and is not among those that were measured: that is no answer. */
const unread = ({ name }: Container): Unreadable =>
  new Unreadable(`what ${name} uses could not be read from its control group`)

export function serviceMemory(role: Role) {
  const raise = raiseMemoryLimit(role)
  return check({
    id: `services/${role.id}-memory`,
    title: `${role.name} has memory left`,
    why: 'At its limit the kernel ends the process, in the middle of a request or a payment.',
    params: serviceParams,
    after: [`services/${role.id}-steady`],
    explains: symptomsWhileUp(role.id),
    remedies: [raise],
    async probe(context) {
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { container } = place
      const resources = (await context.read(containerResources, context.params.composeFile)).get(container.id)
      if (resources === undefined) throw unread(container)
      const { memoryUsed, memoryLimit } = resources
      const used = Math.round(memoryUsed / 2 ** 20)
      if (memoryLimit === 0)
        return pass(`${container.name} uses ${used} MB, and has no limit of its own`, {
          measured: `${used} MB`,
        })
      const percent = Math.round((memoryUsed / memoryLimit) * 100)
      const details = {
        measured: `${used} of ${Math.round(memoryLimit / 2 ** 20)} MB`,
        expected: `below ${context.policy.containerMemoryWarnPercent} %`,
      }
      if (percent < context.policy.containerMemoryWarnPercent)
        return pass(`${container.name} uses ${percent} % of its memory`, details)
      return warn(`${container.name} uses ${percent} % of its memory`, { ...details, remedies: [raise] })
    },
  })
}

export function serviceProcessor(role: Role) {
  const recreate = recreateService(role)
  return check({
    id: `services/${role.id}-processor`,
    title: `${role.name} gets its share of the processors`,
    why: 'A container that is held back answers late, its health check times out, and nothing in its log says why.',
    params: serviceParams,
    after: [`services/${role.id}-steady`],
    explains: symptomsWhileUp(role.id),
    remedies: [recreate],
    async probe(context) {
      const { params, policy, read } = context
      const place = await runningOf(context, role)
      if (isVerdict(place)) return place
      const { container } = place
      const resources = (await read(containerResources, params.composeFile)).get(container.id)
      if (resources === undefined) throw unread(container)
      const { processors, throttled } = resources
      if (processors === null) return pass(`${container.name} may use every processor`)
      const percent = Math.round(throttled * 100)
      const details = {
        measured: `${processors} processors, held back in ${percent} % of the periods`,
        expected: `${policy.containerProcessorsMinimum} processors or more`,
      }
      if (processors < policy.containerProcessorsMinimum)
        return fail(`${container.name} may use ${processors} of a processor`, {
          ...details,
          remedies: [recreate],
          advice: 'If the Compose file itself says so, raise `cpus` there first',
        })
      if (percent >= policy.containerThrottledWarnPercent)
        return warn(`${container.name} is held back by its limit of ${processors} processors`, {
          ...details,
          remedies: [recreate],
        })
      return pass(`${container.name} is hardly held back by its limit`, details)
    },
  })
}
