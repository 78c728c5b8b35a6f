/** What is wrong with a backup, by what was read of it. Pure. */

import type { BackupProof } from '../../src/facts/backup-proof.ts'
import type { Backup } from '../../src/facts/backups.ts'

export interface BackupFault {
  /** The end of a sentence that begins with the file's name. */
  readonly says: string
  readonly measured: string
  readonly expected: string
  /** False when the file is in order, and only cannot be read here. */
  readonly damaged: boolean
}

/** Null when nothing is wrong. The cause that explains the others comes first. */
export function faultOf(backup: Backup, proof: BackupProof): BackupFault | null {
  const { manifest } = backup
  const promised = manifest?.sha256 ?? backup.checksum
  const damaged = (says: string, measured: string, expected: string): BackupFault => ({
    says,
    measured,
    expected,
    damaged: true,
  })
  if (backup.bytes === 0)
    return damaged('has no bytes: the dump failed after the file was made', '0 bytes', 'an archive')
  if (manifest !== null && proof.bytes < manifest.bytes)
    return damaged(
      `ends too early: ${megabytes(proof.bytes)} of ${megabytes(manifest.bytes)} are there`,
      `${proof.bytes} bytes`,
      `${manifest.bytes} bytes`,
    )
  if (promised !== null && promised !== proof.sha256)
    return damaged(
      'is not what was written: its checksum is another one',
      `sha256 ${proof.sha256.slice(0, 12)}…`,
      `sha256 ${promised.slice(0, 12)}…`,
    )
  if (/unsupported version \(/.test(proof.problem))
    return {
      says: 'was made by a pg_dump newer than the server’s tools',
      measured: proof.problem,
      expected: 'an archive that the database’s own tools read',
      damaged: false,
    }
  if (!proof.readable) return damaged(`cannot be read to its end: ${proof.problem}`, 'unreadable', 'readable')
  if (!proof.complete)
    return damaged(
      'stops in the middle: its last lines do not say that the dump is complete',
      'no end',
      'PostgreSQL database dump complete',
    )
  if (proof.tables === 0)
    return damaged(
      'holds tables and not one row: it was made with --schema-only, or of an empty database',
      'no data of any table',
      'data',
    )
  return null
}

/** `741 kB`, `12.3 MB`. */
export const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
