/**
 * Dumps of this world's PostgreSQL. An archive begins as pg_dump's does, with its mark and version, then its list of
 * contents, then the data, compressed. One that ends early can be listed, and not be read: as in life.
 */

import { randomBytes } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import type { DatabaseContents } from './database.ts'

/** `PGDMP`, the format's version 1.14.0, sizes of integers and offsets, and the format: custom. */
const HEAD = Buffer.from([0x50, 0x47, 0x44, 0x4d, 0x50, 1, 14, 0, 4, 8, 1])
/** Bytes that a row takes in the archive. */
const BYTES_A_ROW = 96

export interface ArchiveList {
  readonly database: string
  readonly serverVersion: string
  /** In milliseconds since 1970. */
  readonly madeAt: number
  readonly owner: string
  readonly tables: readonly string[]
}

/** Why an archive cannot be read, in pg_restore's words. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
}

export function writeArchive(list: ArchiveList, contents: DatabaseContents): Buffer {
  const listed = Buffer.from(JSON.stringify(list))
  const rows = contents.tables.reduce((sum, [, table]) => sum + table.rows, 0)
  // What nobody can compress any further stands for the rows themselves.
  const padding = randomBytes(rows * BYTES_A_ROW).toString('base64')
  const data = deflateSync(JSON.stringify({ contents, padding }))
  return Buffer.concat([HEAD, length(listed), listed, length(data), data])
}

function length(part: Buffer): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(part.length)
  return bytes
}

/** @throws ArchiveError for what is no archive, or ends in its list. */
export function readList(bytes: Buffer): ArchiveList {
  if (bytes.length < 5) throw new ArchiveError('could not read from input file: end of file')
  if (!bytes.subarray(0, 5).equals(HEAD.subarray(0, 5)))
    throw new ArchiveError(
      /^--|^SET |^CREATE /m.test(bytes.subarray(0, 400).toString('latin1'))
        ? 'input file appears to be a text format dump. Please use psql.'
        : 'input file does not appear to be a valid archive',
    )
  return JSON.parse(part(bytes, HEAD.length).toString()) as ArchiveList
}

/** @throws ArchiveError for one that ends early or is damaged. */
export function readContents(bytes: Buffer): DatabaseContents {
  readList(bytes)
  const data = part(bytes, HEAD.length + 4 + bytes.readUInt32BE(HEAD.length))
  try {
    return (JSON.parse(inflateSync(data).toString()) as { contents: DatabaseContents }).contents
  } catch {
    throw new ArchiveError('could not uncompress data: incorrect data check')
  }
}

function part(bytes: Buffer, at: number): Buffer {
  const end = bytes.length < at + 4 ? Number.POSITIVE_INFINITY : at + 4 + bytes.readUInt32BE(at)
  if (end > bytes.length) throw new ArchiveError('could not read from input file: end of file')
  return bytes.subarray(at + 4, end)
}

/** Before the data of a plain dump, in a comment: what stands for its rows when psql reads them. */
export const PLAIN_MARK = '-- Contents: '

/** pg_dump's plain format. Every row is its number alone. */
export function plainDump({ serverVersion, owner }: ArchiveList, contents: DatabaseContents): string {
  const lines = [
    '--\n-- PostgreSQL database dump\n--\n',
    `-- Dumped from database version ${serverVersion}`,
    `-- Dumped by pg_dump version ${serverVersion}\n`,
    "SET statement_timeout = 0;\nSET client_encoding = 'UTF8';\n",
    `${PLAIN_MARK}${Buffer.from(JSON.stringify(contents)).toString('base64')}\n`,
  ]
  for (const [name, { rows, columns }] of contents.tables) {
    lines.push(
      `CREATE TABLE public.${name} (\n    ${columns.map(column => `${column} text`).join(',\n    ')}\n);`,
      `ALTER TABLE public.${name} OWNER TO ${owner};`,
      `COPY public.${name} (${columns.join(', ')}) FROM stdin;`,
      ...Array.from({ length: rows }, (_, index) =>
        [index + 1, ...columns.slice(1).map(() => '\\N')].join('\t'),
      ),
      '\\.\n',
    )
  }
  return `${lines.join('\n')}\n--\n-- PostgreSQL database dump complete\n--\n\n`
}
