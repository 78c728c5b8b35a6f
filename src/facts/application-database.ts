/** Which database the application uses, by what Compose gives its container; and what the image of PostgreSQL made. */

import { Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { stackEnvironment } from './env-files.ts'

export interface ApplicationDatabase {
  /** The application's database: `DB_NAME`, else what the image makes by itself. */
  readonly name: string
  readonly user: string
  /** Where the application looks for it: the service's name, usually. */
  readonly host: string
  readonly port: number
  /** What the image of PostgreSQL makes on an empty data directory, and only then. */
  readonly imageDatabase: string
  readonly imageUser: string
  /** Where `name` and `user` come from: `DB_NAME`, `POSTGRES_DB`, or PostgreSQL's own default. */
  readonly namedBy: 'DB_NAME' | 'POSTGRES_DB' | 'POSTGRES_USER'
}

/** @throws Unreadable when Compose refuses the file, or has no such services. */
export const applicationDatabase = fact(
  'database/application-database',
  async (
    context,
    composeFile: string,
    backendService: string,
    databaseService: string,
  ): Promise<ApplicationDatabase> => {
    const { resolved, refusal } = await context.read(stackEnvironment, composeFile)
    if (resolved === null) throw new Unreadable(`the application’s database cannot be told: ${refusal}`)
    const plain = (service: string, name: string): string =>
      resolved.get(service)?.findLast(value => value.name === name)?.plain ?? ''
    const imageUser = plain(databaseService, 'POSTGRES_USER') || 'postgres'
    const imageDatabase = plain(databaseService, 'POSTGRES_DB') || imageUser
    const own = plain(backendService, 'DB_NAME')
    return {
      name: own || imageDatabase,
      user: plain(backendService, 'DB_USER') || imageUser,
      host: plain(backendService, 'DB_HOST') || databaseService,
      port: Number(plain(backendService, 'DB_PORT') || 5432),
      imageDatabase,
      imageUser,
      namedBy: own ? 'DB_NAME' : plain(databaseService, 'POSTGRES_DB') ? 'POSTGRES_DB' : 'POSTGRES_USER',
    }
  },
)
