/** pg_dump, pg_restore and the small programs beside them. */

import type { Call } from '../../system/call.ts'
import {
  ArchiveError,
  type ArchiveList,
  plainDump,
  readContents,
  readList,
  writeArchive,
} from '../../world/shop/archive.ts'
import { contentsOf, type DatabaseContents, fill, highestOf } from '../../world/shop/database.ts'
import { openSession, type Session } from './connection.ts'
import { identifier, PostgresError } from './question.ts'
import { runStatement } from './sql.ts'

const VERSION = '15.14 (Debian 15.14-0+deb12u1)'

const VALUED = [
  'host',
  'port',
  'username',
  'dbname',
  'format',
  'file',
  'jobs',
  'compress',
  'schema',
  'table',
  'snapshot',
  'lock-wait-timeout',
  'encoding',
  'owner',
  'template',
  'role',
  'use-list',
]

const optionsOf = (call: Call) => call.options('hpUdFfjZntNTEOL', VALUED)

function sessionOf(call: Call, database?: string): Session | number {
  const options = optionsOf(call)
  return openSession(
    call,
    {
      host: options.value('h', 'host'),
      user: options.value('U', 'username'),
      database: database ?? options.value('d', 'dbname') ?? options.operands[0],
    },
    1,
  )
}

export async function pgDump(call: Call): Promise<number> {
  const options = optionsOf(call)
  if (options.has('V', 'version')) {
    call.line(`pg_dump (PostgreSQL) ${VERSION}`)
    return 0
  }
  const session = sessionOf(call)
  if (typeof session === 'number') return session
  const { database } = session
  const contents = contentsOf(database)
  const list: ArchiveList = {
    database: database.name,
    serverVersion: session.role.cluster.settings.get('server_version') ?? VERSION,
    madeAt: call.machine.now(),
    owner: database.owner,
    tables: contents.tables.map(([name]) => name),
  }
  const isArchive = /^c/.test(options.value('F', 'format') ?? 'p')
  const bytes = isArchive ? writeArchive(list, contents) : Buffer.from(plainDump(list, contents))
  const path = options.value('f', 'file')
  if (path === undefined) await call.write(1, bytes)
  else await writeTo(call, path, bytes)
  return 0
}

async function writeTo(call: Call, path: string, bytes: Buffer): Promise<void> {
  const file = (await call.process.openFile(path, 'write')).retain()
  try {
    await file.write(bytes, call.process.wait)
  } finally {
    file.release()
  }
}

export async function pgRestore(call: Call): Promise<number> {
  const options = optionsOf(call)
  if (options.has('V', 'version')) {
    call.line(`pg_restore (PostgreSQL) ${VERSION}`)
    return 0
  }
  const [path = '-'] = options.operands
  const target = options.value('f', 'file')
  const database = options.value('d', 'dbname')
  const lists = options.has('l', 'list')
  if (!lists && target === undefined && database === undefined)
    return call.fail('error: one of -d/--dbname and -f/--file must be specified')
  const session = database === undefined ? undefined : sessionOf(call, database)
  if (typeof session === 'number') return session
  const bytes = await call.bytes(path)
  try {
    const list = readList(bytes)
    if (lists) {
      printList(call, list)
      return 0
    }
    if (options.has('v', 'verbose')) say(call, list)
    const contents = readContents(bytes)
    if (session) return restore(session, contents, options.has('c', 'clean'))
    const text = Buffer.from(plainDump(list, contents))
    if (target === '-') await call.write(1, text)
    else await writeTo(call, target ?? '/dev/null', text)
    return 0
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return call.fail(`error: ${error.message}`)
  }
}

function say(call: Call, { tables }: ArchiveList): void {
  for (const name of tables) call.err(`pg_restore: creating TABLE "public.${name}"\n`)
  for (const name of tables) call.err(`pg_restore: processing data for table "public.${name}"\n`)
}

function restore({ call, database }: Session, contents: DatabaseContents, clean: boolean): number {
  const [there] = contents.tables.find(([name]) => database.tables.has(name)) ?? []
  if (there !== undefined && !clean)
    return call.fail(
      `error: could not execute query: ERROR:  relation "${there}" already exists\nCommand was: CREATE TABLE public.${there} (`,
    )
  fill(database, contents)
  return 0
}

function printList(call: Call, { database, serverVersion, madeAt, owner, tables }: ArchiveList): void {
  const head = [
    '',
    `Archive created at ${new Date(madeAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`,
    `    dbname: ${database}`,
    `    TOC Entries: ${tables.length * 2 + 4}`,
    '    Compression: -1',
    '    Dump Version: 1.14-0',
    '    Format: CUSTOM',
    '    Integer: 4 bytes',
    '    Offset: 8 bytes',
    `    Dumped from database version: ${serverVersion}`,
    `    Dumped by pg_dump version: ${VERSION}`,
    '',
    '',
    'Selected TOC Entries:',
    '',
  ]
  for (const line of head) call.line(line === '' ? ';' : `; ${line}`)
  tables.forEach((name, index) => {
    call.line(`${214 + index}; 1259 ${16_385 + index} TABLE public ${name} ${owner}`)
  })
  tables.forEach((name, index) => {
    call.line(`${3400 + index}; 0 ${16_385 + index} TABLE DATA public ${name} ${owner}`)
  })
}

/** createdb, dropdb, createuser: each is one statement. */
const oneStatement =
  (statementOf: (name: string, call: Call) => string) =>
  (call: Call): number => {
    const [name = ''] = optionsOf(call).operands
    const session = sessionOf(call, 'postgres')
    if (typeof session === 'number') return session
    try {
      runStatement(session, statementOf(name, call))
      return 0
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error
      return call.fail(`error: ${error.message}`)
    }
  }

export const createdb = oneStatement((name, call) => {
  const options = optionsOf(call)
  const [owner, template] = [options.value('O', 'owner'), options.value('T', 'template')]
  return `CREATE DATABASE ${identifier(name)}${owner ? ` OWNER ${identifier(owner)}` : ''}${template ? ` TEMPLATE ${identifier(template)}` : ''}`
})
export const dropdb = oneStatement(
  (name, call) => `DROP DATABASE ${optionsOf(call).has('if-exists') ? 'IF EXISTS ' : ''}${identifier(name)}`,
)
export const createuser = oneStatement(name => `CREATE ROLE ${identifier(name)} LOGIN`)

/** Statistics and indexes are nothing that the model keeps; that the database is there is all that can go wrong. */
export function vacuumdb(call: Call): number {
  const session = sessionOf(call)
  return typeof session === 'number' ? session : 0
}

/** Reads every table and its key: a model has no page that could be torn. */
export function pgAmcheck(call: Call): number {
  const session = sessionOf(call)
  if (typeof session === 'number') return session
  const unsound = [...session.database.tables].find(([, table]) => highestOf(table) < 0)
  return unsound ? call.fail(`error: heap table "public.${unsound[0]}" is damaged`, 2) : 0
}
