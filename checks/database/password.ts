/** The role's password in PostgreSQL, made the one that the application has. It is read and used on the server alone. */

import { applicationDatabase } from '../../src/facts/application-database.ts'
import { inApplication } from '../../src/facts/application-view.ts'
import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { type DatabaseParams, databaseParams } from './parameters.ts'

/** What the application would log in with, whatever its settings make of the environment. */
const PASSWORD_OF_THE_SETTINGS = String.raw`
import os, re, sys
sys.path.insert(0, os.getcwd())
if not os.environ.get('DJANGO_SETTINGS_MODULE') and os.path.exists('manage.py'):
    found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", open('manage.py').read())
    if found:
        os.environ['DJANGO_SETTINGS_MODULE'] = found.group(1)
answer_to, sys.stdout = sys.stdout, sys.stderr
import django
django.setup()
from django.db import connection
answer_to.write(connection.settings_dict.get('PASSWORD') or '')
`

/** @throws Unreadable when the database does not run. */
export async function passwordAction({
  params,
  read,
}: Pick<ProbeContext<DatabaseParams>, 'params' | 'read'>): Promise<Action> {
  const { composeFile, backendService, databaseService } = params
  const { user } = await read(applicationDatabase, composeFile, backendService, databaseService)
  const database = await read(runningContainer, composeFile, databaseService)
  const backend = containerOfService(await read(stackContainers, composeFile), backendService)
  const running = backend?.status === 'running' ? backend.id : ''
  return runAction(
    `ALTER ROLE ${user} with the password that the application has`,
    sh`
      read_password() {
        ${inApplication(composeFile, backendService, running, PASSWORD_OF_THE_SETTINGS)}
      }
      password=$(read_password) || exit 1
      [ -n "$password" ] || { echo 'the application has no password yet: fill it in first' >&2; exit 1; }
      role=${user}
      export password role
      # By name alone: no command line holds the value, and no log of PostgreSQL the statement.
      docker exec -i -e password -e role ${database.id} sh -c '
        exec psql -X -q -v ON_ERROR_STOP=1 -U "\${POSTGRES_USER:-postgres}" -d postgres' <<'END_OF_SQL'
      SET log_statement = 'none';
      SET log_min_error_statement = 'panic';
      \\set role \`printf %s "$role"\`
      \\set password \`printf %s "$password"\`
      ALTER ROLE :"role" WITH PASSWORD :'password';
      END_OF_SQL
    `,
    { timeoutSeconds: 120 },
  )
}

export const setPassword = remedy({
  id: 'database/set-password',
  title: 'Give the role in PostgreSQL the password that the application has',
  why: 'POSTGRES_PASSWORD is read once, when the data directory is made. A later change in the env file never reaches the database: ALTER ROLE does.',
  risk: 'Whatever else logs in with the old password is shut out from now on: a reporting tool, a backup on another machine, a person.',
  grade: 'disruptive',
  params: databaseParams,
  async plan(context) {
    const { composeFile, backendService, databaseService } = context.params
    const { user } = await context.read(applicationDatabase, composeFile, backendService, databaseService)
    return {
      actions: [await passwordAction(context)],
      touches: [`the password of the role ${user} in PostgreSQL`],
      interrupts: 'logins with the old password; connections that are open stay open',
      undo: 'ALTER ROLE back by hand, as PostgreSQL’s superuser; the env files are not touched',
      expectedSeconds: 5,
    }
  },
})
