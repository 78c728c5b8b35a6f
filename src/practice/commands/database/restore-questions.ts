/** What a restore and a drill ask beside the figures: databases with their comments, what is lost, what is valid. */

import { type Database, highestOf, tablesOf } from '../../world/shop/database.ts'
import { clientsNamed, type Session } from './connection.ts'
import {
  databaseNamed,
  identifier,
  type Question,
  quoted,
  type Row,
  TEXT,
  textOf,
  textsIn,
} from './question.ts'

const MARK = 'kneeboard-restore '

const markerLine = ({ comment }: Database): string => comment.split('\n').at(-1) ?? ''

/** A comment without the marker, and the marker alone. */
const wordsOf = (database: Database): string =>
  markerLine(database).startsWith(MARK)
    ? database.comment.split('\n').slice(0, -1).join('\n')
    : database.comment
const markerOf = (database: Database): Row =>
  markerLine(database).startsWith(MARK) ? (JSON.parse(markerLine(database).slice(MARK.length)) as Row) : {}

function databases(session: Session, sql: string): Row[] {
  const application = /a\.application_name = '([^']*)'/.exec(sql)?.[1] ?? ''
  return [...session.role.cluster.databases.values()]
    .filter(({ name }) => !/^template[01]$/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, owner, bytes, allows, comment }) => ({
      name,
      owner,
      bytes,
      allows,
      comment,
      slots: 0,
      prepared: 0,
      restoring: clientsNamed(session, application).length,
      version: session.role.cluster.settings.get('server_version'),
      now: Math.floor(session.call.machine.now() / 1000),
    }))
}

/** The statement that makes a database as another one is. */
function creation(session: Session, sql: string): string[] {
  const [, name, like] =
    /'CREATE DATABASE %I TEMPLATE template0 OWNER %I[^']*',\s*('(?:[^']|'')*'), pg_get_userbyid[\s\S]*WHERE datname = ('(?:[^']|'')*')/.exec(
      sql,
    ) ?? []
  const found = session.role.cluster.databases.get(textOf(like))
  if (!found) return []
  const disk = sql.includes("' TABLESPACE %I'") ? ' TABLESPACE pg_default' : ''
  return [
    `CREATE DATABASE ${identifier(textOf(name))} TEMPLATE template0 OWNER ${identifier(found.owner)} ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'${disk}`,
  ]
}

