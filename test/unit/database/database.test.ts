import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { connectionBudget, connectionsOf } from '../../../checks/database/connection-budget.ts'
import { adviceFor, applicationConnects, schemaRights } from '../../../checks/database/connects.ts'
import { judgeDatabase } from '../../../checks/database/exists.ts'
import { databaseMigrated, migrate, staffUserExists } from '../../../checks/database/migrated.ts'
import { databaseParams } from '../../../checks/database/parameters.ts'
import { explain, judgeReadiness } from '../../../checks/database/ready.ts'
import { databaseTlsCertificate, databaseTlsKey, wrongWithKey } from '../../../checks/database/tls.ts'
import { productionSigns } from '../../../checks/staging/is-staging.ts'
import { resetParams } from '../../../checks/staging/parameters.ts'
import { dataReset, resetData } from '../../../checks/staging/reset.ts'
import { dataVolumes, resetVolumes } from '../../../checks/staging/volumes.ts'
import { parseProcesses } from '../../../src/facts/application-processes.ts'
import { parseView } from '../../../src/facts/application-view.ts'
import { type DatabaseServer, parseReadiness } from '../../../src/facts/database-server.ts'
import { onHost, parseTls } from '../../../src/facts/database-tls.ts'
import { parseVolumes } from '../../../src/facts/project-volumes.ts'
import { parseReset } from '../../../src/facts/staging-reset.ts'
import { given } from '../docker/given.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const params = databaseParams.parse({})

describe('whether the database is the real one', () => {
  const readiness = parseReadiness(fixture('readiness.txt'))
  test('twice, and the same server', () => {
    expect(judgeReadiness('db', readiness, 'ready')).toMatchObject({ status: 'pass' })
  })
  test('the temporary server of a first start gives itself away', () => {
    const { startedAt } = readiness
    expect(
      judgeReadiness('db', { ...readiness, startedAt: [startedAt[0], '2026-11-21 13:39:01.1+00'] }, 'ready'),
    ).toMatchObject({ status: 'fail', summary: expect.stringContaining('started anew') })
    const onSocketOnly = { ...readiness, answers: [false, true] as const }
    expect(judgeReadiness('db', onSocketOnly, 'ready')).toMatchObject({ status: 'fail' })
  })
  test('a refusal is no time', () => {
    const said = 'psql: error: FATAL:  the database system is starting up'
    expect(parseReadiness(`answers no\nstarted ${said}\nanswers no\nstarted ${said}\n`)).toMatchObject({
      problem: said,
    })
    expect(() => parseReadiness('answers yes\n')).toThrow(/could not be read/)
  })
  test('PostgreSQL’s last words are understood', () => {
    expect(explain(['FATAL: private key file "/certs/server.key" has group or world access'])).toBe(
      'its TLS key can be read by others, or is not its own',
    )
    expect(explain(['FATAL: database files are incompatible with server'])).toMatch(/another major version/)
    expect(explain(['FATAL: something new'])).toBe('FATAL: something new')
    expect(explain([])).toBe('')
  })
})

