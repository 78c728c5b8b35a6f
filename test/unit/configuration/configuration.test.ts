import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  allowedHosts,
  backendUrlSound,
  composeVariablesSet,
  configurationChecks,
  criticalKeysFilled,
  databasePasswordAgrees,
  envFilesPrivate,
  environmentCurrent,
  environmentValues,
  exampleKeysPresent,
  keysUnambiguous,
  paymentKeyFits,
  redisPasswordAgrees,
  redisPasswordUsable,
  secretKeyStrong,
  sentryEnvironment,
} from '../../../checks/configuration/index.ts'
import { configurationParams } from '../../../checks/configuration/parameters.ts'
import { staleServices, usersOf } from '../../../checks/configuration/recreate.ts'
import { parseEnvironment, type StackEnvironment } from '../../../src/facts/env-files.ts'
import { parsePostgresTls } from '../../../src/facts/postgres-tls.ts'
import { parseWebAnswer } from '../../../src/facts/web-answer.ts'
import type { AnyCheck } from '../../../src/model/check.ts'
import { Unreadable } from '../../../src/model/command.ts'
import type { Verdict } from '../../../src/model/verdict.ts'
import { ended, given } from '../docker/given.ts'

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')

/** What the lab's healthy shop answers. */
const CAPTURED = fixture('environment.txt')
const SERVICE_FILE = '/opt/webshop/backend/.env.production'
const params = configurationParams.parse({})

/** The captured answer with single lines changed: `[pattern, replacement]`. */
function environment(...changes: readonly [RegExp, string][]): StackEnvironment {
  const text = changes.reduce((all, [pattern, replacement]) => {
    expect(all).toMatch(pattern)
    return all.replace(pattern, replacement)
  }, CAPTURED)
  return parseEnvironment(ended({ stdout: text }), params.composeFile)
}

function judge(
  check: AnyCheck,
  state: StackEnvironment,
  side: 'production' | 'staging' = 'production',
): Promise<Verdict> {
  const context = given(params, { facts: { 'configuration/environment': state } })
  return check.probe({ ...context, target: { ...context.target, environment: side } })
}

/** A line of the application's env file. */
const inFile = (name: string): RegExp => new RegExp(`file\t${SERVICE_FILE}\t${name}\t.*`)
const line = (name: string, number: number, length: number, flags: string, plain = ''): string =>
  `file\t${SERVICE_FILE}\t${name}\t${number}\t${length}\t20\t${flags}\t${plain}`

describe('what is read of the environment', () => {
  test('files with their modes, the variables that are asked for, and every service’s part', () => {
    const state = environment()
    expect(state.files.map(({ path, role, mode, owner }) => [path, role, mode.toString(8), owner])).toEqual([
      ['/opt/webshop/.env', 'compose', '600', 'deploy'],
      ['/opt/webshop/.env.example', 'example', '644', 'deploy'],
      [SERVICE_FILE, 'service', '600', 'deploy'],
      [`${SERVICE_FILE}.example`, 'example', '644', 'deploy'],
    ])
    expect(state.asked).toEqual([
      { name: 'IMAGE_TAG', hasDefault: true },
      { name: 'NEXT_PUBLIC_API_URL', hasDefault: true },
      { name: 'REDIS_PASSWORD', hasDefault: false },
    ])
    expect([...(state.resolved?.keys() ?? [])]).toEqual([
      'backend',
      'celery',
      'celery-beat',
      'db',
      'frontend',
      'redis',
    ])
    expect(state.running).toHaveLength(7)
  })

  test('a script that broke off, and Docker that was not asked, are no empty answers', () => {
    expect(() => parseEnvironment(ended({ exitCode: 44, stderr: 'there is no such file' }), '/x')).toThrow(
      Unreadable,
    )
    const silent = environment([/\ndocker\n/, '\n'])
    expect(silent.running).toBeNull()
    expect(() => staleServices(silent, params)).toThrow('Docker could not be asked')
    const refused = environment([/^asked IMAGE_TAG -$/m, 'refused\nasked IMAGE_TAG -'])
    expect(refused.resolved).toBeNull()
  })
})

