/** What PostgreSQL says of itself: settings, sessions, databases, roles. */

import type { Session } from './connection.ts'
import { clientsNamed } from './connection.ts'
import {
  databaseNamed,
  isoSecond,
  type Question,
  type Row,
  TEXT,
  textOf,
  textsIn,
  timestamp,
} from './question.ts'
import { serviceSessions } from './service-sessions.ts'

const setting = ({ role }: Session, name: string): string => role.cluster.settings.get(name) ?? ''
const databasesOf = ({ role }: Session) =>
  [...role.cluster.databases.values()].sort((a, b) => (a.name < b.name ? -1 : 1))

function condition(session: Session): Row[] {
  const { role, call, database } = session
  const now = call.machine.now()
  return [
    {
      version: setting(session, 'server_version'),
      max_connections: Number(setting(session, 'max_connections')),
      reserved: Number(setting(session, 'superuser_reserved_connections')),
      sessions: role.cluster.sessions.map(each => ({
        pid: each.pid,
        began: new Date(each.began).toISOString(),
        application: each.application,
        user: each.user,
        address: '172.18.0.5',
        state: each.state,
        verb: each.verb,
        transactionSeconds: each.transactionBegan === 0 ? 0 : (now - each.transactionBegan) / 1000,
        stateSeconds: (now - each.began) / 1000,
        waitsFor: each.waitsFor,
      })),
      in_recovery: false,
      read_only: setting(session, 'default_transaction_read_only') === 'on',
      ssl: setting(session, 'ssl') === 'on',
      autovacuum: setting(session, 'autovacuum') === 'on',
      oldest_transaction_age: 12_000,
      prepared_transactions: 0,
      inactive_slots: 0,
      invalid_indexes: 0,
      checksum_failures: 0,
      archiver_fails: false,
      fullest_sequence: { name: 'public.products_product_id_seq', used: 1e-9 },
      bloated: [],
      database_bytes: database.bytes,
    },
  ]
}

function server(session: Session): Row[] {
  const { role } = session
  return [
    {
      version: setting(session, 'server_version').split(' ')[0],
      startedAt: isoSecond(role.container.startedAt),
      initialisedAt: isoSecond(role.cluster.madeAt),
      maxConnections: Number(setting(session, 'max_connections')),
      reservedConnections: Number(setting(session, 'superuser_reserved_connections')),
      connections: role.cluster.sessions.length + serviceSessions(session).length + 1,
      ssl: setting(session, 'ssl') === 'on',
      databases: databasesOf(session).map(({ name, owner, allows }) => ({
        name,
        owner,
        encoding: 'UTF8',
        collation: 'C.UTF-8',
        allowsConnections: allows,
      })),
      roles: [...role.cluster.roles]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { login, superuser, password }]) => ({
          name,
          canLogIn: login,
          isSuperuser: superuser,
          hasPassword: password !== '',
        })),
    },
  ]
}

export const serverQuestions: readonly Question[] = [
  { asks: /pg_blocking_pids\(pid\)/, answer: condition },
  { asks: /pg_stat_file\('PG_VERSION'/, answer: server },
  // Who blocks a migration: nobody's lock is kept.
  { asks: /pg_blocking_pids\(w\.pid\)/, answer: () => [] },
  {
    asks: /^SELECT rolname AS role FROM pg_roles$/,
    answer: ({ role }) => [...role.cluster.roles.keys()].map(name => ({ role: name })),
  },
  {
    asks: /^SELECT format\('CREATE ROLE %I%s;'/,
    answer: ({ role, user }) =>
      [...role.cluster.roles]
        .filter(([name]) => name !== user)
        .map(([name, { login }]) => ({ statement: `CREATE ROLE "${name}"${login ? ' LOGIN' : ''};` })),
  },
  {
    asks: new RegExp(
      `^SELECT pg_database_size\\(datname\\) AS bytes FROM pg_database WHERE datname = ${TEXT}$`,
    ),
    answer(session, match) {
      const found = session.role.cluster.databases.get(textOf(match[1]))
      return found ? [{ bytes: found.bytes }] : []
    },
  },
  {
    asks: /^SELECT pg_database_size\(current_database\(\)\)$/,
    answer: ({ database }) => [{ bytes: database.bytes }],
  },
  {
    asks: /^SELECT system_identifier FROM pg_control_system\(\)$/,
    answer: ({ role }) => [{ system_identifier: role.cluster.systemIdentifier }],
  },
  {
    asks: /^SELECT current_setting\('(\w+)'\)(?: AS (\w+))?$/,
    answer: (session, match) => [{ [match[2] ?? 'current_setting']: setting(session, match[1] ?? '') }],
  },
  { asks: /^SHOW (\w+)$/i, answer: (session, match) => [{ value: setting(session, match[1] ?? '') }] },
  {
    asks: /^SELECT pg_postmaster_start_time\(\)$/i,
    answer: ({ role }) => [{ at: timestamp(role.container.startedAt) }],
  },
  {
    asks: /^SELECT version\(\)/i,
    answer: session => [{ version: `PostgreSQL ${setting(session, 'server_version')}` }],
  },
  {
    asks: /^SELECT (\d+)(?: AS (\w+))?$/i,
    answer: (_, match) => [{ [match[2] ?? '?column?']: Number(match[1]) }],
  },
  { asks: new RegExp(`^SELECT ${TEXT}$`), answer: (_, match) => [{ text: textOf(match[1]) }] },
  {
    asks: /^SELECT count\(\*\) FROM pg_available_extensions WHERE name = 'amcheck'$/,
    answer: () => [{ count: 1 }],
  },
  { asks: /^SELECT count\(\*\) FROM pg_extension WHERE/, answer: () => [{ count: 0 }] },
  {
    asks: /^SELECT count\(\*\) FROM pg_stat_activity WHERE datname IN \((.*)\)$/,
    answer: (session, match) => {
      const names = textsIn(match[1] ?? '')
      return [{ count: serviceSessions(session).filter(({ database }) => names.includes(database)).length }]
    },
  },
  {
    asks: /^SELECT datname FROM pg_stat_activity WHERE application_name = '([^']*)'/,
    answer: (session, match) =>
      clientsNamed(session, match[1] ?? '')
        .slice(0, 1)
        .map(() => ({ datname: session.database.name })),
  },
  {
    asks: /^SELECT DISTINCT coalesce\(host\(client_addr\), ''\) AS address[\s\S]*WHERE datname = ('(?:[^']|'')*')/,
    answer: (session, match) =>
      serviceSessions(session)
        .filter(({ database }) => database === textOf(match[1]))
        .map(({ address, application, user }) => ({ address, application, role: user })),
  },
  {
    asks: /^SELECT tup_inserted AS rows FROM pg_stat_database WHERE datname = ('(?:[^']|'')*')/,
    answer: (session, match) => [
      {
        rows: [...databaseNamed(session, textOf(match[1])).tables.values()].reduce(
          (sum, { rows }) => sum + rows,
          0,
        ),
      },
    ],
  },
]