describe('the TLS key', () => {
  const places = {
    key: { inside: '/certs/server.key', path: '/opt/webshop/certs/server.key' },
    certificate: { inside: '/certs/server.crt', path: '/opt/webshop/certs/server.crt' },
  }
  const tls = parseTls(fixture('tls.txt'), places)
  const probe = (over: object) =>
    databaseTlsKey.probe(given(params, { facts: { 'database/tls': { ...tls, ...over } } }))
  test('as it really is: its owner is the image’s postgres', async () => {
    expect(tls).toMatchObject({
      owner: { user: 999, group: 999 },
      belongTogether: true,
      key: { mode: '600' },
    })
    expect(await probe({})).toMatchObject({ status: 'pass' })
  })
  test.each([
    [{ mode: '644' }, /can be read by others/],
    [{ user: 70 }, /belongs to user 70, and PostgreSQL runs as 999/],
    [{ user: 0, group: 999, mode: '640' }, /^$/],
    [{ user: 0, group: 0, mode: '640' }, /cannot read it/],
    [{ user: 0, group: 999, mode: '644' }, /can be read by others/],
    [{ mode: '400' }, /^$/],
  ])('PostgreSQL’s rule for %o', (over, says) => {
    expect(wrongWithKey({ ...tls, key: tls.key && { ...tls.key, ...over } })).toMatch(says)
  })
  test('missing, or of another pair', async () => {
    expect(await probe({ key: tls.key && { ...tls.key, exists: false } })).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'database/make-tls-files' }],
    })
    expect(await probe({ belongTogether: false })).toMatchObject({ status: 'fail' })
    expect(await probe({ on: false })).toMatchObject({ status: 'not-applicable' })
  })
  test('the certificate’s end', async () => {
    const until = (days: number) =>
      databaseTlsCertificate.probe(
        given(params, {
          facts: {
            'database/tls': {
              ...tls,
              certificate: tls.certificate && {
                ...tls.certificate,
                from: new Date(0),
                to: new Date(Date.now() + days * 86_400_000),
              },
            },
          },
        }),
      )
    expect(await until(3000)).toMatchObject({ status: 'pass' })
    expect(await until(20)).toMatchObject({ status: 'warn' })
    expect(await until(-1)).toMatchObject({ status: 'fail' })
  })
  test('where it lies on the server', () => {
    const mounts = [
      { source: '/var/lib/docker/volumes/data/_data', target: '/var/lib/postgresql/data' },
      { source: '/opt/webshop/certs', target: '/certs' },
    ]
    expect(onHost('/certs/server.key', mounts)).toBe('/opt/webshop/certs/server.key')
    expect(onHost('server.key', mounts)).toBe('/var/lib/docker/volumes/data/_data/server.key')
    expect(() => onHost('/etc/ssl/key', mounts)).toThrow(/lies on no mount/)
  })
})

describe('the database, and why it is or is not there', () => {
  const wanted = {
    name: 'shop',
    user: 'shop',
    host: 'db',
    port: 5432,
    imageDatabase: 'shop',
    imageUser: 'shop',
    namedBy: 'DB_NAME',
  } as const
  const row = { name: 'shop', owner: 'shop', encoding: 'UTF8', collation: 'C.UTF-8', allowsConnections: true }
  const server = (databases: DatabaseServer['databases']): DatabaseServer => ({
    ...{ version: '15.20', startedAt: '', initialisedAt: '2026-11-21T11:23:00Z', maxConnections: 50 },
    ...{ reservedConnections: 3, connections: 8, ssl: true, databases, roles: [] },
  })
  test('there, and made by the image', () => {
    expect(judgeDatabase(wanted, server([row]))).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining('2026-11-21 11:23'),
    })
  })
  test('missing, because the directory was not empty; or because another name was asked for', () => {
    expect(judgeDatabase(wanted, server([]))).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('this one was not (made on 2026-11-21 11:23 UTC)'),
    })
    expect(judgeDatabase({ ...wanted, imageDatabase: 'other' }, server([])).summary).toMatch(
      /POSTGRES_DB names other/,
    )
  })
  test('in another encoding, of another owner, closed', () => {
    expect(judgeDatabase(wanted, server([{ ...row, encoding: 'SQL_ASCII' }]))).toMatchObject({
      status: 'fail',
    })
    expect(judgeDatabase(wanted, server([{ ...row, owner: 'postgres' }]))).toMatchObject({ status: 'warn' })
    expect(judgeDatabase(wanted, server([{ ...row, allowsConnections: false }]))).toMatchObject({
      status: 'fail',
    })
  })
})

