/** The application's database is there, as it should be made; and why it was or was not made by itself. */

import { type ApplicationDatabase, applicationDatabase } from '../../src/facts/application-database.ts'
import { runningContainer } from '../../src/facts/containers.ts'
import { psql } from '../../src/facts/database.ts'
import { type DatabaseServer, databaseServer, identifier } from '../../src/facts/database-server.ts'
import { runAction } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass, warn } from '../../src/model/verdict.ts'
import { databaseParams } from './parameters.ts'
import { passwordAction } from './password.ts'

export const createDatabase = remedy({
  id: 'database/create',
  title: 'Create the application’s database',
  why: 'CREATE DATABASE, once and knowingly: with its owner, in UTF-8, from template0, so that nothing anybody left in template1 gets into it.',
  risk: 'None: nothing that exists is touched. PostgreSQL refuses when it is there already.',
  grade: 'reversible',
  params: databaseParams,
  async plan({ params, read }) {
    const { composeFile, backendService, databaseService } = params
    const wanted = await read(applicationDatabase, composeFile, backendService, databaseService)
    const { roles, databases } = await read(databaseServer, composeFile, databaseService)
    const container = await read(runningContainer, composeFile, databaseService)
    if (databases.some(({ name }) => name === wanted.name))
      throw new Unreadable(`${wanted.name} is there already`)
    if (!roles.some(({ name }) => name === wanted.user))
      throw new Unreadable(`the role ${wanted.user} does not exist yet: it is made first`)
    return {
      actions: [
        runAction(
          `CREATE DATABASE ${wanted.name}`,
          psql(
            container,
            `CREATE DATABASE ${identifier(wanted.name)} OWNER ${identifier(wanted.user)} ENCODING 'UTF8' TEMPLATE template0;`,
            'postgres',
          ),
        ),
      ],
      touches: [`PostgreSQL in ${container.name}: one more database`],
      undo: `DROP DATABASE ${identifier(wanted.name)}, as long as nothing is in it`,
      expectedSeconds: 2,
    }
  },
})

export const createRole = remedy({
  id: 'database/create-role',
  title: 'Create the role that the application logs in as',
  why: 'POSTGRES_USER is made on an empty data directory alone. A role that was named later has to be made by hand; it gets the password that the application has.',
  risk: 'None: it is no superuser, and owns nothing yet.',
  grade: 'reversible',
  params: databaseParams,
  async plan(context) {
    const { params, read } = context
    const { composeFile, backendService, databaseService } = params
    const { user } = await read(applicationDatabase, composeFile, backendService, databaseService)
    const container = await read(runningContainer, composeFile, databaseService)
    return {
      actions: [
        runAction(
          `CREATE ROLE ${user}`,
          psql(
            container,
            `CREATE ROLE ${identifier(user)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;`,
            'postgres',
          ),
        ),
        await passwordAction(context),
      ],
      touches: [`PostgreSQL in ${container.name}: the role ${user}`],
      undo: `DROP ROLE ${identifier(user)}`,
    }
  },
})

export const databaseRole = check({
  id: 'database/role',
  title: 'The role that the application logs in as exists',
  why: 'The image makes one role, and only on an empty data directory. A name that was changed in the env file afterwards is nobody’s.',
  params: databaseParams,
  after: ['database/ready'],
  explains: ['database/exists', 'database/application-connects'],
  remedies: [createRole],
  async probe({ params, read }) {
    const { composeFile, backendService, databaseService } = params
    const { user } = await read(applicationDatabase, composeFile, backendService, databaseService)
    const { roles } = await read(databaseServer, composeFile, databaseService)
    const role = roles.find(({ name }) => name === user)
    const expected = `${user}, may log in`
    if (role === undefined)
      return fail(`PostgreSQL knows no role ${user}`, {
        measured: roles.map(({ name }) => name).join(', '),
        expected,
        remedies: [createRole],
      })
    if (!role.canLogIn)
      return fail(`the role ${user} may not log in`, {
        measured: 'NOLOGIN',
        expected,
        advice: `ALTER ROLE ${identifier(user)} LOGIN, if nobody took that right away on purpose`,
      })
    return pass(`${user} exists${role.isSuperuser ? ', and is a superuser: the image made it so' : ''}`, {
      measured: role.isSuperuser ? 'superuser' : 'no superuser',
      expected,
    })
  },
})

export const databaseExists = check({
  id: 'database/exists',
  title: 'The application’s database exists, in UTF-8 and owned by its role',
  why: 'POSTGRES_DB makes it on an empty data directory and never again. Everything else in this runbook is about what is in it.',
  params: databaseParams,
  after: ['database/role'],
  remedies: [createDatabase],
  async probe({ params, read }) {
    const { composeFile, backendService, databaseService } = params
    const wanted = await read(applicationDatabase, composeFile, backendService, databaseService)
    const server = await read(databaseServer, composeFile, databaseService)
    return judgeDatabase(wanted, server)
  },
})

/** Pure. */
export function judgeDatabase(wanted: ApplicationDatabase, server: DatabaseServer) {
  const found = server.databases.find(({ name }) => name === wanted.name)
  const expected = `${wanted.name}, UTF8, owned by ${wanted.user}`
  if (found === undefined)
    return fail(`there is no database ${wanted.name}: ${whyMissing(wanted, server)}`, {
      measured: server.databases.map(({ name }) => name).join(', '),
      expected,
      remedies: [createDatabase],
    })
  const measured = `${found.name}, ${found.encoding}, owned by ${found.owner}`
  if (!found.allowsConnections)
    return fail(
      `${found.name} takes no connections: somebody closed it, a restore that was not finished perhaps`,
      {
        measured: 'datallowconn is off',
        expected,
        advice: `ALTER DATABASE ${identifier(found.name)} ALLOW_CONNECTIONS true, once it is known who closed it and why`,
      },
    )
  if (found.encoding !== 'UTF8')
    return fail(`${found.name} is in ${found.encoding}: names with accents will not fit`, {
      measured,
      expected,
      advice: 'The encoding of a database cannot be changed: dump it, create it anew in UTF-8, and restore',
    })
  if (found.owner !== wanted.user && wanted.user !== '')
    return warn(`${found.name} belongs to ${found.owner}, not to ${wanted.user}`, {
      measured,
      expected,
      advice: `ALTER DATABASE ${identifier(found.name)} OWNER TO ${identifier(wanted.user)}: migrations then need no rights of anybody else`,
    })
  return pass(`${found.name} exists: ${whyThere(wanted, server)}`, { measured, expected })
}

const madeOn = ({ initialisedAt }: DatabaseServer): string =>
  initialisedAt === null ? '' : ` (made on ${initialisedAt.slice(0, 16).replace('T', ' ')} UTC)`

function whyMissing(wanted: ApplicationDatabase, server: DatabaseServer): string {
  if (wanted.imageDatabase !== wanted.name)
    return `POSTGRES_DB names ${wanted.imageDatabase}, and the application asks for ${wanted.name}`
  return `POSTGRES_DB is read when the data directory is empty, and this one was not${madeOn(server)}`
}

function whyThere(wanted: ApplicationDatabase, server: DatabaseServer): string {
  return wanted.imageDatabase === wanted.name
    ? `the image makes POSTGRES_DB when it fills an empty data directory${madeOn(server)}`
    : `it was created by hand: POSTGRES_DB names ${wanted.imageDatabase}`
}
