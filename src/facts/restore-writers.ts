/** Who uses the shop's database right now: the services of the stack, and anybody else. */

import { fact } from '../model/fact.ts'
import { type Container, stackContainers } from './containers.ts'
import { queryRows } from './database.ts'
import { RESTORE_SESSION } from './restore-databases.ts'
import { literal } from './sql-text.ts'

export interface Writers {
  /** Services of the stack with a session in the database, the database's own left out. */
  readonly services: readonly string[]
  /** Everybody else, in words: `psql of webshop from 10.0.0.5`. */
  readonly others: readonly string[]
}

export interface Session {
  /** Empty for the local socket. */
  readonly address: string
  readonly application: string
  readonly role: string
}

export const databaseWriters = fact(
  'restore/writers',
  async (context, composeFile: string, databaseService: string, database: string): Promise<Writers> => {
    const containers = await context.read(stackContainers, composeFile)
    const sessions = await queryRows<Session>(context, composeFile, databaseService, {
      what: `the sessions of ${database}`,
      database: 'postgres',
      sql: `SELECT DISTINCT coalesce(host(client_addr), '') AS address, application_name AS application, usename AS role
FROM pg_stat_activity WHERE datname = ${literal(database)} AND backend_type = 'client backend'
  AND pid <> pg_backend_pid() AND application_name <> '${RESTORE_SESSION}'`,
    })
    return writersOf(sessions, containers, databaseService)
  },
)

/** Pure. */
export function writersOf(
  sessions: readonly Session[],
  containers: readonly Container[],
  databaseService: string,
): Writers {
  const owner = (address: string) =>
    containers.find(({ networks }) =>
      networks.some(({ ipv4, ipv6 }) => address !== '' && (ipv4 === address || ipv6 === address)),
    )
  const services = sessions.map(({ address }) => owner(address)?.service).filter(found => found !== undefined)
  const others = sessions
    .filter(({ address }) => owner(address) === undefined)
    .map(
      ({ address, application, role }) =>
        `${application || 'a session'} of ${role}${address === '' ? ' on the server itself' : ` from ${address}`}`,
    )
  return {
    services: [...new Set(services)].filter(service => service !== databaseService).sort(),
    others: [...new Set(others)],
  }
}