describe('connections', () => {
  const environment = (service: string, name: string) =>
    service === 'backend' && name === 'GUNICORN_WORKERS' ? 4 : 0
  const found = parseProcesses(fixture('processes.txt'), environment)
  test('of the real stack: four workers, two of Celery, one beat', () => {
    const application = found.filter(({ service }) => service !== 'db')
    expect(application.map(({ service, processes, by }) => [service, processes, by])).toEqual([
      ['backend', 4, 'GUNICORN_WORKERS'],
      ['celery', 2, '--concurrency 2'],
      ['celery-beat', 1, 'one'],
    ])
    expect(connectionsOf(application)).toBe(7)
  })
  test.each([
    [['gunicorn', '--workers=3', '--threads', '4'], 3, 4],
    [['gunicorn', '-w8'], 8, 1],
    [['celery', 'worker', '--autoscale=10,3'], 10, 1],
    [['celery', 'worker'], 2, 1],
    [['gunicorn'], 1, 1],
    [[], 1, 1],
  ])('%o', (words, processes, threads) => {
    const text = `service web 1\n${words.map(word => `word web ${word}\n`).join('')}processors 2\n`
    expect(parseProcesses(text, () => 0)).toMatchObject([{ processes, threads }])
  })
  test('scaled, and without a database', () => {
    expect(
      parseProcesses('service web 1\nscale web 3\nword web gunicorn\nservice site 0\n', () => 0),
    ).toMatchObject([{ service: 'web', processes: 3 }])
  })
  test('too many for PostgreSQL', async () => {
    const probe = (maxConnections: number) =>
      connectionBudget.probe(
        given(params, {
          facts: {
            'database/server': { maxConnections, reservedConnections: 3 },
            'database/application-processes': found.filter(({ service }) => service !== 'db'),
          },
        }),
      )
    expect(await probe(50)).toMatchObject({ status: 'pass' })
    expect(await probe(14)).toMatchObject({ status: 'warn', measured: '7 of 14, 3 kept for superusers' })
  })
})

describe('as the application meets it', () => {
  const view = parseView(`settings say hello\n${fixture('view.txt')}`)
  const context = (over: object) =>
    given(params, { facts: { 'database/application-view': { ...view, ...over }, 'stack/containers': [] } })
  test('let in', async () => {
    expect(await applicationConnects.probe(context({}))).toMatchObject({ status: 'pass' })
  })
  test('a refused password has a remedy, anything else a place to look', async () => {
    const refused = { connected: false, error: 'FATAL:  password authentication failed for user "shop"' }
    expect(await applicationConnects.probe(context(refused))).toMatchObject({
      remedies: [{ id: 'database/set-password' }],
    })
    const lost = { connected: false, error: 'could not translate host name "database" to address' }
    expect(await applicationConnects.probe(context(lost))).toMatchObject({
      advice: expect.stringContaining('DB_HOST'),
    })
    expect(adviceFor('server does not support SSL, but SSL was required')).toMatch(/turn ssl on/)
  })
  test('rights that were not read are not there', async () => {
    expect(await schemaRights.probe(context({ mayCreateInSchema: false }))).toMatchObject({ status: 'fail' })
    await expect(schemaRights.probe(context({ mayCreateInSchema: null }))).rejects.toThrow(/did not get in/)
  })
  test('pending migrations are named, and shown with what they do before they run', async () => {
    const pending = [{ name: 'products.0001_initial', does: ['Create model Product'] }]
    expect(await databaseMigrated.probe(context({ pending }))).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('products.0001_initial'),
    })
    const plan = await migrate.plan(context({ pending }))
    expect(plan.touches).toEqual(['products.0001_initial: Create model Product'])
    expect(plan.actions[0]).toMatchObject({
      lasting: true,
      script: expect.stringContaining('lock_timeout=5s'),
    })
    await expect(
      databaseMigrated.probe(context({ pending: null, pendingProblem: 'InconsistentMigrationHistory' })),
    ).rejects.toThrow(/InconsistentMigrationHistory/)
  })
  test('nobody in the administration', async () => {
    expect(await staffUserExists.probe(context({ staff: 0 }))).toMatchObject({
      remedies: [{ id: 'database/create-staff-user' }],
    })
    expect(await staffUserExists.probe(context({ staff: 0, staffCommands: [] }))).toMatchObject({
      advice: expect.stringContaining('createsuperuser'),
    })
  })
  test('no answer is no answer', () => {
    expect(() => parseView('Traceback\n')).toThrow(/no answer/)
  })
})