describe('on the healthy shop every check passes', () => {
  const readable = configurationChecks.filter(({ id }) => !/accepted|certificate|webhook|front-door/.test(id))
  test.each(readable.map(check => [check.id, check] as const))('%s', async (_, check) => {
    expect(await judge(check, environment())).toMatchObject({ status: 'pass' })
  })
})

describe('what is wrong is said with the key’s name and never with its value', () => {
  const cases: readonly [string, AnyCheck, readonly [RegExp, string][], string][] = [
    [
      'a mode of 644',
      envFilesPrivate,
      [[/production\t600 deploy/, 'production\t644 deploy']],
      'others than the owner can read',
    ],
    [
      'no .env',
      composeVariablesSet,
      [[/\.env\t600 deploy deploy\n(file\t\/opt\/webshop\/\.env\t.*\n)+/, '.env\tmissing\n']],
      '/opt/webshop/.env is missing',
    ],
    [
      'a line of the example left out',
      exampleKeysPresent,
      [[/file\t\/opt\/webshop\/backend\/\.env\.production\tDB_PORT.*\n/, '']],
      'missing: DB_PORT',
    ],
    [
      'a key that stands twice',
      keysUnambiguous,
      [[inFile('DEBUG'), `${line('DEBUG', 7, 5, 'a', 'False')}\n${line('DEBUG', 7, 5, 'a', 'False')}`]],
      'DEBUG stands twice',
    ],
    [
      'an open quote',
      keysUnambiguous,
      [[inFile('STAFF_PASSWORD'), line('STAFF_PASSWORD', 900, 5, 'q')]],
      'opens a quote',
    ],
    [
      'a value that Compose rewrites',
      keysUnambiguous,
      [[inFile('STAFF_PASSWORD'), line('STAFF_PASSWORD', 900, 9, '-')]],
      'another value than the file has: STAFF_PASSWORD',
    ],
    [
      'a placeholder',
      criticalKeysFilled,
      [[inFile('SENTRY_DSN'), line('SENTRY_DSN', 4, 9, 'p')]],
      'not filled in: SENTRY_DSN',
    ],
    [
      'a short secret key',
      secretKeyStrong,
      [[inFile('SECRET_KEY'), line('SECRET_KEY', 900, 49, 'a')]],
      '49 characters only',
    ],
    [
      'a secret key with special characters',
      secretKeyStrong,
      [[inFile('SECRET_KEY'), line('SECRET_KEY', 900, 64, '-')]],
      'characters that shells',
    ],
    [
      'a Redis password with a slash',
      redisPasswordUsable,
      [[inFile('REDIS_PASSWORD'), line('REDIS_PASSWORD', 900, 32, '-')]],
      'special characters',
    ],
    [
      'two Redis passwords',
      redisPasswordAgrees,
      [[inFile('REDIS_PASSWORD'), line('REDIS_PASSWORD', 900, 32, 'a')]],
      'is not the one in /opt/webshop/.env',
    ],
    [
      'two database passwords',
      databasePasswordAgrees,
      [[inFile('DB_PASSWORD'), line('DB_PASSWORD', 900, 32, 'a')]],
      'DB_PASSWORD and POSTGRES_PASSWORD differ',
    ],
    [
      'two database names',
      databasePasswordAgrees,
      [[inFile('DB_NAME'), line('DB_NAME', 900, 4, '-', 'shop')]],
      'DB_NAME and POSTGRES_DB differ',
    ],
    [
      '/api at the end',
      backendUrlSound,
      [[inFile('BACKEND_URL'), line('BACKEND_URL', 900, 24, '-', 'https://webshop.test/api')]],
      'ends in /api',
    ],
    [
      'no localhost',
      allowedHosts,
      [[inFile('ALLOWED_HOSTS'), line('ALLOWED_HOSTS', 900, 29, '-', 'webshop.test,www.webshop.test')]],
      'lacks localhost',
    ],
    [
      'another environment',
      sentryEnvironment,
      [[inFile('SENTRY_ENVIRONMENT'), line('SENTRY_ENVIRONMENT', 900, 7, 'a', 'staging')]],
      'SENTRY_ENVIRONMENT is staging',
    ],
    [
      'debugging switched on',
      environmentValues,
      [[inFile('DEBUG'), line('DEBUG', 900, 4, 'a', 'True')]],
      'DEBUG is True, not False',
    ],
    [
      'a container from before the change',
      environmentCurrent,
      [[/resolved\tcelery\tSENTRY_DSN\t17\t/, 'resolved\tcelery\tSENTRY_DSN\t900\t']],
      'out of date: celery: SENTRY_DSN',
    ],
    [
      'a variable that was taken away',
      environmentCurrent,
      [[/resolved\tbackend\tDEBUG.*\n/, '']],
      'out of date: backend: DEBUG',
    ],
  ]
  test.each(cases)('%s', async (_, check, changes, said) => {
    const verdict = await judge(check, environment(...changes))
    expect(['fail', 'warn']).toContain(verdict.status)
    expect(verdict.summary).toContain(said)
  })
})

