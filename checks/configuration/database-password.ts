/** The password of the database: the same in both variables, and one that PostgreSQL takes. */

import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { databaseLogin } from '../../src/facts/database-login.ts'
import { inForce, isFilled, serviceEnvFile, stackEnvironment } from '../../src/facts/env-files.ts'
import { runAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { editAction, envFunctions, keptWhere } from './edit-env.ts'
import { type ConfigurationParams, configurationParams } from './parameters.ts'
import { changePlan, usersOf } from './recreate.ts'

type Context = Pick<ProbeContext<ConfigurationParams>, 'read' | 'params'>

/** Whether PostgreSQL takes the password that stands under a name. */
async function isAccepted({ read, params }: Context, passwordKey: string): Promise<boolean> {
  const { path } = serviceEnvFile(await read(stackEnvironment, params.composeFile))
  const { composeFile, databaseService } = params
  return (await read(databaseLogin, composeFile, databaseService, path, passwordKey, envFunctions.text))
    .accepted
}

export const alignDatabasePassword = remedy({
  id: 'configuration/align-database-password',
  title: 'Give both variables the password that PostgreSQL takes',
  why: 'Which of the two is right is tried at the database itself; it is then copied over the other in the env file. The role in the database is left alone.',
  risk: 'None to the data. The application and its workers are recreated where theirs was the wrong one.',
  grade: 'disruptive',
  params: configurationParams,
  async plan(context) {
    const { params } = context
    const state = await context.read(stackEnvironment, params.composeFile)
    const { path } = serviceEnvFile(state)
    const from = (await isAccepted(context, 'DB_PASSWORD'))
      ? 'DB_PASSWORD'
      : (await isAccepted(context, 'POSTGRES_PASSWORD'))
        ? 'POSTGRES_PASSWORD'
        : undefined
    if (from === undefined)
      throw new Unreadable('PostgreSQL takes neither of the two: change the role instead')
    const to = from === 'DB_PASSWORD' ? 'POSTGRES_PASSWORD' : 'DB_PASSWORD'
    const edit = editAction(
      `Copy ${from} over ${to} in ${path}`,
      [path],
      sh`value=$(raw_key ${path} ${from}); set_key ${path} ${to}`,
    )
    // Nothing reads POSTGRES_PASSWORD once the data directory is there: whoever holds it need not be interrupted.
    const users = to === 'DB_PASSWORD' ? usersOf(state, [to], params) : []
    const stale =
      users.length > 0
        ? users
        : usersOf(state, [to], params).filter(service => service !== params.databaseService)
    return changePlan(context, stale, [edit], [`${path}: ${to}`], keptWhere)
  },
})

export const alterDatabaseRole = remedy({
  id: 'configuration/alter-database-role',
  title: 'Change the role’s password in PostgreSQL to the one in the env file',
  why: 'POSTGRES_PASSWORD is read once, when the data directory is made. Changing it in the file never changes the database: ALTER ROLE does.',
  risk: 'Whatever else logs in with the old password is shut out from now on: a reporting tool, a backup on another machine, a person.',
  grade: 'disruptive',
  params: configurationParams,
  async plan({ params, read }) {
    const state = await read(stackEnvironment, params.composeFile)
    const { path } = serviceEnvFile(state)
    const container = await read(runningContainer, params.composeFile, params.databaseService)
    return {
      actions: [
        editAction(
          `Copy DB_PASSWORD over POSTGRES_PASSWORD in ${path}, so that both say the same`,
          [path],
          sh`value=$(raw_key ${path} DB_PASSWORD); set_key ${path} POSTGRES_PASSWORD`,
        ),
        runAction(
          'ALTER ROLE in PostgreSQL, as its own superuser, with the password from the file',
          sh`
            ${envFunctions}
            role=$(read_key ${path} DB_USER)
            password=$(read_key ${path} DB_PASSWORD)
            [ -n "$password" ] || { echo 'the password in the file is empty' >&2; exit 1; }
            export role password
            # psql quotes what it finds in its environment; the server is told to log nothing of it.
            docker exec -i -e role -e password ${container.id} sh -c '
              exec psql -X -q -v ON_ERROR_STOP=1 -U "\${POSTGRES_USER:-postgres}" -d "\${POSTGRES_DB:-postgres}"
            ' <<'END_OF_SQL'
            SET log_statement = 'none';
            SET log_min_error_statement = 'panic';
            \\set role \`printf %s "$role"\`
            \\set password \`printf %s "$password"\`
            ALTER ROLE :"role" WITH PASSWORD :'password';
            END_OF_SQL
          `,
        ),
      ],
      touches: [`${path}: POSTGRES_PASSWORD`, 'the role of the application in PostgreSQL'],
      interrupts:
        'nothing that logs in with the password of the env file; connections that are open stay open',
      undo: `ALTER ROLE back by hand as PostgreSQL’s superuser; ${keptWhere}`,
      expectedSeconds: 2,
    }
  },
})

export const databasePasswordAgrees = check({
  id: 'configuration/database-password-agrees',
  title: 'DB_PASSWORD and POSTGRES_PASSWORD are the same',
  why: 'The database is made with the one, the application logs in with the other. Where they differ, one of them is wrong already, or will be when the database is made anew.',
  params: configurationParams,
  remedies: [alignDatabasePassword, alterDatabaseRole],
  async probe({ params, read }) {
    const { path, values } = serviceEnvFile(await read(stackEnvironment, params.composeFile))
    const pairs = (
      [
        ['DB_PASSWORD', 'POSTGRES_PASSWORD'],
        ['DB_USER', 'POSTGRES_USER'],
        ['DB_NAME', 'POSTGRES_DB'],
      ] as const
    ).map(([one, other]) => ({ one, other, first: inForce(values, one), second: inForce(values, other) }))
    const passwords = pairs[0]
    if (!isFilled(passwords?.first) || !isFilled(passwords?.second))
      throw new Unreadable(
        `one of the two passwords in ${path} is not filled in, so there is nothing to compare`,
      )
    const apart = pairs.filter(
      ({ first, second }) => first !== undefined && second !== undefined && first.number !== second.number,
    )
    const expected = 'the same'
    if (apart.length === 0)
      return pass('they are the same, and so are user and database', { measured: 'the same', expected })
    const names = apart.map(({ one, other }) => `${one} and ${other}`).join(', ')
    return fail(`${names} differ in ${path}`, {
      measured: 'different',
      expected,
      remedies: apart.includes(passwords) ? [alignDatabasePassword, alterDatabaseRole] : [],
      advice: 'Decide which one is right before you change either: the database keeps what it was made with',
    })
  },
})

export const databasePasswordAccepted = check({
  id: 'configuration/database-password-accepted',
  title: 'PostgreSQL takes the password that the application has',
  why: 'A changed POSTGRES_PASSWORD changes nothing in a database that exists. The next restart of the application then ends in “password authentication failed”.',
  params: configurationParams,
  after: ['configuration/database-password-agrees'],
  remedies: [alterDatabaseRole],
  async probe({ params, read }) {
    const { path } = serviceEnvFile(await read(stackEnvironment, params.composeFile))
    const { composeFile, databaseService } = params
    if (containerOfService(await read(stackContainers, composeFile), databaseService) === undefined)
      return notApplicable('there is no database yet: it will be made with these passwords')
    const login = await read(
      databaseLogin,
      composeFile,
      databaseService,
      path,
      'DB_PASSWORD',
      envFunctions.text,
    )
    if (login.accepted)
      return pass('a login over the network with what is in the env file works', {
        measured: 'accepted',
        expected: 'accepted',
      })
    return fail(`PostgreSQL refuses what is in ${path}`, {
      measured: 'refused',
      expected: 'accepted',
      telling: login.reason,
      remedies: [alterDatabaseRole],
    })
  },
})
