/** What a restore is asked for, and the one backup that it is about. */

import { z } from 'zod'
import { type Backup, backups } from '../../src/facts/backups.ts'
import { type BucketBackup, isWholeInBucket } from '../../src/facts/bucket-backups.ts'
import {
  type Database,
  type Databases,
  isOf,
  type RestoreMarker,
  restoreDatabases,
} from '../../src/facts/restore-databases.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { bucketShape } from '../backup/parameters.ts'
import { backupDirectory, composeFile, databaseService } from '../stack-parameters.ts'
import { backupsInBucket } from './in-bucket.ts'

export { lasting, sized } from './words.ts'

export const backup = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'newest, or the file name of a backup without its directory')
  .default('newest')
  .describe('Which backup: newest, or a file’s name in the directory of backups or in the bucket')

export const databaseName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{0,63}$/, 'the name of a database')
  .default('')
  .describe('The shop’s database; empty: the one that the database’s container was made with (POSTGRES_DB)')

/** What every check of a restore needs. */
export const restoreShape = {
  backup,
  databaseName,
  backupDirectory,
  composeFile,
  databaseService,
  ...bucketShape,
}
export const restoreParams = z.object(restoreShape)
export type RestoreParams = z.infer<typeof restoreParams>

/** What this restore is about, and how far it has come. */
export interface Choice {
  /** The backup's file name. */
  readonly name: string
  /** Null when its file is not there (any more), or not yet. */
  readonly backup: Backup | null
  /** The backup as the bucket has it, when it is there alone and nothing was restored from it yet. */
  readonly inBucket: BucketBackup | null
  readonly databases: Databases
  /** The whole copy of it that stands beside the live database. */
  readonly copy: MarkedDatabase | null
  /** The live database, when it is that backup, restored. */
  readonly restored: MarkedDatabase | null
}

export type MarkedDatabase = Database & { readonly marker: RestoreMarker }

type Reader = Pick<ProbeContext<RestoreParams>, 'params' | 'read' | 'policy'>

/** What is known before the bucket is asked. */
interface Sighting {
  /** The name that is meant; null for the newest, while no restore is under way. */
  readonly wanted: string | null
  /** The file of that name on this server, or the newest one. */
  readonly here: Backup | null
  choice(name: string, file: Backup | null, inBucket: BucketBackup | null): Choice
}

async function sight({ params, read, policy }: Reader): Promise<Sighting> {
  const databases = await read(
    restoreDatabases,
    params.composeFile,
    params.databaseService,
    params.databaseName,
  )
  const found = await read(backups, params.backupDirectory)
  const under = params.backup === 'newest' ? underWay(databases, policy.restoreSettledHours) : undefined
  const wanted = under?.marker.backup ?? (params.backup === 'newest' ? null : params.backup)
  const isRestored = (database: Database | null, file: Backup | null): database is MarkedDatabase =>
    database?.marker?.phase === 'restored' &&
    database.marker.of === databases.liveName &&
    (file === null ? database.marker.backup === wanted : isOf(database.marker, file))
  return {
    wanted,
    here: (wanted === null ? found[0] : found.find(({ name }) => name === wanted)) ?? null,
    choice: (name, file, inBucket) => ({
      name,
      backup: file,
      inBucket,
      databases,
      copy:
        databases.all.findLast(
          (database): database is MarkedDatabase =>
            database.name !== databases.liveName && isRestored(database, file),
        ) ?? null,
      restored: isRestored(databases.live, file) ? databases.live : null,
    }),
  }
}

/** One that is named, and here or restored already: the bucket has no say in it. */
function settled({ wanted, here, choice }: Sighting): Choice | null {
  if (wanted === null) return null
  const named = choice(wanted, here, null)
  return here !== null || named.copy !== null || named.restored !== null ? named : null
}

/** The backup that is meant, where that is known without asking the bucket; null where it is not. */
export async function chosenWithoutBucket(reader: Reader): Promise<Choice | null> {
  return settled(await sight(reader))
}

/**
 * The backup that is meant. While a restore is under way, and for some hours after it was swapped in, `newest` means
 * the one of that restore: walking the runbook again goes on with it, and never restores another by itself. Otherwise
 * it means the newest of the directory and the bucket; of the bucket's, only one whose copy was proven.
 *
 * @throws Unreadable when there is no backup, or none of that name, or the bucket cannot be listed and has to be.
 */
export async function chosenBackup(reader: Reader): Promise<Choice> {
  const sighting = await sight(reader)
  const known = settled(sighting)
  if (known !== null) return known
  const { wanted, here, choice } = sighting
  const elsewhere = await backupsInBucket(reader)
  const there = elsewhere.find(other => (wanted === null ? isWholeInBucket(other) : other.name === wanted))
  if (there !== undefined && (here === null || isNewer(there, here))) return choice(there.name, null, there)
  if (here !== null) return choice(here.name, here, null)
  const { backupDirectory, bucketUrl } = reader.params
  const places = `in ${backupDirectory}${bucketUrl === '' ? '' : ' and in the bucket'}`
  throw new Unreadable(`there is no backup ${wanted === null ? '' : `${wanted} `}${places}`)
}

const isNewer = (one: BucketBackup, other: Backup): boolean =>
  one.name !== other.name && Date.parse(one.takenAt) > Date.parse(other.takenAt)

/** The restore that has been begun and not been settled: a whole copy beside, or one that was swapped in lately. */
export function underWay(
  { all, live, liveName, now }: Databases,
  settledHours: number,
): MarkedDatabase | undefined {
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
