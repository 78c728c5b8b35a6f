/**
 * Python in the shop's images. No Python runs here: of the programs that runbooks bring, each is known by a piece of its
 * text, and answered from the model as it would answer. Any other is recorded, and ends as one that cannot be run.
 */

import type { Call } from '../../system/call.ts'
import { BackendRole } from '../../world/shop/backend.ts'
import { WorkerRole } from '../../world/shop/celery.ts'
import { newDatabase } from '../../world/shop/database.ts'
import { request } from '../../world/shop/http.ts'
import { databaseOf, manageMigrations, pendingOf } from '../../world/shop/manage.ts'
import { migrationsOf } from '../../world/shop/migrations.ts'
import { PostgresRole } from '../../world/shop/postgres-role.ts'
import { roleAt, roleBeside } from '../../world/shop/roles.ts'
import { imageAnswer, stateAnswer } from './django-reader.ts'

interface Application {
  readonly call: Call
  readonly backend: BackendRole
  /** Words after the program. */
  readonly words: readonly string[]
  readonly text: string
}

interface KnownProgram {
  /** A piece of its text that no other one has. */
  readonly mark: string
  run(application: Application): Promise<number> | number
}

const PROGRAMS: readonly KnownProgram[] = [
  { mark: 'KNEEBOARD-VIEW ', run: view },
  { mark: 'KNEEBOARD-ANSWER ', run: read },
  { mark: 'KNEEBOARD-MIGRATIONS ', run: imageMigrations },
  { mark: 'KNEEBOARD-ROUND-TRIP ', run: roundTripFromWorker },
  { mark: "app.send_task('celery.accumulate'", run: roundTrip },
  { mark: "print('on' if options.get('dsn')", run: sentry },
  { mark: 'sentry_sdk.capture_message(', run: sendToSentry },
  { mark: "connection.settings_dict.get('PASSWORD')", run: password },
  { mark: "call_command('migrate', interactive=False)", run: migrateCopy },
  { mark: 'print(body.decode(', run: askHealth },
  { mark: 'checks = json.loads(answer.read())["checks"]', run: componentsAiling },
  { mark: 'print(answer.read(20000).decode(', run: askAsSite },
]

export async function python(call: Call): Promise<number> {
  const [first = '', ...rest] = call.words
  if (first === '--version' || first === '-V') {
    call.line('Python 3.11.2')
    return 0
  }
  const own = call.world.docker.containers.get(call.process.container ?? '')
  if (first === '-m' && rest[0] === 'json.tool') return jsonTool(call, rest[1])
  const backend = own && (roleAt(own, BackendRole) ?? new BackendRole(call.world, own))
  if (!backend) {
    call.machine.lacked(`python ${first} on the server itself`)
    return call.fail('the practice server runs no Python', 2)
  }
  if (first.endsWith('manage.py')) return manage(call, backend, rest)
  const inline = first === '-c'
  const text = inline ? (rest[0] ?? '') : first === '-' ? await call.input() : ''
  const known = PROGRAMS.find(({ mark }) => text.includes(mark))
  if (known) return known.run({ call, backend, words: inline ? rest.slice(1) : rest, text })
  call.machine.lacked(`python ${first} ${text.trim().replace(/\s+/g, ' ').slice(0, 80)}`.trim())
  return call.fail("can't open file: the practice server runs no Python", 2)
}

async function jsonTool(call: Call, path = '-'): Promise<number> {
  try {
    call.line(JSON.stringify(JSON.parse(await call.text(path)), null, 4))
    return 0
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return call.fail(`Expecting value: line 1 column 1 (char 0)`)
  }
}

function manage(call: Call, backend: BackendRole, [verb = '', ...rest]: readonly string[]): number {
  switch (verb) {
    case 'check':
      call.line('System check identified no issues (0 silenced).')
      return 0
    case 'collectstatic':
      call.line('0 static files copied, 130 unmodified.')
      return 0
    case 'create_staff_user':
      return createStaff(call, backend)
    case 'migrate':
    case 'showmigrations':
      return manageMigrations(call, backend, verb, rest)
  }
  call.machine.lacked(`manage.py ${verb}`)
  return call.fail(`Unknown command: '${verb}'`)
}

