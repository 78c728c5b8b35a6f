/** The application gets in, over the network and with its own password, and may do what migrations need. */

import { applicationDatabase } from '../../src/facts/application-database.ts'
import { applicationView } from '../../src/facts/application-view.ts'
import { runningContainer } from '../../src/facts/containers.ts'
import { psql } from '../../src/facts/database.ts'
import { identifier } from '../../src/facts/database-server.ts'
import { databaseTls } from '../../src/facts/database-tls.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass, warn } from '../../src/model/verdict.ts'
import { databaseParams } from './parameters.ts'
import { setPassword } from './password.ts'

/** Seconds: a one-off container of the application, with all that it imports. */
export const APPLICATION_SECONDS = 120

export const applicationConnects = check({
  id: 'database/application-connects',
  title: 'The application gets into its database, over the network and with its password',
  why: 'Inside the database’s container everybody is let in without a password. Only a login from where the application stands proves that its own is right.',
  params: databaseParams,
  after: ['database/exists'],
  remedies: [setPassword],
  timeoutSeconds: APPLICATION_SECONDS,
  async probe({ params, read }) {
    const view = await read(applicationView, params.composeFile, params.backendService)
    const where = `${view.host}:${view.port || 5432}`
    const expected = 'let in'
    if (view.connected)
      return pass(`${view.user} gets into ${view.name} at ${where}`, { measured: 'let in', expected })
    const refused = /password authentication failed|no password supplied/.test(view.error)
    return fail(
      `${view.user} does not get into ${view.name} at ${where}: ${refused ? 'its password is refused' : view.error}`,
      {
        measured: 'refused',
        expected,
        telling: view.error,
        ...(refused ? { remedies: [setPassword] } : { advice: adviceFor(view.error) }),
      },
    )
  },
})

/** What to look at, by PostgreSQL's words. Pure. */
export function adviceFor(error: string): string {
  if (/could not translate host name|Name or service not known|Temporary failure/.test(error))
    return 'DB_HOST has to be the name of the database’s service in the Compose file'
  if (/Connection refused|timed? ?out|No route/i.test(error))
    return 'DB_PORT, or the network of the two services: they have to share one'
  if (/does not support SSL/.test(error))
    return 'The application asks for an encrypted connection and PostgreSQL does not offer one: turn ssl on in the Compose file, with a key'
  if (/too many clients|remaining connection slots/.test(error))
    return 'Something holds all connections: see which in the troubleshooting runbook'
  if (/no pg_hba.conf entry/.test(error))
    return 'pg_hba.conf lets nobody in from the network: the image writes that line when it fills an empty data directory'
  return 'Look at the settings of the database in the application’s env file'
}

export const connectionEncrypted = check({
  id: 'database/connection-encrypted',
  title: 'The application’s connection is encrypted, where PostgreSQL offers it',
  why: 'TLS that is set up and not used protects nothing, and nobody would notice.',
  params: databaseParams,
  after: ['database/application-connects'],
  timeoutSeconds: APPLICATION_SECONDS,
  async probe({ params, read }) {
    const { on } = await read(databaseTls, params.composeFile, params.databaseService)
    if (!on)
      return notApplicable(
        'the Compose file does not turn TLS on: the two talk inside the stack’s own network',
      )
    const { encrypted } = await read(applicationView, params.composeFile, params.backendService)
    if (encrypted === null) throw new Unreadable('the application did not get in')
    const details = { measured: encrypted ? 'encrypted' : 'plain', expected: 'encrypted' }
    return encrypted
      ? pass('it is encrypted', details)
      : warn('PostgreSQL offers TLS, and the application does without', {
          ...details,
          advice: 'sslmode=require in the application’s settings of the database',
        })
  },
})

export const grantSchema = remedy({
  id: 'database/grant-schema',
  title: 'Let the application’s role create tables in the schema public',
  why: 'Since PostgreSQL 15 only the owner of the database may: a role that is not gets “permission denied for schema public” at its first migration.',
  risk: 'None to the data: one right more for the application’s own role, in its own database.',
  grade: 'reversible',
  params: databaseParams,
  async plan({ params, read }) {
    const { composeFile, backendService, databaseService } = params
    const { name, user } = await read(applicationDatabase, composeFile, backendService, databaseService)
    const container = await read(runningContainer, composeFile, databaseService)
    return {
      actions: [
        runAction(
          `GRANT on the schema public of ${name}`,
          psql(container, `GRANT USAGE, CREATE ON SCHEMA public TO ${identifier(user)};`, name),
        ),
      ],
      touches: [`the schema public of ${name}`],
      undo: `REVOKE CREATE ON SCHEMA public FROM ${identifier(user)}`,
      expectedSeconds: 1,
    }
  },
})

export const schemaRights = check({
  id: 'database/schema-rights',
  title: 'The application’s role may create tables in the schema public',
  why: 'PostgreSQL 15 took that right away from everybody but the owner. The first migration is where it shows.',
  params: databaseParams,
  after: ['database/application-connects'],
  explains: ['database/migrated'],
  remedies: [grantSchema],
  timeoutSeconds: APPLICATION_SECONDS,
  async probe({ params, read }) {
    const view = await read(applicationView, params.composeFile, params.backendService)
    const { mayUseSchema, mayCreateInSchema, user } = view
    if (mayUseSchema === null || mayCreateInSchema === null)
      throw new Unreadable('the application did not get in')
    const measured = `USAGE ${mayUseSchema ? 'yes' : 'no'}, CREATE ${mayCreateInSchema ? 'yes' : 'no'}`
    const expected = 'USAGE yes, CREATE yes'
    return mayUseSchema && mayCreateInSchema
      ? pass(`${user} may use it and create in it`, { measured, expected })
      : fail(`${user} may not ${mayUseSchema ? 'create tables in' : 'use'} the schema public`, {
          measured,
          expected,
          remedies: [grantSchema],
        })
  },
})
