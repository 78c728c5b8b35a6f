/** The questions that runbooks ask PostgreSQL, answered from the cluster's model. A question that is not known is recorded. */

import type { Call } from '../../system/call.ts'
import type { Database, PostgresRole } from '../../world/shop/postgres-role.ts'

type Row = Readonly<Record<string, unknown>>

interface Question {
  /** A piece of the statement that no other question has. */
  readonly mark: string
  answer(place: Place): Row[]
}

export interface Place {
  readonly call: Call
  readonly role: PostgresRole
  readonly database: Database
  readonly sql: string
}

const setting = ({ role }: Place, name: string): string => role.cluster.settings.get(name) ?? ''

function condition(place: Place): Row[] {
  const { role, call, database } = place
  const now = call.machine.now()
  return [
    {
      version: setting(place, 'server_version'),
      max_connections: Number(setting(place, 'max_connections')),
      reserved: Number(setting(place, 'superuser_reserved_connections')),
      sessions: role.cluster.sessions.map(session => ({
        pid: session.pid,
        began: new Date(session.began).toISOString(),
        application: session.application,
        user: session.user,
        address: '172.18.0.5',
        state: session.state,
        verb: session.verb,
        transactionSeconds: session.transactionBegan === 0 ? 0 : (now - session.transactionBegan) / 1000,
        stateSeconds: (now - session.began) / 1000,
        waitsFor: session.waitsFor,
      })),
      in_recovery: false,
      read_only: setting(place, 'default_transaction_read_only') === 'on',
      ssl: setting(place, 'ssl') === 'on',
      autovacuum: setting(place, 'autovacuum') === 'on',
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

const QUESTIONS: readonly Question[] = [
  { mark: 'pg_blocking_pids(pid)', answer: condition },
  { mark: "to_regclass('alembic_version')", answer: () => [{ there: false }] },
]

/** Rows of a SELECT as objects. @throws RangeError with PostgreSQL's words. */
export function answerRows(call: Call, role: PostgresRole, name: string, sql: string): Row[] {
  const database = role.cluster.databases.get(name)
  if (!database) throw new RangeError(`database "${name}" does not exist`)
  const known = QUESTIONS.find(({ mark }) => sql.includes(mark))
  if (known) return known.answer({ call, role, database, sql })
  const one = /^\s*SELECT\s+(\d+)(?:\s+AS\s+(\w+))?\s*$/i.exec(sql)
  if (one) return [{ [one[2] ?? '?column?']: Number(one[1]) }]
  call.machine.lacking.add(`psql: ${sql.trim().replace(/\s+/g, ' ').slice(0, 160)}`)
  throw new RangeError('the practice server does not know this question')
}

/** A statement outside JSON: rows of texts. */
export function runStatement(call: Call, role: PostgresRole, name: string, sql: string): string[][] {
  if (/^(BEGIN|COMMIT|ROLLBACK|SET|RESET|START|END)\b/i.test(sql)) return []
  const plain = /^SELECT\s+(\d+|'[^']*')\s*$/i.exec(sql)
  if (plain) return [[(plain[1] ?? '').replaceAll("'", '')]]
  if (/^SELECT\s+version\(\)/i.test(sql))
    return [[`PostgreSQL ${role.cluster.settings.get('server_version')}`]]
  const show = /^SHOW\s+(\w+)/i.exec(sql)
  if (show) return [[role.cluster.settings.get(show[1] ?? '') ?? '']]
  if (/^SELECT\s+pg_postmaster_start_time\(\)/i.test(sql))
    return [[new Date(role.container.startedAt).toISOString().replace('T', ' ').replace('Z', '000+00')]]
  const ends = /^SELECT\s+pg_(?:terminate|cancel)_backend\((\d+)\)/i.exec(sql)
  if (ends) {
    role.cluster.sessions = role.cluster.sessions.filter(({ pid }) => pid !== Number(ends[1]))
    return [['t']]
  }
  return answerRows(call, role, name, sql).map(row =>
    Object.values(row).map(value =>
      value === null
        ? ''
        : typeof value === 'object'
          ? JSON.stringify(value)
          : value === true
            ? 't'
            : value === false
              ? 'f'
              : String(value),
    ),
  )
}
