/** One backup, read from its first byte to its last: its checksum, its list of contents, and whether it ends properly. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import type { BackupKind } from './backups.ts'
import { runningContainer } from './containers.ts'

export interface BackupProof {
  readonly bytes: number
  readonly sha256: string
  /** True when the archive could be read to its end (`pg_restore` into nothing), or the text unpacked. */
  readonly readable: boolean
  /** What was said when it could not be; empty otherwise. */
  readonly problem: string
  /** Tables whose data are in it. */
  readonly tables: number
  /** For SQL as text: whether its last line says that the dump is complete. True for archives that are readable. */
  readonly complete: boolean
  /** `15.20`, of the server that was dumped; empty when unknown. */
  readonly dumpedFrom: string
  /** Of the pg_dump that made it. */
  readonly dumpedBy: string
}

/** Seconds for one reading: a checksum and a decompression of some hundred gigabytes at most. */
const READ_SECONDS = 580

/**
 * Reads the whole file twice: for its checksum, and by the tools of the database's own container.
 *
 * @throws Unreadable when the database's container does not run, or the file cannot be opened.
 */
export const backupProof = fact(
  'backups/proof',
  async (
    context,
    composeFile: string,
    databaseService: string,
    path: string,
    kind: BackupKind,
  ): Promise<BackupProof> => {
    const { id } = await context.read(runningContainer, composeFile, databaseService)
    const archive = sh`
      list=$(docker exec -i ${id} pg_restore --list <"$file" 2>&1) && { said=$(docker exec -i ${id} pg_restore -f /dev/null <"$file" 2>&1) || broken=1; } || { broken=1; said=$list; }
      printf '%s\\n' "$list" | grep -E '^; +(Dumped|Dump Version)' | sed 's/^; */header /'
      echo "tables $(printf '%s\\n' "$list" | grep -c ' TABLE DATA ')"
      [ -n "$broken" ] || echo complete
    `
    const text = sh`
      unpack() { if [ ${kind} = sql.gz ]; then gzip -dc <"$file"; else cat <"$file"; fi; }
      said=$(unpack 2>&1 >/dev/null) || broken=1
      unpack 2>/dev/null | head -n 40 | grep -E '^-- Dumped' | sed 's/^-- /header /'
      echo "tables $(unpack 2>/dev/null | grep -c '^COPY ')"
      unpack 2>/dev/null | tail -n 20 | grep -q '^-- PostgreSQL database \\(cluster \\)*dump complete' && echo complete
    `
    const result = await context.run(
      sh`
        file=${path}
        [ -r "$file" ] || { echo "$file cannot be read" >&2; exit 1; }
        broken=
        echo "bytes $(stat -c %s -- "$file")"
        echo "sha256 $(sha256sum <"$file" | cut -c 1-64)"
        ${kind === 'custom' ? archive : text}
        [ -z "$broken" ] || echo broken
        [ -z "$said" ] || printf '%s\\n' "$said" | head -n 3 | sed 's/^/said /'
        exit 0
      `,
      { as: 'root', timeoutSeconds: READ_SECONDS },
    )
    return parseProof(outputOf(result, path))
  },
)

/** Reads what {@link backupProof} prints. Pure. */
export function parseProof(text: string): BackupProof {
  const value = (pattern: RegExp) => pattern.exec(text)?.[1] ?? ''
  const readable = !/^broken$/m.test(text)
  return {
    bytes: Number(value(/^bytes (\d+)$/m) || Number.NaN),
    sha256: value(/^sha256 ([0-9a-f]{64})$/m),
    readable,
    problem: readable ? '' : value(/^said (.+)$/m) || 'it cannot be read',
    tables: Number(value(/^tables (\d+)$/m) || 0),
    complete: /^complete$/m.test(text),
    dumpedFrom: value(/^header Dumped from database version:? (\S+)/m),
    dumpedBy: value(/^header Dumped by pg_dump version:? (\S+)/m),
  }
}