function createStaff(call: Call, backend: BackendRole): number {
  const users = databaseOf(call, backend)?.tables.get('auth_user')
  if (!users) return call.fail(`django.db.utils.OperationalError: ${backend.database().message}`)
  if (users.rows === 0) users.rows = 1
  call.line('the staff user is there')
  return 0
}

/** Nothing of it loads without this. */
function settingsMissing({ call, backend }: Application): boolean {
  if (backend.environment.has('SECRET_KEY')) return false
  call.err("KeyError: 'SECRET_KEY'\n")
  return true
}

function view(application: Application): number {
  if (settingsMissing(application)) return 1
  const { call, backend } = application
  const given = backend.environment
  const database = databaseOf(call, backend)
  const { message } = backend.database()
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const server = own && roleBeside(call.world, own, given.get('DB_HOST') ?? 'db', PostgresRole)
  const role = server?.cluster.roles.get(given.get('DB_USER') ?? '')
  const mayCreate = role?.superuser === true || database?.owner === given.get('DB_USER')
  const pending = database && pendingOf(database, migrationsOf(backend.version))
  const answer = {
    host: given.get('DB_HOST') ?? 'db',
    port: given.get('DB_PORT') ?? '5432',
    name: given.get('DB_NAME') ?? '',
    user: given.get('DB_USER') ?? '',
    connected: database !== undefined,
    error: database ? '' : message.replace(/^Database error: /, ''),
    encrypted: database ? server?.cluster.settings.get('ssl') === 'on' : null,
    mayUseSchema: database ? true : null,
    mayCreateInSchema: database ? mayCreate : null,
    pending:
      pending?.map(({ app, name, operations }) => ({
        name: `${app}.${name}`,
        does: operations.map(({ type }) => type),
      })) ?? null,
    pendingProblem: '',
    staff: database?.tables.get('auth_user')?.rows ?? null,
    staffCommands: ['create_staff_user'],
  }
  call.line(`KNEEBOARD-VIEW ${JSON.stringify(answer)}`)
  return 0
}

function read(application: Application): number {
  if (settingsMissing(application)) return 1
  const { call, backend, text } = application
  const [, encoded = '""'] = /^REQUEST = __import__\('json'\)\.loads\((.*)\)$/m.exec(text) ?? []
  const asked = JSON.parse(JSON.parse(encoded) as string) as {
    app: string
    target: string
    connect: boolean
    lockTimeout: string
  }
  const database = asked.connect ? databaseOf(call, backend) : undefined
  if (asked.connect && !database)
    return call.fail(`django.db.utils.OperationalError: ${backend.database().message}`)
  const answer = database
    ? stateAnswer(backend, database, {
        ...asked,
        obeysOptions: (call.process.environment.get('PGOPTIONS') ?? '').includes(
          `lock_timeout=${asked.lockTimeout}`,
        ),
      })
    : imageAnswer(backend)
  call.line(`KNEEBOARD-ANSWER ${JSON.stringify(answer)}`)
  return 0
}

function imageMigrations(application: Application): number {
  if (settingsMissing(application)) return 1
  const migrations = migrationsOf(application.backend.version)
  const answer = {
    apps: [...new Set(migrations.map(({ app }) => app))].sort(),
    migrations: migrations.map(({ app, name }) => ({ app, name, replaces: [] })),
  }
  application.call.line(`KNEEBOARD-MIGRATIONS ${JSON.stringify(answer)}`)
  return 0
}

/** A worker that takes tasks; undefined when there is none, or the broker lets nobody in. */
function workerOf({ call, backend }: Application): string | undefined {
  if (backend.cache().status !== 'healthy') return undefined
  const found = [...call.world.docker.containers.values()].find(container =>
    roleAt(container, WorkerRole)?.works(),
  )
  return found && `celery@${found.id.slice(0, 12)}`
}

