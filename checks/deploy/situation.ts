/** What runs of a release, and what a deployment would put in its place. */

import { type Container, containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { imageIdOf, localImages } from '../../src/facts/images.ts'
import { type ReleaseEntry, type ReleaseLedger, releaseLedger } from '../../src/facts/releases.ts'
import { type StackService, stackConfig } from '../../src/facts/stack.ts'
import { imagesUnder } from '../../src/facts/stack-images.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { ReleaseParams } from './parameters.ts'

export type Context = Pick<ProbeContext<ReleaseParams>, 'read' | 'params' | 'policy'>

export interface ServiceRelease {
  readonly service: string
  readonly config: StackService
  /** Its container, whatever its state; undefined when there is none. */
  readonly container: Container | undefined
  /** The image that the release has for it. */
  readonly wanted: string
  /** `sha256:…`; undefined when it is not on the server. */
  readonly wantedId: string | undefined
}

export interface Situation {
  readonly project: string
  readonly tag: string
  readonly services: readonly ServiceRelease[]
  readonly ledger: ReleaseLedger
}

/** @throws Unreadable when a service of the release is not in the Compose file. */
export async function readSituation({ read, params }: Context, tag: string): Promise<Situation> {
  const { composeFile, tagVariable, releaseServices } = params
  const [config, containers, names, images, ledger] = await Promise.all([
    read(stackConfig, composeFile),
    read(stackContainers, composeFile),
    read(imagesUnder, composeFile, tagVariable, tag),
    read(localImages),
    read(releaseLedger),
  ])
  const services = releaseServices.map((service): ServiceRelease => {
    const own = config.services.find(({ name }) => name === service)
    if (own === undefined) throw new Unreadable(`${composeFile} has no service ${service}`)
    const wanted = names.get(service) ?? ''
    return {
      service,
      config: own,
      container: containerOfService(containers, service),
      wanted,
      wantedId: wanted === '' ? undefined : imageIdOf(images, wanted),
    }
  })
  return { project: config.project, tag, services, ledger }
}

/** True when a service runs the image of the release: by id, since a name can be moved. */
export const runsIt = ({ container, wantedId }: ServiceRelease): boolean =>
  container?.status === 'running' && wantedId !== undefined && container.imageId === wantedId

/** True when every service's container is of the images that an entry noted. */
export const isRunning = (entry: ReleaseEntry, services: readonly ServiceRelease[]): boolean =>
  services.every(
    ({ service, container }) =>
      container !== undefined && entry.images.get(service)?.id === container.imageId,
  )

/** The tag of what runs: the first service's. Empty when nothing of it was ever made. */
export function runningTag({ services }: Pick<Situation, 'services'>): string {
  const image = services.find(({ container }) => container !== undefined)?.container?.image ?? ''
  return /:([^/:@]+)$/.exec(image)?.[1] ?? ''
}

/** `v1.1.0 (sha256:a49788391c17)`. */
export const shortId = (id: string): string => id.slice(0, 19)

/** The newest entry that was found good and is not what a tag names. */
export function lastGood({ ledger, project }: Situation, except = ''): ReleaseEntry | undefined {
  return ledger.entries.findLast(
    entry => entry.project === project && entry.event === 'good' && entry.tag !== except,
  )
}
