import { type ApplicationProcess, applicationProcesses } from '../../src/facts/application-processes.ts'
import { databaseServer } from '../../src/facts/database-server.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { pass, warn } from '../../src/model/verdict.ts'
import { databaseParams } from './parameters.ts'

export const connectionBudget = check({
  id: 'database/connection-budget',
  title: 'PostgreSQL takes as many connections as the application can open',
  why: 'Each worker keeps a connection. One worker too many, and the error “too many clients already” comes on the busiest day.',
  params: databaseParams,
  after: ['database/ready'],
  async probe({ params, policy, read }) {
    const { maxConnections, reservedConnections } = await read(
      databaseServer,
      params.composeFile,
      params.databaseService,
    )
    const processes = await read(applicationProcesses, params.composeFile, params.databaseService)
    if (processes.length === 0)
      throw new Unreadable('no service of the Compose file was found that opens the database')
    const needed = connectionsOf(processes)
    const free = maxConnections - reservedConnections - needed
    const details = {
      measured: `${needed} of ${maxConnections}, ${reservedConnections} kept for superusers`,
      expected: `${policy.connectionsKeptFree} left free`,
    }
    const how = processes.map(describe).join(', ')
    if (free < policy.connectionsKeptFree)
      return warn(
        `the application can open ${needed} connections (${how}), and PostgreSQL takes ${maxConnections}`,
        {
          ...details,
          advice: `Raise max_connections in the command of ${params.databaseService}, or start fewer workers; each connection costs some ten megabytes`,
        },
      )
    return pass(`the application opens at most ${needed}: ${how}`, details)
  },
})

/** Connections that all of them together can hold. Pure. */
export const connectionsOf = (processes: readonly ApplicationProcess[]): number =>
  processes.reduce((sum, { processes: count, threads }) => sum + count * threads, 0)

const describe = ({ service, processes, threads, by }: ApplicationProcess): string =>
  `${service} ${processes}${threads > 1 ? ` × ${threads} threads` : ''} (${by})`
