/** A backup's file, read without changing it: what it says of itself, and whether it is whole. */

import type { CommandResult } from '../model/command.ts'
import { outputOf, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'
import type { BackupKind } from './backups.ts'
import { runningContainer } from './containers.ts'
import { readSql } from './restore-sql-stream.ts'

/** What the beginning of a backup tells. */
export interface ArchiveHead {
  /** What PostgreSQL's tools on this server said when they could not read it; empty when they can. */
  readonly refusal: string
  /** `15.20`: the server that was dumped, and the pg_dump that dumped it; empty where it does not say. */
  readonly dumpedFrom: string
  readonly dumpedBy: string
  /** The archive format's own version, `1.14`; empty for SQL. */
  readonly format: string
  /** Tables with data; 0 for SQL, which has no list of contents. */
  readonly tables: number
  /** Roles that own something in it; empty for SQL. */
  readonly owners: readonly string[]
  /** SQL alone. It ends its lines in CR LF: it went through a terminal, which spoils it. */
  readonly hasCarriageReturns: boolean
  /** SQL alone. It holds psql's `\restrict`, `SET transaction_timeout`. */
  readonly restricts: boolean
  readonly setsTransactionTimeout: boolean
  /** SQL alone. It is a dump by pg_dump; a cluster's, by pg_dumpall, is none. */
  readonly isDump: boolean
  readonly isCluster: boolean
  /** The psql on this server: `15.20`. */
  readonly psqlVersion: string
}

/** @throws Unreadable when the file cannot be read at all. */
export const archiveHead = fact(
  'restore/archive-head',
  async (context, composeFile: string, service: string, path: string, kind: BackupKind) => {
    const container = await context.read(runningContainer, composeFile, service)
    const script = kind === 'custom' ? customHead(container.id, path) : sqlHead(container.id, path, kind)
    return parseHead(outputOf(await context.run(script, { as: 'root', timeoutSeconds: 60 }), path))
  },
)

const customHead = (container: string, path: string): Script => sh`
  [ -r ${path} ] || { echo 'the file cannot be read' >&2; exit 1; }
  work=$(mktemp -d) || exit 1
  trap 'rm -rf "$work"' EXIT
  docker exec -i ${container} pg_restore --list <${path} >"$work/list" 2>"$work/said" || {
    printf 'refusal %s\\n' "$(grep -m 1 . "$work/said" || echo 'it said nothing')"
  }
  printf 'bytes %s\\n' "$(head -c 8 <${path} | od -An -tu1 | tr -s ' \\n' ' ')"
  printf 'psql %s\\n' "$(docker exec ${container} psql --version </dev/null)"
  sed -n '/^;/s/^; */head /p' "$work/list"
  printf 'tables %s\\n' "$(grep -c ' TABLE DATA ' "$work/list")"
  grep -v '^;' "$work/list" | awk 'NF > 4 { print "owner " $NF }' | sort -u
`

const sqlHead = (container: string, path: string, kind: BackupKind): Script => sh`
  [ -r ${path} ] || { echo 'the file cannot be read' >&2; exit 1; }
  printf 'psql %s\\n' "$(docker exec ${container} psql --version </dev/null)"
  ${kind === 'sql.gz' ? sh`gunzip -c <${path} 2>/dev/null` : sh`cat <${path}`} | head -c 6000 | awk '
    /\\r$/ { returns = 1 }
    { sub(/\\r$/, "") }
    /^-- PostgreSQL database dump$/ { print "dump" }
    /^-- PostgreSQL database cluster dump$/ { print "cluster" }
    /^-- Dumped / { print "head " substr($0, 4) }
    /^\\\\restrict / { print "restrict" }
    /^SET transaction_timeout = / { print "timeout" }
    END { if (returns) print "returns" }
  '
`

/** Reads what the two scripts print. Pure. */
export function parseHead(text: string): ArchiveHead {
  const lines = text.split('\n')
  const value = (word: string) =>
    lines
      .find(line => line.startsWith(`${word} `))
      ?.slice(word.length + 1)
      .trim() ?? ''
  const said = (words: RegExp) => lines.map(line => words.exec(line)?.[1]).find(found => found) ?? ''
  const bytes = value('bytes').split(/\s+/).map(Number)
  // "PGDMP", then the format's version: major, minor, revision.
  const isArchive = bytes.slice(0, 5).join(' ') === '80 71 68 77 80'
  return {
    refusal: value('refusal'),
    dumpedFrom: said(/^head Dumped from database version:? (\d+(?:\.\d+)*)/),
    dumpedBy: said(/^head Dumped by pg_dump version:? (\d+(?:\.\d+)*)/),
    format: isArchive ? `${bytes[5]}.${bytes[6]}` : '',
    tables: Number(value('tables')) || 0,
    owners: lines.filter(line => line.startsWith('owner ')).map(line => line.slice(6).trim()),
    hasCarriageReturns: lines.includes('returns'),
    restricts: lines.includes('restrict'),
    setsTransactionTimeout: lines.includes('timeout'),
    isDump: lines.includes('dump'),
    isCluster: lines.includes('cluster'),
    psqlVersion: /(\d+(?:\.\d+)*)/.exec(value('psql'))?.[1] ?? '',
  }
}

/** What reading the whole of a backup showed. */
export interface ArchiveReading {
  readonly sha256: string
  /** Why its contents are not whole, in the tool's own words; empty when they are, or were not looked at. */
  readonly broken: string
}

/**
 * Reads the whole file.
 *
 * @param depth `checksum`: its bytes alone. `contents`: every table is unpacked as well, which takes longer and
 *   is needed where no checksum was noted.
 * @throws Unreadable when it cannot be read, or not within ten minutes.
 */
export const archiveReading = fact(
  'restore/archive-reading',
  async (
    context,
    composeFile: string,
    service: string,
    path: string,
    kind: BackupKind,
    depth: 'checksum' | 'contents',
  ): Promise<ArchiveReading> => {
    const summed = await context.run(sh`sha256sum <${path} | cut -c 1-64`, {
      as: 'root',
      timeoutSeconds: 570,
    })
    const sha256 = outputOf(summed, path).trim()
    if (depth === 'checksum') return { sha256, broken: '' }
    const container = await context.read(runningContainer, composeFile, service)
    const script =
      kind === 'custom'
        ? sh`docker exec -i ${container.id} pg_restore -f /dev/null <${path}`
        : readSql({ kind, path })
    const read = await context.run(script, { as: 'root', timeoutSeconds: 570 })
    if (read.ending !== 'exited') outputOf(read, path)
    return { sha256, broken: read.exitCode === 0 ? '' : brokenWords(read) }
  },
)

/** The tool's own words, without its name. */
function brokenWords(result: CommandResult): string {
  const line = result.stderr.split('\n').find(words => words.trim() !== '')
  return line === undefined ? whyNot(result) : line.replace(/^[a-z_]+: (error: )?/, '').trim()
}