/** `COMMENT ON DATABASE`: what somebody else wrote there, and the marker anew. */
function comment(session: Session, match: RegExpExecArray, sql: string): Row[] {
  const target = textOf(match[1])
  const words = /nullif\(\(SELECT regexp_replace[\s\S]*?WHERE datname = ('(?:[^']|'')*')\), ''\)/.exec(sql)
  const marker =
    /\(\(SELECT substring[\s\S]*?WHERE datname = ('(?:[^']|'')*')\) \|\| ([\s\S]*?)\)::text/.exec(sql)
  const text = [
    words ? wordsOf(databaseNamed(session, textOf(words[1]))) : '',
    marker
      ? `${MARK}${JSON.stringify({ ...markerOf(databaseNamed(session, textOf(marker[1]))), ...added(session, marker[2] ?? '') })}`
      : '',
  ]
    .filter(Boolean)
    .join('\n')
  return [
    { statement: `COMMENT ON DATABASE ${identifier(target)} IS ${text === '' ? 'NULL' : quoted(text)}` },
  ]
}

/** What is put into a marker: an object as text, or the time of the swap. */
function added({ call }: Session, expression: string): Row {
  if (expression.includes('swappedAt')) return { swappedAt: Math.floor(call.machine.now() / 1000) }
  return JSON.parse(textOf(expression.trim())) as Row
}

function lost({ database }: Session, sql: string): Row[] {
  const tables = new Map(tablesOf(database).map(([name, table]) => [`public.${name}`, table]))
  return [...sql.matchAll(/\('([^']+)', (?:'([^']+)'|NULL), (\d+)\)/g)].flatMap(
    ([, name = '', key, figure]) => {
      const table = tables.get(name)
      if (!table) return []
      const rows = Math.max(0, highestOf(table) - Number(figure))
      const ids = Array.from({ length: Math.min(rows, 200) }, (_, index) => Number(figure) + index + 1)
      return rows === 0 ? [] : [{ table: name, rows, ids: key === undefined ? null : ids.join(' ') }]
    },
  )
}

function kept(session: Session, match: RegExpExecArray): Row[] {
  const [a, b] = [databaseNamed(session, textOf(match[1])), databaseNamed(session, textOf(match[2]))]
  const settings = ({ settings: all }: Database): string => JSON.stringify([...all].sort())
  return [
    {
      owner: a.owner === b.owner,
      encoding: true,
      sorting: true,
      connections: a.connectionLimit === b.connectionLimit,
      rights: true,
      settings: settings(a) === settings(b),
    },
  ]
}

/** Statements that give a database what another one has; rights that nobody ever granted are none. */
const givenTo = (pattern: string): RegExp =>
  new RegExp(`^SELECT format\\('${pattern}[\\s\\S]*?${TEXT}, [\\s\\S]*WHERE datname = ${TEXT}`)

export const restoreQuestions: readonly Question[] = [
  {
    asks: /FROM pg_replication_slots s WHERE s\.database/,
    answer: (session, _, sql) => databases(session, sql),
  },
  {
    asks: /^SELECT made\.statement \|\| ';' FROM \(SELECT format\('CREATE DATABASE/,
    answer: (session, _, sql) => creation(session, sql).map(statement => ({ statement: `${statement};` })),
  },
  {
    asks: /^SELECT format\('CREATE DATABASE %I TEMPLATE template0/,
    answer: (session, _, sql) => creation(session, sql).map(statement => ({ statement })),
  },
  {
    asks: new RegExp(`^SELECT 'DROP DATABASE IF EXISTS ' \\|\\| quote_ident\\(${TEXT}\\) WHERE`),
    answer: (_, match) => {
      const name = textOf(match[1])
      return name === 'postgres' ? [] : [{ statement: `DROP DATABASE IF EXISTS ${identifier(name)}` }]
    },
  },
  {
    asks: /^SELECT format\('DROP DATABASE %I', datname\) FROM pg_database/,
    answer: ({ role }) =>
      [...role.cluster.databases.values()]
        .filter(each => each.name.startsWith('restore_') && markerOf(each).phase === 'restoring')
        .map(({ name }) => ({ statement: `DROP DATABASE ${identifier(name)}` })),
  },
  {
    asks: /^SELECT format\('ALTER DATABASE %I WITH ALLOW_CONNECTIONS true', datname\) FROM pg_database WHERE datname IN \((.*)\)$/,
    answer: ({ role }, match) =>
      textsIn(match[1] ?? '')
        .filter(name => role.cluster.databases.has(name))
        .map(name => ({ statement: `ALTER DATABASE ${identifier(name)} WITH ALLOW_CONNECTIONS true` })),
  },
  {
    asks: givenTo('ALTER DATABASE %I OWNER TO'),
    answer: (session, match) => [
      {
        statement: `ALTER DATABASE ${identifier(textOf(match[1]))} OWNER TO ${identifier(databaseNamed(session, textOf(match[2])).owner)}`,
      },
    ],
  },
  {
    asks: givenTo('ALTER DATABASE %I WITH CONNECTION LIMIT'),
    answer: (session, match) => [
      {
        statement: `ALTER DATABASE ${identifier(textOf(match[1]))} WITH CONNECTION LIMIT ${databaseNamed(session, textOf(match[2])).connectionLimit}`,
      },
    ],
  },
  { asks: /^SELECT format\('(?:REVOKE ALL|GRANT %s) ON DATABASE/, answer: () => [] },
  {
    asks: /^SELECT format\('ALTER %s SET %I TO %s'[\s\S]*format\('DATABASE %I', ('(?:[^']|'')*')\)[\s\S]*WHERE datname = ('(?:[^']|'')*')/,
    answer: (session, match) =>
      [...databaseNamed(session, textOf(match[2])).settings].map(([name, value]) => ({
        statement: `ALTER DATABASE ${identifier(textOf(match[1]))} SET ${name} TO ${value}`,
      })),
  },
  { asks: new RegExp(`^SELECT format\\('COMMENT ON DATABASE %I IS %L', ${TEXT},`), answer: comment },
  { asks: /known\(name, key, figure\)/, answer: (session, _, sql) => lost(session, sql) },
  { asks: /FROM pg_constraint WHERE NOT convalidated/, answer: () => [] },
  {
    asks: /^SELECT q\.oid::regclass::text AS sequence/,
    answer: ({ database }) =>
      tablesOf(database).map(([name, table]) => ({
        sequence: `${name}_id_seq`,
        table: name,
        column: 'id',
        last: highestOf(table),
        highest: highestOf(table),
      })),
  },
  {
    asks: new RegExp(
      `FROM pg_database a, pg_database b WHERE a\\.datname = ${TEXT} AND b\\.datname = ${TEXT}`,
    ),
    answer: kept,
  },
]
