/** What is asked of the shop's own tables: Django's list of migrations, rows, columns. */

import { createHash } from 'node:crypto'
import { tablesOf } from '../../world/shop/database.ts'
import type { Session } from './connection.ts'
import { PostgresError, type Question, type Row, unquoted } from './question.ts'

function tableNamed({ database }: Session, name: string) {
  const found = tablesOf(database).find(([each]) => each === name)?.[1]
  if (!found) throw new PostgresError(`relation "${name}" does not exist`)
  return found
}

const migrationsOf = ({ database }: Session) => {
  if (!database.tables.has('django_migrations'))
    throw new PostgresError('relation "django_migrations" does not exist')
  return database.migrations
}

const utc = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 16)

/** Rows that a condition of a migration's plan fits: of columns the model keeps that each row has its own value. */
function counted(session: Session, match: RegExpExecArray): Row[] {
  const table = tableNamed(session, unquoted(match[1]))
  const condition = match[2] ?? ''
  const column = /"((?:[^"]|"")*)"/.exec(condition)?.[1]
  if (column !== undefined && !table.columns.includes(column))
    throw new PostgresError(`column "${column}" does not exist`)
  const none = / IS NULL| GROUP BY |char_length/.test(condition)
  const limit = Number(match[3] ?? Number.POSITIVE_INFINITY)
  return [{ rows: none ? 0 : Math.min(table.rows, limit) }]
}

export const shopQuestions: readonly Question[] = [
  {
    asks: /^SELECT to_regclass\('(?:public\.)?(\w+)'\) IS NOT NULL AS there$/,
    answer: ({ database }, match) => [{ there: database.tables.has(match[1] ?? '') }],
  },
  {
    asks: /^SELECT app, name FROM (?:public\.)?django_migrations ORDER BY id$/,
    answer: session => migrationsOf(session).map(({ app, name }) => ({ app, name })),
  },
  {
    asks: /^SELECT 'migration ' \|\| app \|\| ' ' \|\| name FROM public\.django_migrations ORDER BY id$/,
    answer: session => migrationsOf(session).map(({ app, name }) => ({ line: `migration ${app} ${name}` })),
  },
  {
    asks: /^SELECT app, name, to_char\(applied[\s\S]*FROM django_migrations ORDER BY id DESC/,
    answer: session =>
      migrationsOf(session)
        .map(({ app, name, appliedAt }) => ({ app, name, applied: utc(appliedAt) }))
        .toReversed(),
  },
  {
    asks: /^SELECT md5\(coalesce\(string_agg\(\(app \|\| '\.' \|\| name\)::text, ','/,
    answer: session => [
      {
        md5: createHash('md5')
          .update(
            migrationsOf(session)
              .map(({ app, name }) => `${app}.${name}`)
              .sort()
              .join(','),
          )
          .digest('hex'),
      },
    ],
  },
  {
    asks: /^SELECT c\.relname AS name, pg_total_relation_size\(c\.oid\) AS bytes/,
    answer: ({ database }) =>
      tablesOf(database).map(([name, { rows, columns }]) => ({
        name,
        bytes: 16_384 + rows * 200,
        columns,
        key: ['id'],
      })),
  },
  { asks: /pg_stat_progress_create_index/, answer: () => [] },
  // Locks of sessions on single tables are nothing that the model keeps.
  { asks: /^WITH named AS \(SELECT c\.oid FROM pg_class c/, answer: () => [] },
  {
    asks: /^SELECT count\(\*\)::int AS rows FROM \(SELECT 1 FROM ("(?:[^"]|"")*")([\s\S]*?) LIMIT (\d+)\) AS asked$/,
    answer: counted,
  },
  {
    asks: /^SELECT count\(\*\) FROM (?:ONLY )?("?\w+"?)$/,
    answer: (session, match) => [{ count: tableNamed(session, unquoted(match[1])).rows }],
  },
  {
    asks: /^COPY \(SELECT (.*) FROM ("?\w+"?)(?: ORDER BY .*)?\) TO STDOUT$/s,
    answer(session, match) {
      const columns = (match[1] ?? '').split(',').length
      const { rows } = tableNamed(session, unquoted(match[2]))
      return Array.from({ length: rows }, (_, index) => ({
        line: [index + 1, ...Array.from({ length: columns - 1 }, () => '\\N')].join('\t'),
      }))
    },
  },
]
