/**
 * The database as the application meets it: over the network, with its own settings and password, from inside its
 * own container. PostgreSQL's local socket trusts everybody, and so proves nothing about the password.
 */

import { z } from 'zod'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh, verbatim } from '../model/script.ts'
import { containerOfService, stackContainers } from './containers.ts'
import { composeCommand, stackConfig } from './stack.ts'

export const ApplicationView = z.object({
  host: z.string(),
  port: z.string(),
  name: z.string(),
  user: z.string(),
  connected: z.boolean(),
  /** PostgreSQL's own words, without the password; empty when it was let in. */
  error: z.string(),
  /** Null where nothing was connected to. */
  encrypted: z.boolean().nullable(),
  mayUseSchema: z.boolean().nullable(),
  mayCreateInSchema: z.boolean().nullable(),
  /** Migrations of the image that the database lacks, in the order in which they would be applied. */
  pending: z.array(z.object({ name: z.string(), does: z.array(z.string()) })).nullable(),
  /** Why the pending ones could not be told; empty when they could. */
  pendingProblem: z.string(),
  /** Active users who may enter the administration; null where the table is not there yet. */
  staff: z.number().int().nullable(),
  /** Management commands that make the first user, of those that are usual. */
  staffCommands: z.array(z.string()),
})
export type ApplicationView = z.infer<typeof ApplicationView>

const MARK = 'KNEEBOARD-VIEW '

/** Writes nothing: the connection is read-only by `PGOPTIONS`, and nothing that it runs has a side effect. */
const READER = String.raw`
import json, os, re, sys
answer_to, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, os.getcwd())
if not os.environ.get('DJANGO_SETTINGS_MODULE') and os.path.exists('manage.py'):
    found = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", open('manage.py').read())
    if found:
        os.environ['DJANGO_SETTINGS_MODULE'] = found.group(1)
import django
django.setup()
from django.core.management import get_commands
from django.db import connection

settings = connection.settings_dict
view = {
    'host': str(settings.get('HOST') or ''), 'port': str(settings.get('PORT') or ''),
    'name': str(settings.get('NAME') or ''), 'user': str(settings.get('USER') or ''),
    'connected': False, 'error': '', 'encrypted': None, 'mayUseSchema': None, 'mayCreateInSchema': None,
    'pending': None, 'pendingProblem': '', 'staff': None,
    'staffCommands': [name for name in ('create_staff_user', 'ensure_superuser', 'ensure_admin') if name in get_commands()],
}

def first_line(error):
    return (str(error).strip().split('\n') or [''])[0][:300]

try:
    connection.ensure_connection()
    view['connected'] = True
except Exception as error:
    view['error'] = first_line(error) or type(error).__name__

if view['connected']:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),"
                       " has_schema_privilege('public', 'USAGE'), has_schema_privilege('public', 'CREATE')")
        view['encrypted'], view['mayUseSchema'], view['mayCreateInSchema'] = cursor.fetchone()
    try:
        from django.db.migrations.executor import MigrationExecutor
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        view['pending'] = [{
            'name': '%s.%s' % (migration.app_label, migration.name),
            'does': [str(operation.describe())[:120] for operation in migration.operations][:12],
        } for migration, backwards in plan]
    except Exception as error:
        view['pendingProblem'] = first_line(error) or type(error).__name__
    try:
        from django.contrib.auth import get_user_model
        users = get_user_model()
        if users._meta.db_table in connection.introspection.table_names():
            view['staff'] = users._default_manager.filter(is_staff=True, is_active=True).count()
    except Exception:
        connection.close()

print('${MARK}' + json.dumps(view), file=answer_to)
`

/** Python is called differently from image to image, and the entry point may migrate by itself: both are got around. */
const PYTHON = 'exec "$(command -v python3 || command -v python || echo python3)" -'

const READ_ONLY = 'PGOPTIONS=-c default_transaction_read_only=on -c statement_timeout=15s -c lock_timeout=2s'

/** Seconds: a large project imports for a while on a small server. */
const SECONDS = 90

/**
 * Python in the application's surroundings, on standard input: in its running container, or, where there is none yet,
 * in a one-off that is removed at its end.
 *
 * @param running id of the container; empty for a one-off
 */
export function inApplication(
  composeFile: string,
  backendService: string,
  running: string,
  python: string,
): Script {
  const text = sh`<<'END_OF_PYTHON'\n${verbatim(python)}\nEND_OF_PYTHON\n`
  if (running !== '') return sh`docker exec -i -e ${READ_ONLY} ${running} sh -c ${PYTHON} ${text}`
  return sh`${oneOffCommand(composeFile, ['-e', READ_ONLY])} sh ${backendService} -c ${PYTHON} ${text}`
}

/** `docker compose run` without dependencies and without the image's own entry point; the service comes next but one. */
export const oneOffCommand = (composeFile: string, words: readonly string[] = []): Script =>
  sh`${composeCommand(composeFile)} run --rm --no-deps -T ${words} --entrypoint`

/** @throws Unreadable when the application's settings cannot be loaded: with Python's last line. */
export const applicationView = fact(
  'database/application-view',
  async (context, composeFile: string, backendService: string): Promise<ApplicationView> => {
    const { services } = await context.read(stackConfig, composeFile)
    if (!services.some(({ name }) => name === backendService))
      throw new Unreadable(`${composeFile} has no service ${backendService}`)
    const found = containerOfService(await context.read(stackContainers, composeFile), backendService)
    const running = found?.status === 'running' ? found.id : ''
    const result = await context.run(inApplication(composeFile, backendService, running, READER), {
      as: 'root',
      timeoutSeconds: SECONDS,
    })
    if (result.ending === 'exited' && result.exitCode !== 0) {
      const last = result.stderr.trim().split('\n').at(-1)?.trim().slice(0, 200) ?? ''
      throw new Unreadable(
        `the application in ${backendService} could not be asked: ${last || `exit status ${result.exitCode}`}`,
      )
    }
    return parseView(outputOf(result, 'the database as the application meets it'))
  },
)

/** Settings and applications print what they like; the answer is the marked line. @throws Unreadable without one. */
export function parseView(text: string): ApplicationView {
  const line = text.split('\n').findLast(candidate => candidate.startsWith(MARK))
  if (line === undefined) throw new Unreadable('the application gave no answer about its database')
  const parsed = ApplicationView.safeParse(JSON.parse(line.slice(MARK.length)))
  if (!parsed.success) throw new Unreadable('the application’s answer about its database could not be read')
  return parsed.data
}