describe('the reset of staging', () => {
  const reset = resetParams.parse({})
  const value = (name: string, plain: string | null, prefix: 'live_' | '' = '') => ({
    ...{
      name,
      number: 1,
      length: 5,
      distinct: 5,
      isAlphanumeric: true,
      prefix,
      isPlaceholder: false,
      isOpen: false,
      plain,
    },
  })
  const environment = (...values: ReturnType<typeof value>[]) => ({
    resolved: new Map([['backend', values]]),
    files: [],
    refusal: '',
  })
  test('a live key, or a name, gives production away', () => {
    expect(productionSigns(environment(value('SENTRY_ENVIRONMENT', 'staging')), 'backend')).toEqual([])
    expect(productionSigns(environment(value('MOLLIE_API_KEY', null, 'live_')), 'backend')).toEqual([
      'MOLLIE_API_KEY is a live key',
    ])
    expect(productionSigns(environment(value('SENTRY_ENVIRONMENT', 'production')), 'backend')).toHaveLength(1)
    expect(() => productionSigns({ resolved: null, files: [], refusal: 'broken' }, 'backend')).toThrow(
      /broken/,
    )
  })
  test('the plan itself refuses elsewhere: a check that was talked round is not enough', async () => {
    const elsewhere = given(reset)
    const context = { ...elsewhere, target: { ...elsewhere.target, environment: 'production' as const } }
    await expect(resetData.plan(context)).rejects.toThrow(/on staging alone/)
    expect(resetData.grade).toBe('destructive')
  })
  const volumes = parseVolumes(fixture('volumes.txt'))
  const mount = (source: string, type = 'volume') => ({ type, source, target: '/x', readOnly: false })
  const config = {
    project: 'webshop',
    services: [
      { name: 'db', mounts: [mount('postgres_data'), { ...mount('/opt/certs', 'bind'), readOnly: true }] },
      { name: 'redis', mounts: [mount('redis_data')] },
      { name: 'backend', mounts: [mount('static_files')] },
    ],
  }
  const probe = (found: object) =>
    resetVolumes.probe(given(reset, { facts: { 'stack/config': config, 'stack/project-volumes': found } }))
  test('the volumes of database and queue, by their labels', async () => {
    expect(dataVolumes(config as never, ['db', 'redis'])).toEqual({
      labels: ['postgres_data', 'redis_data'],
      binds: [],
    })
    expect(await probe(volumes)).toMatchObject({
      status: 'pass',
      measured: 'webshop_postgres_data, webshop_redis_data',
    })
  })
  test('another stack’s container on one of them', async () => {
    const shared = volumes.map(volume => ({ ...volume, users: [{ container: 'report', project: '' }] }))
    expect(await probe(shared)).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('report uses'),
    })
  })
  test('data in a directory are not guessed at', async () => {
    const bound = { ...config, services: [{ name: 'db', mounts: [mount('/srv/data', 'bind')] }] }
    await expect(
      resetVolumes.probe(
        given(reset, { facts: { 'stack/config': bound, 'stack/project-volumes': volumes } }),
      ),
    ).rejects.toThrow(/only volumes are reset/)
  })
  test('done within the hour, long ago, never, or replaced since', async () => {
    const line = (age: number, number: string) =>
      parseReset(`now 100000\nreset ${100_000 - age} 77\ncluster ${number}\n`)
    const judge = (found: object) =>
      dataReset.probe(given(reset, { facts: { 'stack/config': config, 'staging/reset': found } }))
    expect(await judge(line(60, '77'))).toMatchObject({ status: 'pass' })
    expect(await judge(line(4000, '77'))).toMatchObject({ status: 'fail', measured: '67 min ago' })
    expect(await judge(line(60, '78'))).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('others'),
    })
    expect(await judge(parseReset('now 100000\n'))).toMatchObject({ status: 'fail', measured: 'never' })
  })
})
