/** What a backup asks in the snapshot that it dumps, and a restore of its copy: rows, sums, newest rows, sequences. */

import { checksumOf, datedBy, highestOf, moneyOf, type Table, tablesOf } from '../../world/shop/database.ts'
import type { Session } from './connection.ts'
import { isoSecond, PostgresError, type Question, quoted, type Row, unquoted } from './question.ts'

function tableNamed({ database }: Session, name: string): [string, Table] {
  const found = tablesOf(database).find(([each]) => each === name)
  if (!found) throw new PostgresError(`relation "${name}" does not exist`)
  return found
}

/** `{"name" : 1}`, as PostgreSQL's json_build_object writes it. */
const built = (values: Readonly<Record<string, unknown>>): string =>
  `{${Object.entries(values)
    .map(([key, value]) => `${JSON.stringify(key)} : ${JSON.stringify(value)}`)
    .join(', ')}}`

const lines = (rows: readonly string[]): Row[] => rows.map(line => ({ line }))
const statements = lines

const microseconds = (at: number): string => new Date(at).toISOString().replace('Z', '000Z')

function newestOf(session: Session): [string, Table][] {
  return tablesOf(session.database).filter(
    ([name, table]) => datedBy(table) !== undefined && !/^(django|auth)_/.test(name),
  )
}

export const dumpQuestions: readonly Question[] = [
  {
    asks: /^SELECT pg_export_snapshot\(\) AS snapshot$/,
    answer: () => [{ snapshot: '00000003-0000001B-1' }],
  },
  {
    asks: /^SELECT 'KB-at ' \|\|/,
    answer: ({ call }) => lines([`KB-at ${isoSecond(call.machine.now())}`]),
  },
  {
    asks: /^SELECT 'KB-database ' \|\|/,
    answer: ({ database, role }) =>
      lines([
        `KB-database ${built({
          database: database.name,
          bytes: database.bytes,
          server: role.cluster.settings.get('server_version')?.split(' ')[0],
        })}`,
      ]),
  },
  // Statements that make statements: for each table one that the next question answers.
  {
    asks: /^SELECT format\('SELECT ''([A-Za-z0-9-]+) '' \|\| json_build_object\(''name'', %L, ''rows''/,
    answer: (session, match) =>
      statements(
        tablesOf(session.database).map(
          ([name]) =>
            `SELECT '${match[1]} ' || json_build_object('name', 'public.${name}', 'rows', count(*)) FROM ONLY public.${name} AS t`,
        ),
      ),
  },
  {
    asks: /^SELECT '([A-Za-z0-9-]+) ' \|\| json_build_object\('name', 'public\.(\w+)', 'rows', count\(\*\)\)/,
    answer(session, match) {
      const [name, table] = tableNamed(session, match[2] ?? '')
      const figures = { name: `public.${name}`, rows: table.rows, checksum: checksumOf(name, table) }
      return lines([`${match[1]} ${built(figures)}`])
    },
  },
  {
    asks: /^SELECT format\('SELECT ''KB-newest ''/,
    answer: session => statements(newestOf(session).map(([name]) => `SELECT 'KB-newest ' FROM ${name}`)),
  },
  {
    asks: /^SELECT 'KB-newest ' FROM (\w+)$/,
    answer(session, match) {
      const [name, table] = tableNamed(session, match[1] ?? '')
      if (table.rows === 0 || table.newestAt === 0) return []
      const where = built({ table: `public.${name}`, column: datedBy(table) })
      return lines([`KB-newest ${microseconds(table.newestAt)} ${where}`])
    },
  },
  {
    asks: /^SELECT \$\$([\s\S]*)\$\$\s+WHERE to_regclass\('public\.(\w+)'\) IS NOT NULL$/,
    answer: ({ database }, match) =>
      database.tables.has(match[2] ?? '') ? statements([match[1] ?? '']) : [],
  },
  {
    asks: /^SELECT DISTINCT ON \(app\) 'KB-migration '/,
    answer({ database }) {
      const newest = new Map(database.migrations.map(({ app, name }) => [app, name]))
      return lines(
        [...newest]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([app, name]) => `KB-migration ${built({ app, name })}`),
      )
    },
  },
  {
    asks: /^SELECT 'KB-sequence ' \|\|/,
    answer: ({ database }) =>
      lines(
        tablesOf(database).map(
          ([name, table]) =>
            `KB-sequence ${built({ name: `public.${name}_id_seq`, lastValue: table.rows === 0 ? null : highestOf(table) })}`,
        ),
      ),
  },
  {
    asks: /^SELECT 'highest ' \|\| json_build_object/,
    answer: ({ database }) =>
      lines(
        tablesOf(database).map(
          ([name, table]) =>
            `highest ${built({ table: `public.${name}`, column: 'id', highest: highestOf(table) })}`,
        ),
      ),
  },
  {
    asks: /^SELECT extract\(epoch FROM max\("?\w+"?\)\) FROM (?:"?public"?\.)?("?\w+"?)$/,
    answer(session, match) {
      const [, table] = tableNamed(session, unquoted(match[1]))
      return [{ extract: table.newestAt === 0 ? null : table.newestAt / 1000 }]
    },
  },
  {
    asks: /^SELECT format\('SELECT %1\$L \|\| '' '' \|\| to_char\(date_trunc\(''month''/,
    answer: session =>
      statements(
        tablesOf(session.database)
          .filter(([, table]) => datedBy(table) !== undefined && moneyOf(table) !== undefined)
          .map(([name]) => `SELECT ${quoted(`months of ${name}`)} AS months`),
      ),
  },
  {
    asks: /^SELECT 'months of (\w+)' AS months$/,
    answer(session, match) {
      const [name, table] = tableNamed(session, match[1] ?? '')
      return lines(
        [...table.months]
          .sort((a, b) => (a.month < b.month ? -1 : 1))
          .map(({ month, rows, sum }) => `public.${name}.${moneyOf(table)} ${month} ${rows} ${sum}`),
      )
    },
  },
]
