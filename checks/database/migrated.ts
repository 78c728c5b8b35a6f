/** The tables are those that the image was written for, and somebody may enter the administration. */

import { applicationView, oneOffCommand } from '../../src/facts/application-view.ts'
import { containerOfService, stackContainers } from '../../src/facts/containers.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh } from '../../src/model/script.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { APPLICATION_SECONDS } from './connects.ts'
import { type DatabaseParams, databaseParams } from './parameters.ts'

/** Seconds: the first migrations of a large project on a small server. */
const MIGRATE_SECONDS = 1800

/** `manage.py` in a one-off of the image that the file names now; its entry point is left out, as it may migrate by itself. */
export function manage(
  params: DatabaseParams,
  words: readonly string[],
  options: readonly string[] = [],
): Script {
  return sh`
    ${oneOffCommand(params.composeFile, options)} sh ${params.backendService} -c \\
      'exec "$(command -v python3 || command -v python || echo python3)" manage.py "$@"' sh ${words} </dev/null
  `
}

async function pendingOf({ params, read }: Pick<ProbeContext<DatabaseParams>, 'params' | 'read'>) {
  const { pending, pendingProblem } = await read(applicationView, params.composeFile, params.backendService)
  if (pending === null)
    throw new Unreadable(
      `which migrations are missing could not be told: ${pendingProblem || 'the application did not get in'}`,
    )
  return pending
}

export const migrate = remedy({
  id: 'database/migrate',
  title: 'Apply the migrations that the database lacks',
  why: 'Each is applied in a transaction of its own, in the order that is shown, by a container of the image that will run.',
  risk: 'On an empty database none. On one with data a migration can hold a table shut while it runs: it waits at most five seconds for a lock, and then gives up with nothing half done.',
  grade: 'reversible',
  params: databaseParams,
  async plan(context) {
    const { params, read } = context
    const pending = await pendingOf(context)
    if (pending.length === 0) throw new Unreadable('no migration is missing')
    const backend = containerOfService(await read(stackContainers, params.composeFile), params.backendService)
    const serves = backend?.status === 'running'
    return {
      actions: [
        lastingAction(
          `Apply ${pending.length} migrations`,
          manage(params, ['migrate', '--noinput'], ['-e', 'PGOPTIONS=-c lock_timeout=5s']),
          { timeoutSeconds: MIGRATE_SECONDS },
        ),
      ],
      touches: pending.map(({ name, does }) => `${name}${does.length === 0 ? '' : `: ${does.join('; ')}`}`),
      // With visitors on it, a migration is a change of the live database.
      ...(serves
        ? { grade: 'disruptive' as const, interrupts: 'requests that need a table while it is being changed' }
        : {}),
      undo: 'The runbook migration-rollback, or a backup from before',
      expectedSeconds: 20,
    }
  },
})

export const databaseMigrated = check({
  id: 'database/migrated',
  title: 'Every migration of the image is applied',
  why: 'An application that meets older tables than it was written for fails at the first request that needs the difference.',
  params: databaseParams,
  after: ['database/application-connects', 'database/schema-rights'],
  explains: ['database/staff-user'],
  remedies: [migrate],
  timeoutSeconds: APPLICATION_SECONDS,
  async probe(context) {
    const pending = await pendingOf(context)
    const expected = 'none pending'
    if (pending.length === 0)
      return pass('the database has every migration of the image', { measured: 'none pending', expected })
    const names = pending.map(({ name }) => name)
    const shown =
      names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
    return fail(`${names.length} migrations are not applied: ${shown}`, {
      measured: `${names.length} pending`,
      expected,
      remedies: [migrate],
    })
  },
})

export const createStaffUser = remedy({
  id: 'database/create-staff-user',
  title: 'Make the first user of the administration',
  why: 'The application’s own command takes name and password from its env file, so that no password is typed or shown here.',
  risk: 'None: the command leaves a user that exists as it is.',
  grade: 'reversible',
  params: databaseParams,
  async plan({ params, read }) {
    const { staffCommands } = await read(applicationView, params.composeFile, params.backendService)
    const [command] = staffCommands
    if (command === undefined) throw new Unreadable('the application has no command that makes one')
    return {
      actions: [lastingAction(`manage.py ${command}`, manage(params, [command]), { timeoutSeconds: 180 })],
      touches: ['the application’s table of users: one more row'],
      undo: 'Take the user’s rights away in the administration',
      expectedSeconds: 5,
    }
  },
})

export const staffUserExists = check({
  id: 'database/staff-user',
  title: 'Somebody may enter the administration',
  why: 'Without a staff user the shop runs, and nobody can put a product into it.',
  params: databaseParams,
  after: ['database/migrated'],
  remedies: [createStaffUser],
  timeoutSeconds: APPLICATION_SECONDS,
  async probe({ params, read }) {
    const { staff, staffCommands } = await read(applicationView, params.composeFile, params.backendService)
    if (staff === null) throw new Unreadable('the application’s users could not be counted')
    const measured = `${staff} active staff users`
    const expected = 'at least one'
    if (staff > 0)
      return pass(
        `${staff === 1 ? 'one active user' : `${staff} active users`} may enter the administration`,
        { measured, expected },
      )
    return fail('no active user may enter the administration', {
      measured,
      expected,
      ...(staffCommands.length > 0
        ? { remedies: [createStaffUser] }
        : {
            advice: `On the server: docker compose -f ${params.composeFile} run --rm --no-deps ${params.backendService} python manage.py createsuperuser`,
          }),
    })
  },
})
