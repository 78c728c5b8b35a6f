/** What a question to PostgreSQL is here, and the words that they share. */

import type { Database } from '../../world/shop/database.ts'
import type { Session } from './connection.ts'

export type Row = Readonly<Record<string, unknown>>

export interface Answer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** An error in PostgreSQL's own words. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError'
}

export interface Question {
  /** Fits this question and no other. */
  readonly asks: RegExp
  answer(session: Session, match: RegExpExecArray, sql: string): Row[]
}

/** `"a name"` or `a_name`, as a group of a pattern. */
export const NAME = '("(?:[^"]|"")*"|[a-z_][\\w]*)'

export const unquoted = (name = ''): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name

/** `'a text'` or `E'a text'`, as a group of a pattern. */
export const TEXT = "(E?'(?:[^'\\\\]|''|\\\\.|\\\\)*')"

export function textOf(literal = ''): string {
  const inside = literal.replace(/^E?'|'$/g, '').replaceAll("''", "'")
  return literal.startsWith('E')
    ? inside.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter))
    : inside
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
export const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`

/** Texts of a list: `'a', 'b'`. */
export const textsIn = (list: string): string[] =>
  [...list.matchAll(new RegExp(TEXT, 'g'))].map(([literal]) => textOf(literal))

/** @throws PostgresError when there is none. */
export function databaseNamed({ role }: Session, name: string): Database {
  const found = role.cluster.databases.get(name)
  if (!found) throw new PostgresError(`database "${name}" does not exist`)
  return found
}

/** PostgreSQL's way to write a time. */
export const timestamp = (at: number): string =>
  new Date(at).toISOString().replace('T', ' ').replace('Z', '+00')
/** `2026-11-21T12:00:00Z`. */
export const isoSecond = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