describe('the payment key', () => {
  test('a live key belongs to production and a test key to staging', async () => {
    expect(await judge(paymentKeyFits, environment(), 'staging')).toMatchObject({
      status: 'fail',
      measured: 'starts with live_',
      expected: 'starts with test_',
    })
  })

  test('it is put back from a container that still has it, and asked for where none has', async () => {
    const test_ = line('MOLLIE_API_KEY', 900, 35, 't')
    const verdict = await judge(paymentKeyFits, environment([inFile('MOLLIE_API_KEY'), test_]))
    expect(verdict.remedies?.map(({ id }) => id)).toEqual([
      'configuration/restore-payment-key',
      'configuration/fill-payment-key',
    ])
    const everywhere = environment(
      [inFile('MOLLIE_API_KEY'), test_],
      [/(?<=container\t\w+\tMOLLIE_API_KEY\t14\t35\t30\t)l/g, 't'],
    )
    expect((await judge(paymentKeyFits, everywhere)).remedies?.map(({ id }) => id)).toEqual([
      'configuration/fill-payment-key',
    ])
  })
})

describe('who has to be recreated', () => {
  test('who reads the value; Redis with its password; never the database for what it does not read', () => {
    const state = environment()
    expect(usersOf(state, ['SENTRY_DSN'], params)).toEqual(['backend', 'celery', 'celery-beat'])
    expect(usersOf(state, ['REDIS_PASSWORD'], params)).toEqual(['redis', 'backend', 'celery', 'celery-beat'])
    expect(usersOf(state, ['NEXT_PUBLIC_API_URL'], params)).toEqual(['frontend'])
  })

  test('a variable of the image itself is no difference', () => {
    expect(staleServices(environment(), params)).toEqual([])
  })
})

test('PostgreSQL’s key: mode, owner and the certificate’s end', () => {
  expect(parsePostgresTls('600 999\n999\n1795257343\nnotAfter=Nov 18 11:23:00 2036 GMT\n')).toEqual({
    mode: 0o600,
    ownerId: 999,
    serverId: 999,
    ends: new Date('2036-11-18T11:23:00Z'),
    now: new Date(1795257343000),
  })
  expect(() => parsePostgresTls('stat: cannot statx')).toThrow(Unreadable)
})

test('an answer of the web server: status, headers in any case, body', () => {
  const { status, headers, body } = parseWebAnswer(fixture('web-answer.txt'))
  expect([status, headers.get('x-frame-options'), headers.get('content-security-policy')]).toEqual([
    200,
    'DENY',
    "default-src 'self'",
  ])
  expect(JSON.parse(body)).toMatchObject({ status: 'healthy' })
  expect(() => parseWebAnswer('')).toThrow(Unreadable)
})
