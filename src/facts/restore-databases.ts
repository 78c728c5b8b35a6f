/** The databases of the server's PostgreSQL, and which of them a restore has made, replaced or is writing right now. */

import { z } from 'zod'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { insideContainer, runningContainer } from './containers.ts'
import { queryRows } from './database.ts'

/** What stands before a marker in a database's comment. */
export const MARK = 'kneeboard-restore '

/** What sessions of a restore call themselves, so that one that goes on can be seen. */
export const RESTORE_SESSION = 'kneeboard-restore'

/**
 * What a restore writes into the comment of a database: the comment goes with it through every rename, so the name
 * that a database bears can be told from what it is.
 */
export const RestoreMarker = z.object({
  /** `restoring`: not whole yet. `restored`: whole, beside or live. `previous`: was live before. `undone`: was live in between. */
  phase: z.enum(['restoring', 'restored', 'previous', 'undone']),
  /** The name of the live database that it is about. */
  of: z.string(),
  /** The backup's file name, its size and its SHA-256. */
  backup: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** When the backup was taken, ISO 8601. */
  takenAt: z.string(),
  /** Of this restore: what its record on the server is called after. */
  stamp: z.string(),
  /** Seconds since 1970 by the server's clock; absent until it was swapped in. */
  swappedAt: z.number().optional(),
})
export type RestoreMarker = z.infer<typeof RestoreMarker>

export interface Database {
  readonly name: string
  readonly owner: string
  /** Bytes on its disk. */
  readonly bytes: number
  readonly allowsConnections: boolean
  /** Logical replication slots, and prepared transactions: either keeps it from being renamed. */
  readonly slots: number
  readonly prepared: number
  /** Sessions of a restore in it. */
  readonly restoring: number
  readonly marker: RestoreMarker | null
}

export interface Databases {
  /** The name of the shop's database, whether or not it exists. */
  readonly liveName: string
  readonly live: Database | null
  readonly all: readonly Database[]
  /** Seconds since 1970 by the server's clock. */
  readonly now: number
  readonly serverVersion: string
}

/**
 * @param databaseName empty: the one that the container was made with (`POSTGRES_DB`)
 * @throws Unreadable when PostgreSQL does not run or cannot be asked.
 */
export const restoreDatabases = fact(
  'restore/databases',
  async (context, composeFile: string, service: string, databaseName: string): Promise<Databases> => {
    const container = await context.read(runningContainer, composeFile, service)
    const named =
      databaseName !== ''
        ? databaseName
        : outputOf(
            await context.run(
              insideContainer(
                container,
                verbatim(`printf %s "\${POSTGRES_DB:-\${POSTGRES_USER:-postgres}}"`),
              ),
              { as: 'root' },
            ),
            'the name of the shop’s database',
          )
    const rows = await queryRows<Row>(context, composeFile, service, {
      what: 'the databases of PostgreSQL',
      database: 'postgres',
      sql: `SELECT d.datname AS name, pg_get_userbyid(d.datdba) AS owner, pg_database_size(d.oid) AS bytes,
  d.datallowconn AS allows, coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment,
  (SELECT count(*) FROM pg_replication_slots s WHERE s.database = d.datname) AS slots,
  (SELECT count(*) FROM pg_prepared_xacts x WHERE x.database = d.datname) AS prepared,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = d.datname AND a.application_name = '${RESTORE_SESSION}') AS restoring,
  current_setting('server_version') AS version, extract(epoch FROM now())::bigint AS now
FROM pg_database d WHERE NOT d.datistemplate ORDER BY 1`,
    })
    return databasesOf(rows, named)
  },
)

export interface Row {
  readonly name: string
  readonly owner: string
  readonly bytes: number
  readonly allows: boolean
  readonly comment: string
  readonly slots: number
  readonly prepared: number
  readonly restoring: number
  readonly version: string
  readonly now: number
}

/** Pure. @throws Unreadable when there is no database at all. */
export function databasesOf(rows: readonly Row[], liveName: string): Databases {
  const [first] = rows
  if (first === undefined) throw new Unreadable('PostgreSQL named no database')
  const all = rows.map(
    (row): Database => ({
      name: row.name,
      owner: row.owner,
      bytes: row.bytes,
      allowsConnections: row.allows,
      slots: row.slots,
      prepared: row.prepared,
      restoring: row.restoring,
      marker: markerIn(row.comment),
    }),
  )
  return {
    liveName,
    live: all.find(({ name }) => name === liveName) ?? null,
    all,
    now: first.now,
    serverVersion: first.version,
  }
}

/** The marker is a comment's last line; a comment that somebody else wrote stands before it. Null without one. */
export function markerIn(comment: string): RestoreMarker | null {
  const line = comment.split('\n').at(-1) ?? ''
  if (!line.startsWith(MARK)) return null
  try {
    const parsed = RestoreMarker.safeParse(JSON.parse(line.slice(MARK.length)))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** What a backup is known by: the file’s name and size, and its checksum where one was noted. */
export interface BackupIdentity {
  readonly name: string
  readonly bytes: number
  readonly checksum: string | null
}

/** Whether a marker is about a backup. */
export const isOf = (marker: RestoreMarker, { name, bytes, checksum }: BackupIdentity): boolean =>
  marker.backup === name && marker.bytes === bytes && (checksum === null || checksum === marker.sha256)

/** Free bytes on the disk that PostgreSQL keeps its data on, as it sees it itself. */
export const databaseDisk = fact(
  'restore/database-disk',
  async (context, composeFile: string, service: string): Promise<{ readonly freeBytes: number }> => {
    const container = await context.read(runningContainer, composeFile, service)
    const [row] = await queryRows<{ directory: string }>(context, composeFile, service, {
      what: 'PostgreSQL’s data directory',
      database: 'postgres',
      sql: "SELECT current_setting('data_directory') AS directory",
    })
    const result = await context.run(
      insideContainer(container, sh`df -Pk -- ${row?.directory ?? ''} | awk 'END { print $4 }'`),
      { as: 'root' },
    )
    const free = Number(outputOf(result, 'the free space of the database’s disk').trim())
    if (!Number.isFinite(free) || free < 0)
      throw new Unreadable('the free space of the database’s disk could not be read')
    return { freeBytes: free * 1024 }
  },
)
