/** Statements that change something: databases, roles, settings, and sessions that are ended. */

import { contentsOf, fill, newDatabase } from '../../world/shop/database.ts'
import { clientsNamed, type Session } from './connection.ts'
import {
  databaseNamed,
  NAME,
  PostgresError,
  type Question,
  type Row,
  TEXT,
  textOf,
  unquoted,
} from './question.ts'

const statement = (pattern: string): RegExp => new RegExp(`^${pattern}\\s*$`, 'is')

function createDatabase(session: Session, match: RegExpExecArray): Row[] {
  const { databases } = session.role.cluster
  const name = unquoted(match[1])
  if (databases.has(name)) throw new PostgresError(`database "${name}" already exists`)
  const options = match[2] ?? ''
  const owner = new RegExp(`\\bOWNER ${NAME}`, 'i').exec(options)?.[1]
  const template = unquoted(new RegExp(`\\bTEMPLATE ${NAME}`, 'i').exec(options)?.[1])
  const made = newDatabase(name, owner === undefined ? session.user : unquoted(owner))
  if (template !== '' && !/^template[01]$/.test(template))
    fill(made, contentsOf(databaseNamed(session, template)))
  databases.set(name, made)
  return []
}

function dropDatabase(session: Session, match: RegExpExecArray): Row[] {
  const { databases } = session.role.cluster
  const name = unquoted(match[2])
  if (!databases.has(name) && match[1] === undefined)
    throw new PostgresError(`database "${name}" does not exist`)
  if (session.database.name === name) throw new PostgresError('cannot drop the currently open database')
  databases.delete(name)
  return []
}

function renameDatabase(session: Session, match: RegExpExecArray): Row[] {
  const { databases } = session.role.cluster
  const found = databaseNamed(session, unquoted(match[1]))
  const name = unquoted(match[2])
  if (databases.has(name)) throw new PostgresError(`database "${name}" already exists`)
  databases.delete(found.name)
  found.name = name
  databases.set(name, found)
  return []
}

function roleNamed({ role }: Session, name: string) {
  const found = role.cluster.roles.get(name)
  if (!found) throw new PostgresError(`role "${name}" does not exist`)
  return found
}

/** Sessions of the model, and clients that run here: both end. */
function endSessions(session: Session, match: RegExpExecArray, sql: string): Row[] {
  const { cluster } = session.role
  const application = /application_name = '([^']*)'/.exec(sql)?.[1]
  if (application !== undefined) {
    const clients = clientsNamed(session, application)
    for (const { pid } of clients) session.call.machine.signal(pid, 'TERM')
    return [{ count: clients.length }]
  }
  const pids = new Set(
    [...sql.matchAll(/\((\d+), timestamptz|pid = (\d+)|backend\((\d+)\)/g)].map(([, a, b, c]) =>
      Number(a ?? b ?? c),
    ),
  )
  const ended = cluster.sessions.filter(({ pid }) => pids.has(pid))
  cluster.sessions = cluster.sessions
    .filter(({ pid }) => !pids.has(pid))
    .map(each => ({ ...each, waitsFor: each.waitsFor.filter(pid => !pids.has(pid)) }))
  const only = match[0].startsWith('SELECT pg_')
  return ended.map(({ pid, application: name }) => (only ? { ended: true } : { pid, name, ended: true }))
}

const nothing = (): Row[] => []

export const changes: readonly Question[] = [
  {
    asks: /^(BEGIN|COMMIT|ROLLBACK|SET|RESET|START|END|ANALYZE|VACUUM|CHECKPOINT|REINDEX)\b/i,
    answer: nothing,
  },
  { asks: /^SELECT (?:pg_reload_conf\(\)|pg_catalog\.set_config)/i, answer: () => [{ done: true }] },
  { asks: statement(`CREATE DATABASE ${NAME}(.*)`), answer: createDatabase },
  { asks: statement(`DROP DATABASE (IF EXISTS )?${NAME}(?: WITH \\(FORCE\\))?`), answer: dropDatabase },
  { asks: statement(`ALTER DATABASE ${NAME} RENAME TO ${NAME}`), answer: renameDatabase },
  {
    asks: statement(`ALTER DATABASE ${NAME} WITH ALLOW_CONNECTIONS (true|false)`),
    answer(session, match) {
      databaseNamed(session, unquoted(match[1])).allows = match[2] === 'true'
      return []
    },
  },
  {
    asks: statement(`ALTER DATABASE ${NAME} OWNER TO ${NAME}`),
    answer(session, match) {
      databaseNamed(session, unquoted(match[1])).owner = unquoted(match[2])
      return []
    },
  },
  {
    asks: statement(`ALTER DATABASE ${NAME} WITH CONNECTION LIMIT (-?\\d+)`),
    answer(session, match) {
      databaseNamed(session, unquoted(match[1])).connectionLimit = Number(match[2])
      return []
    },
  },
  {
    asks: statement(`ALTER DATABASE ${NAME} SET (\\w+) TO (.*)`),
    answer(session, match) {
      databaseNamed(session, unquoted(match[1])).settings.set(match[2] ?? '', match[3] ?? '')
      return []
    },
  },
  {
    asks: statement(`COMMENT ON DATABASE ${NAME} IS (?:NULL|${TEXT})`),
    answer(session, match) {
      databaseNamed(session, unquoted(match[1])).comment = textOf(match[2])
      return []
    },
  },
  {
    asks: statement(`CREATE ROLE ${NAME}(.*)`),
    answer({ role }, match) {
      const name = unquoted(match[1])
      if (role.cluster.roles.has(name)) throw new PostgresError(`role "${name}" already exists`)
      const options = match[2] ?? ''
      role.cluster.roles.set(name, {
        password: '',
        superuser: /\bSUPERUSER\b/i.test(options),
        login: /\bLOGIN\b/i.test(options),
      })
      return []
    },
  },
  {
    asks: statement(`ALTER (?:ROLE|USER) ${NAME}(?: WITH)?(?: ENCRYPTED)? PASSWORD ${TEXT}`),
    answer(session, match) {
      roleNamed(session, unquoted(match[1])).password = textOf(match[2])
      return []
    },
  },
  {
    asks: statement(`ALTER (?:ROLE|USER) ${NAME}(?: WITH)? (LOGIN|NOLOGIN)`),
    answer(session, match) {
      roleNamed(session, unquoted(match[1])).login = match[2]?.toUpperCase() === 'LOGIN'
      return []
    },
  },
  {
    asks: statement(`ALTER SYSTEM SET (\\w+)(?: TO| =) (.*)`),
    answer({ role }, match) {
      role.cluster.settings.set(match[1] ?? '', (match[2] ?? '').replaceAll("'", ''))
      return []
    },
  },
  // Rights on schemas and extensions are nothing that the model keeps: the owner has all of them.
  {
    asks: /^(GRANT|REVOKE|CREATE EXTENSION|DROP EXTENSION|CREATE TABLE|ALTER TABLE|COPY \S+ \([^)]*\) FROM stdin)\b/i,
    answer: nothing,
  },
  { asks: /^SELECT [\s\S]*pg_(?:terminate|cancel)_backend\(/i, answer: endSessions },
]
