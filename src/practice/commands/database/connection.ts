/** Where libpq would connect to, and whether it is let in. */

import type { Call } from '../../system/call.ts'
import type { Database } from '../../world/shop/database.ts'
import { PostgresRole } from '../../world/shop/postgres-role.ts'
import { neighbour, roleAt } from '../../world/shop/roles.ts'

export interface Connection {
  readonly role: PostgresRole | undefined
  readonly user: string
  readonly database: string
  /** Why it is turned away, in libpq's words; undefined when it is let in. */
  readonly refusal: string | undefined
}

/** The image trusts whoever comes over the socket or from the container itself. */
const isLocal = (host: string): boolean =>
  host === '' || host.startsWith('/') || host === 'localhost' || host === '127.0.0.1'

export function serverAt(call: Call, host: string): PostgresRole | undefined {
  const own = call.world.docker.containers.get(call.process.container ?? '')
  if (!own) return undefined
  return roleAt(isLocal(host) ? own : neighbour(call.world, own, host), PostgresRole)
}

/** By options, a URL, or the environment. */
export function connect(
  call: Call,
  given: {
    readonly host?: string | undefined
    readonly user?: string | undefined
    readonly database?: string | undefined
  },
): Connection {
  const { environment, credentials } = call.process
  const url = /^postgres(?:ql)?:\/\/([^:@/]*)(?::([^@/]*))?@([^:/]*)(?::\d+)?\/([^?]*)/.exec(
    given.database ?? '',
  )
  const host = url?.[3] ?? given.host ?? environment.get('PGHOST') ?? ''
  const user =
    url?.[1] ?? given.user ?? environment.get('PGUSER') ?? (credentials.uid === 999 ? 'postgres' : 'root')
  const database = url?.[4] ?? given.database ?? environment.get('PGDATABASE') ?? user
  const role = serverAt(call, host)
  const local = isLocal(host)
  if (role) {
    const password = url?.[2] ?? environment.get('PGPASSWORD') ?? ''
    return { role, user, database, refusal: role.refuses(user, password, database, local) }
  }
  const where = local ? 'on socket "/var/run/postgresql/.s.PGSQL.5432"' : `at "${host}", port 5432`
  const why = local
    ? 'No such file or directory\n\tIs the server running locally and accepting connections on that socket?'
    : 'Connection refused'
  return { role, user, database, refusal: `connection to server ${where} failed: ${why}` }
}

/** A connection that was let in. */
export interface Session {
  readonly call: Call
  readonly role: PostgresRole
  readonly user: string
  database: Database
}

/** @returns the session; or the exit status, with the reason on standard error. */
export function openSession(call: Call, given: Parameters<typeof connect>[1], status = 2): Session | number {
  const { role, user, database, refusal } = connect(call, given)
  const found = role?.cluster.databases.get(database)
  if (refusal !== undefined || !role || !found) return call.fail(`error: ${refusal}`, status)
  return { call, role, user, database: found }
}

/** Processes of PostgreSQL's clients under a name of their own (`PGAPPNAME`), this one left out. */
export function clientsNamed({ call, role }: Session, application: string) {
  return [...call.machine.processes.values()].filter(
    process =>
      process !== call.process &&
      process.container === role.container.id &&
      process.environment.get('PGAPPNAME') === application &&
      /^(psql|pg_\w+)$/.test(process.command[0]?.split('/').at(-1) ?? ''),
  )
}
