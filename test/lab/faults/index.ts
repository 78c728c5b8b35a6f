import * as backups from './backups.ts'
import * as certificates from './certificates.ts'
import * as composeFile from './compose-file.ts'
import * as database from './database.ts'
import * as disk from './disk.ts'
import * as environment from './environment.ts'
import type { Fault } from './fault.ts'
import * as host from './host.ts'
import * as network from './network.ts'
import * as nginx from './nginx.ts'
import * as redis from './redis.ts'
import * as releases from './releases.ts'
import * as services from './services.ts'

export type { Fault } from './fault.ts'

/**
 * Every fault by its name. One that one would look for is missing: a registry that refuses, since the lab has none.
 */
export const faults: Record<string, Fault> = Object.fromEntries(
  [
    services,
    environment,
    releases,
    composeFile,
    nginx,
    certificates,
    database,
    redis,
    host,
    disk,
    network,
    backups,
  ]
    .flatMap(module => Object.values<Fault>(module))
    .map(fault => [fault.name, fault]),
)

export function findFault(name: string): Fault {
  const fault = faults[name]
  if (!fault) throw new Error(`There is no fault ${name}. There are: ${Object.keys(faults).join(', ')}.`)
  return fault
}
