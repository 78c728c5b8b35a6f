/** Which release to go back to, and whether it can run on today's schema. */

import { imageIdOf, localImages } from '../../src/facts/images.ts'
import { appOf, type MigrationOperation, nameOf } from '../../src/facts/migrations.ts'
import { serviceImage } from '../../src/facts/migrations-image.ts'
import { imageMigrations, readState } from '../../src/facts/migrations-read.ts'
import { oldCodeStands } from '../../src/facts/migrations-release.ts'
import { readReleases, releaseFor, tagOf } from '../../src/facts/migrations-releases.ts'
import { imagesUnder } from '../../src/facts/stack-images.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { ReleaseParams } from '../deploy/parameters.ts'
import { isRunning, readSituation, type Situation } from '../deploy/situation.ts'

export interface RollbackTarget {
  readonly tag: string
  /** By service: the name that the Compose file will ask for, and the id that it has to stand for. */
  readonly images: ReadonlyMap<string, { readonly name: string; readonly id: string }>
  /** How it came to be chosen, as the end of a sentence. */
  readonly because: string
}

type Context = ProbeContext<ReleaseParams>

/**
 * The release named, or the last that was found good by the ledger, or, where the ledger is silent, the newest older
 * one on the server whose migrations are those of the database.
 *
 * @returns null when there is none
 * @throws Unreadable when a release was named and its images are not on the server.
 */
export async function chooseTarget(context: Context, named: string): Promise<RollbackTarget | null> {
  const situation = await readSituation(context, named || 'none')
  if (named !== '') return fromTag(context, situation, named, 'as you said')
  return (await fromLedger(context, situation)) ?? (await fromImages(context, situation))
}

async function fromTag(
  { read, params }: Context,
  { ledger, project }: Situation,
  tag: string,
  because: string,
): Promise<RollbackTarget> {
  const names = await read(imagesUnder, params.composeFile, params.tagVariable, tag)
  const local = await read(localImages)
  const noted = ledger.entries.findLast(
    entry => entry.project === project && entry.tag === tag && entry.event !== 'failed',
  )
  const images = new Map(
    params.releaseServices.map(service => {
      const name = names.get(service) ?? ''
      // The digest that ran, where it was noted; whatever the tag means by now.
      const id = noted?.images.get(service)?.id ?? imageIdOf(local, name)
      if (id === undefined || !local.has(id))
        throw new Unreadable(`the image ${name} of ${service} is not on the server`)
      return [service, { name, id }] as const
    }),
  )
  return { tag, images, because }
}

async function fromLedger(context: Context, situation: Situation): Promise<RollbackTarget | null> {
  const { ledger, project, services } = situation
  const local = await context.read(localImages)
  const failedLast = ledger.entries.findLast(entry => entry.project === project)?.event === 'failed'
  const good = ledger.entries.findLast(
    entry =>
      entry.project === project &&
      entry.event === 'good' &&
      // What runs is no way back, unless a deployment broke off half-way and left it running.
      (failedLast || !isRunning(entry, services)) &&
      [...entry.images.values()].every(({ id }) => local.has(id)),
  )
  if (good === undefined) return null
  const at = good.at.toISOString().slice(0, 16).replace('T', ' ')
  return fromTag(context, situation, good.tag, `it was found good on ${at} UTC`)
}

async function fromImages(context: Context, situation: Situation): Promise<RollbackTarget | null> {
  const { params, policy, read } = context
  const running = await read(serviceImage, params.composeFile, params.backendService)
  const releases = await readReleases(context, params, policy.migrationImagesRead)
  const holder = releases.find(({ id }) => id === running.id) ?? releases[0]
  if (holder === undefined) return null
  const { applied } = await readState(context, params, holder.name, { app: '', target: '' })
  const found = releaseFor(
    releases,
    running,
    applied.map(({ key }) => key),
  )
  if (found === undefined) return null
  return fromTag(
    context,
    situation,
    tagOf(found.name),
    'it is the newest older release on the server whose migrations are those of the database',
  )
}

/**
 * Why a release cannot run on the schema as it is; null when it can. What was applied since is looked up in the image
 * that has it.
 *
 * @throws Unreadable when no image on the server has the files of what is applied.
 */
export async function schemaRefuses(context: Context, { images }: RollbackTarget): Promise<string | null> {
  const { params, read } = context
  const { composeFile, backendService, migrationTool } = params
  const image = images.get(backendService)
  if (image === undefined) return null
  const local = await read(localImages)
  const readable = imageIdOf(local, image.name) === image.id ? image.name : image.id
  const running = await read(serviceImage, composeFile, backendService)
  const old = await read(imageMigrations, composeFile, backendService, migrationTool, readable)
  const holder = await holderOf(context, running.name)
  const state = await readState(context, params, holder, { app: '', target: '' })
  const applied = state.applied.map(({ key }) => key)
  const known = new Set(old.known)
  const foreign = applied.filter(key => !known.has(key) && state.known.includes(key))
  if (foreign.length === 0) return null
  const operations: MigrationOperation[] = []
  for (const app of new Set(foreign.map(appOf))) {
    const stays = applied.findLast(key => appOf(key) === app && known.has(key))
    const target = stays === undefined ? 'zero' : nameOf(stays)
    const { back } = await readState(context, params, holder, { app, target })
    operations.push(
      ...back.filter(({ key }) => foreign.includes(key)).flatMap(migration => migration.operations),
    )
  }
  const reason = oldCodeStands(operations)
  return reason === null
    ? null
    : `${foreign.join(', ')} ${foreign.length === 1 ? 'is' : 'are'} applied: ${reason}`
}

/** The image that has a file of everything that the database applied: the running one, or a newer one beside it. */
async function holderOf(context: Context, runningName: string): Promise<string> {
  const { params, policy } = context
  const state = await readState(context, params, runningName, { app: '', target: '' })
  if (state.unknown.length === 0) return runningName
  const releases = await readReleases(context, params, policy.migrationImagesRead)
  const holder = releases.find(({ migrations }) => state.unknown.every(key => migrations.known.includes(key)))
  if (holder !== undefined) return holder.name
  throw new Unreadable(
    `no image on the server has the files of ${state.unknown.join(', ')}, which the database has applied`,
  )
}
