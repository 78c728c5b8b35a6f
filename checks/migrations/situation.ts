/** Everything that the checks of a rollback look at together, read once in a round and put side by side. */

import { backups } from '../../src/facts/backups.ts'
import { appOf, type MigrationState, nameOf } from '../../src/facts/migrations.ts'
import { effectsOf, type SettledEffect, settle } from '../../src/facts/migrations-effects.ts'
import { type ServiceImage, serviceImage } from '../../src/facts/migrations-image.ts'
import { readState } from '../../src/facts/migrations-read.ts'
import { type Release, readReleases, releaseFor } from '../../src/facts/migrations-releases.ts'
import { countRows, questionOf } from '../../src/facts/migrations-rows.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import type { MigrationParams } from './parameters.ts'
import { type Recommendation, recommend } from './recommend.ts'

type Context = ProbeContext<MigrationParams>

/** The image whose files say how to go back, and what it says beside the database. */
export interface Reading {
  readonly running: ServiceImage
  /** The image that was read: the running one, unless it lacks what the database has. */
  readonly image: string
  readonly state: MigrationState
}

/**
 * Reads the migrations in the image that has their files. Where the running image lacks some that are applied, as
 * after an image was put back alone, another release on the server is looked for that has them.
 */
export async function readMigrations(context: Context): Promise<Reading> {
  const { params, policy, read } = context
  const running = await read(serviceImage, params.composeFile, params.backendService)
  const wanted = { app: params.migrationApp, target: params.migrationTarget }
  const image = params.migrationImage === '' ? running.name : params.migrationImage
  const state = await readState(context, params, image, wanted)
  if (params.migrationImage !== '' || state.unknown.length === 0) return { running, image, state }
  const releases = await readReleases(context, params, policy.migrationImagesRead)
  const holder = releases.find(({ migrations }) => state.unknown.every(key => migrations.known.includes(key)))
  if (holder === undefined) return { running, image, state }
  return { running, image: holder.name, state: await readState(context, params, holder.name, wanted) }
}

/** The plan's effects with the rows that they concern, counted now. */
export async function readEffects(context: Context, state: MigrationState): Promise<SettledEffect[]> {
  const { params, policy, read } = context
  const settled: SettledEffect[] = []
  for (const effect of effectsOf(state.back)) {
    const question = questionOf(effect)
    const { composeFile, databaseService } = params
    const limit = policy.migrationRowsCounted
    const counted =
      question === null
        ? null
        : await read(countRows, composeFile, databaseService, state.database, question, limit)
    settled.push(settle(effect, counted))
  }
  return settled
}

/** What is applied once the target is reached; rows that no image knows are left out. */
export function appliedAfter(state: MigrationState): string[] {
  // What a squashed migration stands for is recorded beside it, and goes with it.
  const undone = new Set(state.back.flatMap(({ key, replaces }) => [key, ...replaces]))
  const known = new Set(state.known)
  return state.applied.map(({ key }) => key).filter(key => known.has(key) && !undone.has(key))
}

export interface Outlook {
  readonly reading: Reading
  readonly effects: readonly SettledEffect[]
  readonly recommendation: Recommendation
  /** The release that fits the schema of the target; undefined when none on the server does. */
  readonly release: Release | undefined
}

/** The plan, what it costs, and which of the four exits is the right one. */
export async function readOutlook(context: Context): Promise<Outlook> {
  const { params, policy, read } = context
  const reading = await readMigrations(context)
  const { state, running } = reading
  const effects = await readEffects(context, state)
  if (state.back.length === 0)
    return { reading, effects, release: undefined, recommendation: recommend({ back: [], effects: [] }) }
  const releases = await readReleases(context, params, policy.migrationImagesRead)
  const release = releaseFor(releases, running, appliedAfter(state))
  const own = releases.find(({ id }) => id === running.id)
  const undone = state.back.map(({ key }) => key)
  const recommendation = recommend({
    back: state.back,
    effects,
    tool: state.tool,
    insists: params.migrationExit === 'migrate-back',
    runningLacksThem: own !== undefined && !undone.some(key => own.migrations.known.includes(key)),
    release: release?.name ?? null,
    backups: await read(backups, params.backupDirectory),
  })
  return { reading, effects, recommendation, release }
}

/** The outlook while migrations are about to be undone; null when nothing is, or another exit was taken. */
export async function readGoingBack(context: Context): Promise<Outlook | null> {
  const outlook = await readOutlook(context)
  return outlook.recommendation.exit === 'migrate-back' ? outlook : null
}

/** `products.0007_warehouse`, `orders.0003_orderline_sku and 2 more`. */
export function listed(keys: readonly string[], most = 4): string {
  const [shown, rest] = [keys.slice(0, most), keys.length - most]
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** Newest first: what a rollback could go back to, with what each would undo in its own app. */
export function latestOf(state: MigrationState, most: number): string[] {
  return [...state.applied]
    .reverse()
    .sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''))
    .slice(0, most)
    .map(({ key, at }) => `${key}${at === null ? '' : ` (${at.slice(0, 16).replace('T', ' ')})`}`)
}

/** The migration before a key in its own app, as a target: its name, or `zero`. */
export function targetBefore(state: MigrationState, key: string): string {
  const own = state.applied.map(other => other.key).filter(other => appOf(other) === appOf(key))
  const before = own[own.indexOf(key) - 1]
  return before === undefined ? 'zero' : nameOf(before)
}
