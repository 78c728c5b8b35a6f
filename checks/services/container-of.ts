/** A role's container beside what the Compose file says of it. */

import { type Container, containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { type StackService, stackConfig } from '../../src/facts/stack.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { notApplicable, type Verdict } from '../../src/model/verdict.ts'
import type { Role, ServiceParams } from './roles.ts'

export interface Place {
  readonly service: string
  readonly declared: StackService
  /** Undefined when it was never made, or was removed. */
  readonly container: Container | undefined
}

/** What stands before the checks of one container. */
export const BEFORE = ['docker/engine-running', 'stack/file-readable']

/** The place of a role, or the verdict where the question does not arise. */
export async function placeOf(
  { read, params }: { readonly read: ReadContext['read']; readonly params: ServiceParams },
  role: Role,
): Promise<Place | Verdict> {
  if (role.id === 'nginx' && params.nginxRunsIn === 'host')
    return notApplicable('nginx runs on the host and not in a container')
  const service = params[role.parameter]
  const { services } = await read(stackConfig, params.composeFile)
  const declared = services.find(({ name }) => name === service)
  if (declared === undefined) return notApplicable(`the Compose file has no service ${service}`)
  const containers = await read(stackContainers, params.composeFile)
  return { service, declared, container: containerOfService(containers, service) }
}

export const isVerdict = (place: Place | Verdict): place is Verdict => 'status' in place

/** Its container, for checks that stand after the one that it runs. */
export async function runningOf(
  context: { readonly read: ReadContext['read']; readonly params: ServiceParams },
  role: Role,
): Promise<(Place & { readonly container: Container }) | Verdict> {
  const place = await placeOf(context, role)
  if (isVerdict(place)) return place
  const { container } = place
  if (container === undefined) return notApplicable(`there is no container of ${place.service}`)
  return { ...place, container }
}

/** Seconds since a moment that Docker wrote, by the operator's clock. */
export const secondsSince = (moment: string): number => (Date.now() - Date.parse(moment)) / 1000

/** `3 min`, `2.5 h`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`
  return `${Math.round(seconds / 86_400)} days`
}
