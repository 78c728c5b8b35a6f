/** What stands beside a backup: what the database held in the very snapshot that was dumped. */

import { z } from 'zod'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

const Time = z.iso.datetime()

/** One table as it was in the snapshot. */
export const BackupTable = z.object({
  /** With its schema: `public.orders_order`. */
  name: z.string(),
  rows: z.number().int().nonnegative(),
  /** As {@link tableFigures} makes it: the md5 of all rows' md5s, sorted. Null when the table was too large. */
  checksum: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
})
export type BackupTable = z.infer<typeof BackupTable>

export const BackupManifest = z.object({
  format: z.literal(1),
  /** `timer`: by what makes the daily ones. `run`: because somebody asked for one. */
  madeBy: z.enum(['timer', 'run']),
  startedAt: Time,
  finishedAt: Time,
  database: z.string(),
  /** `15.20`. */
  serverVersion: z.string(),
  /** The version of the pg_dump that made it. */
  dumpVersion: z.string(),
  /** The archive format's own version: `1.14-0`. */
  archive: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What the database took on its disk: indexes and bloat too. Bytes. */
  databaseBytes: z.number().int().nonnegative().optional(),
  tables: z.array(BackupTable),
  /** The newest row that the business made: what the recovery point is measured by. */
  newestBusinessRow: z.object({ table: z.string(), column: z.string(), at: Time }).nullable(),
  images: z.array(z.object({ service: z.string(), image: z.string(), imageId: z.string() })),
  /** The newest applied migration of each app. */
  migrations: z.array(z.object({ app: z.string(), name: z.string() })),
  sequences: z.array(z.object({ name: z.string(), lastValue: z.number().int().nullable() })).optional(),
})
export type BackupManifest = z.infer<typeof BackupManifest>

/** Reads a manifest. @throws Unreadable when it is none. */
export function parseManifest(text: string, what: string): BackupManifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Unreadable(`${what} is no JSON`)
  }
  const parsed = BackupManifest.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Unreadable(
    `${what} is no manifest: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
  )
}

/**
 * The whole manifest of one backup, its tables too.
 *
 * @param path of the dump, not of the manifest
 * @throws Unreadable when there is none, or it cannot be read as one.
 */
export const backupManifest = fact(
  'backups/manifest',
  async (context, path: string): Promise<BackupManifest> => {
    const file = `${path}.manifest.json`
    const result = await context.run(sh`cat -- ${file}`, { as: 'root' })
    return parseManifest(outputOf(result, file), file)
  },
)
