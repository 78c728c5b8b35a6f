/** What a restore is asked for, and the one backup that it is about. */

import { z } from 'zod'
import { type Backup, backups } from '../../src/facts/backups.ts'
import {
  type Database,
  type Databases,
  isOf,
  type RestoreMarker,
  restoreDatabases,
} from '../../src/facts/restore-databases.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { backupDirectory, composeFile, databaseService } from '../stack-parameters.ts'

export const backup = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'newest, or the file name of a backup without its directory')
  .default('newest')
  .describe('Which backup: newest, or a file’s name in the directory of backups')

export const databaseName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{0,63}$/, 'the name of a database')
  .default('')
  .describe('The shop’s database; empty: the one that the database’s container was made with (POSTGRES_DB)')

/** What every check of a restore needs. */
export const restoreShape = { backup, databaseName, backupDirectory, composeFile, databaseService }
export const restoreParams = z.object(restoreShape)
export type RestoreParams = z.infer<typeof restoreParams>

/** What this restore is about, and how far it has come. */
export interface Choice {
  /** The backup's file name. */
  readonly name: string
  /** Null when its file is not there (any more). */
  readonly backup: Backup | null
  readonly databases: Databases
  /** The whole copy of it that stands beside the live database. */
  readonly copy: MarkedDatabase | null
  /** The live database, when it is that backup, restored. */
  readonly restored: MarkedDatabase | null
}

export type MarkedDatabase = Database & { readonly marker: RestoreMarker }

type Reader = Pick<ProbeContext<RestoreParams>, 'params' | 'read' | 'policy'>

/**
 * The backup that is meant. While a restore is under way, and for some hours after it was swapped in, `newest` means
 * the one of that restore: walking the runbook again goes on with it, and never restores another by itself.
 *
 * @throws Unreadable when there is no backup, or none of that name.
 */
export async function chosenBackup({ params, read, policy }: Reader): Promise<Choice> {
  const databases = await read(
    restoreDatabases,
    params.composeFile,
    params.databaseService,
    params.databaseName,
  )
  const found = await read(backups, params.backupDirectory)
  const under = params.backup === 'newest' ? underWay(databases, policy.restoreSettledHours) : undefined
  const name = under?.marker.backup ?? (params.backup === 'newest' ? found[0]?.name : params.backup)
  if (name === undefined) throw new Unreadable(`there is no backup in ${params.backupDirectory}`)
  const chosen = found.find(other => other.name === name) ?? null
  const isIt = (database: Database | null, phase: RestoreMarker['phase']): database is MarkedDatabase =>
    database?.marker?.phase === phase &&
    database.marker.of === databases.liveName &&
    (chosen === null ? database.marker.backup === name : isOf(database.marker, chosen))
  const copies = databases.all.filter(
    (database): database is MarkedDatabase =>
      database.name !== databases.liveName && isIt(database, 'restored'),
  )
  if (chosen === null && copies.length === 0 && !isIt(databases.live, 'restored'))
    throw new Unreadable(`there is no backup ${name} in ${params.backupDirectory}`)
  return {
    name,
    backup: chosen,
    databases,
    copy: copies.at(-1) ?? null,
    restored: isIt(databases.live, 'restored') ? databases.live : null,
  }
}

/** The restore that has been begun and not been settled: a whole copy beside, or one that was swapped in lately. */
function underWay({ all, live, liveName, now }: Databases, settledHours: number): MarkedDatabase | undefined {
  const beside = all.findLast(
    (database): database is MarkedDatabase =>
      database.marker?.phase === 'restored' && database.marker.of === liveName && database.name !== liveName,
  )
  if (beside !== undefined) return beside
  const marker = live?.marker
  if (live === null || marker?.phase !== 'restored' || marker.swappedAt === undefined) return undefined
  return now - marker.swappedAt <= settledHours * 3600 ? { ...live, marker } : undefined
}

/** The database that was live before this restore was swapped in; undefined when there was none, or it is gone. */
export function replacedBy(databases: Databases, restored: MarkedDatabase): MarkedDatabase | undefined {
  return databases.all.find(
    (database): database is MarkedDatabase =>
      database.marker?.phase === 'previous' && database.marker.stamp === restored.marker.stamp,
  )
}

/** `40 minutes`, `5 hours`, `3 days`: as a person says how old something is. */
export function lasting(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const
  const [size, word] =
    units.find(([length]) => seconds >= length * 2) ??
    units.find(([length]) => seconds >= length) ??
    ([1, 'second'] as const)
  const count = Math.max(0, Math.floor(seconds / size))
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** `25.5 MB`, `1.3 GB`. */
export function sized(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${Math.ceil(bytes / 1000)} kB`
}