async function roundTripFromWorker(application: Application): Promise<number> {
  if (settingsMissing(application)) return 1
  const worker = workerOf(application)
  const seconds = worker === undefined ? Number(/^LIMIT = (\d+)/m.exec(application.text)?.[1] ?? 10) : 0.02
  if (worker === undefined) await application.call.process.sleep(500)
  const answer = { ending: worker === undefined ? 'silent' : 'answered', worker: worker ?? '', seconds }
  application.call.line(`KNEEBOARD-ROUND-TRIP ${JSON.stringify(answer)}`)
  return 0
}

function roundTrip(application: Application): number {
  if (settingsMissing(application)) return 1
  application.call.line(
    workerOf(application) === undefined ? 'lost 20004 TimeoutError The operation timed out.' : 'returned 21',
  )
  return 0
}

function sentry(application: Application): number {
  if (settingsMissing(application)) return 1
  const given = application.backend.environment
  const on = given.get('SENTRY_DSN') ? 'on' : 'off'
  const value = (name: string): string => (on === 'on' && given.get(name)) || '-'
  application.call.line(`${on} ${value('SENTRY_ENVIRONMENT')} ${value('SENTRY_RELEASE')}`)
  return 0
}

function sendToSentry(application: Application): number {
  if (settingsMissing(application)) return 1
  application.call.line(`sent: ${application.backend.environment.get('SENTRY_DSN') ? '5b1f' : 'None'}`)
  return 0
}

function password(application: Application): number {
  if (settingsMissing(application)) return 1
  application.call.outText(application.backend.environment.get('DB_PASSWORD') ?? '')
  return 0
}

/** The copy's name takes the live one's place in the environment, and is proven before anything is applied. */
function migrateCopy(application: Application): number {
  if (settingsMissing(application)) return 1
  const { call, backend, words } = application
  const [live = '', copy = ''] = words
  if (backend.environment.get('DB_NAME') !== live)
    return call.fail(
      'the application does not take its database’s name from the environment: nothing was done',
    )
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const server = own && roleBeside(call.world, own, backend.environment.get('DB_HOST') ?? 'db', PostgresRole)
  const target = server?.cluster.databases.get(copy) ?? newDatabase(copy, '')
  if (!server?.cluster.databases.has(copy)) return call.fail(`database "${copy}" does not exist`)
  return manageMigrations(call, backend, 'migrate', [], target)
}

function answerTo({ call, words }: Application, host?: string) {
  const url = new URL(words[0] ?? 'http://localhost')
  const headers = new Map([['x-forwarded-proto', 'https']])
  return request(call.world, call.process, url.hostname, Number(url.port || 80), {
    method: 'GET',
    host: host ?? url.host,
    path: url.pathname + url.search,
    secure: false,
    headers,
  })
}

function askHealth(application: Application): number {
  const answer = answerTo(application)
  if (typeof answer === 'string')
    return application.call.fail(`no answer: <urlopen error [Errno 111] Connection ${answer}>`)
  application.call.line(`${answer.status}\n${answer.body}`)
  return answer.status === 200 ? 0 : 1
}

function componentsAiling(application: Application): number {
  const answer = answerTo(application)
  if (typeof answer === 'string') {
    application.call.line('the health endpoint gives no answer: <urlopen error timed out>')
    return 0
  }
  const { checks = {} } = JSON.parse(answer.body) as {
    checks?: Record<string, { status: string; message?: string }>
  }
  for (const [name, { status, message = '' }] of Object.entries(checks))
    if (status !== 'healthy') application.call.line(`${name} is ${status}: ${message}`)
  return 0
}

function askAsSite(application: Application): number {
  const answer = answerTo(application, application.words[1])
  application.call.line(typeof answer === 'string' ? '\n0 0.004' : `${answer.body}\n${answer.status} 0.012`)
  return 0
}
