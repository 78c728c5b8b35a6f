/** Which of a bucket's objects are backups, and what stands beside each. Pure. */

import { type BackupKind, backupKind, timeInName } from './backups.ts'
import type { BucketObject } from './bucket-listing.ts'

export interface BucketBackup {
  /** The file's name, without the bucket's prefix. */
  readonly name: string
  readonly kind: BackupKind
  readonly bytes: number
  /** When it was begun, ISO 8601 in UTC: by its name, else when it was put into the bucket. */
  readonly takenAt: string
  /** Seconds since then, by the server's own clock. */
  readonly ageSeconds: number
  readonly hasChecksum: boolean
  readonly hasManifest: boolean
}

/**
 * The manifest is uploaded last, after the copy was read back: with it, the bucket holds the whole backup. Without it,
 * an upload may have been cut off, or somebody has put the file there by hand.
 */
export const isWholeInBucket = ({ hasChecksum, hasManifest }: BucketBackup): boolean =>
  hasChecksum && hasManifest

/** As a file's name is taken for the parameter: nothing else could be chosen, or written here. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.(dump|sql|sql\.gz)$/

/**
 * Newest first. Whatever else lies there is left out.
 *
 * @param now seconds since 1970 by the server's clock
 */
export function backupsIn(objects: readonly BucketObject[], prefix: string, now: number): BucketBackup[] {
  const keys = new Set(objects.map(({ key }) => key))
  return objects
    .flatMap(({ key, bytes, modifiedAt }): BucketBackup[] => {
      const name = key.slice(prefix.length)
      if (!key.startsWith(prefix) || !NAME.test(name)) return []
      const takenAt = timeInName(name) ?? modifiedAt
      return [
        {
          name,
          kind: backupKind(name),
          bytes,
          takenAt,
          ageSeconds: Math.round(now - Date.parse(takenAt) / 1000),
          hasChecksum: keys.has(`${key}.sha256`),
          hasManifest: keys.has(`${key}.manifest.json`),
        },
      ]
    })
    .sort((a, b) => b.takenAt.localeCompare(a.takenAt) || b.name.localeCompare(a.name))
}
