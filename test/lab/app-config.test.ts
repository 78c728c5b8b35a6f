/**
 * `app-config` against a real shop that is broken in each of the ways in which configurations break: the cause is
 * found, the remedy repairs it, and no secret of the server is in anything that was shown or stored.
 */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { configurationChecks } from '../../checks/configuration/index.ts'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'
import { type Shop, waitUntilHealthy } from './shop/site.ts'
import { type Walk, type WalkOptions, walk } from './walk.ts'

let lab: Lab
let server: LabServer
let shop: Shop

beforeAll(async () => {
  lab = await openLab()
  const started = await startShopServer(lab)
  server = started.server
  shop = started.shop
})
afterAll(async () => {
  await lab?.close()
})

const good = configurationChecks.map(({ id }) => `${id} pass`)
const configured = (options: WalkOptions = {}): Promise<Walk> =>
  walk(server, configurationChecks, { environment: 'production', ...options })

/** What nobody may see: every value of the env files whose name says so. */
async function secrets(): Promise<string[]> {
  const text = await shop.run(
    `for file in .env $env_file; do [ ! -f $file ] || sed -nE 's/^[A-Z_]*(PASSWORD|KEY|DSN)=//p' $file; done`,
  )
  return text.split('\n').filter(value => value !== '')
}

/** Nothing of the kind is in any event, evidence or plan. */
function expectUnseen({ events, asked }: Walk, values: readonly string[]): void {
  const told = JSON.stringify([events, asked])
  expect(values.length).toBeGreaterThan(6)
  for (const value of values) expect(told.includes(value), 'a secret came out').toBe(false)
}

/** Runs to the end with every consent given, and proves that it was silent about every secret, old and new. */
async function repaired(options: WalkOptions = {}): Promise<Walk> {
  const before = await secrets()
  const done = await configured(options)
  expectUnseen(done, [...before, ...(await secrets())])
  return done
}

beforeEach(async () => {
  await server.must('rm -rf /var/lib/lab-faults')
  await waitUntilHealthy(server)
})

describe('on the healthy shop', () => {
  test('the runbook passes, asks nothing and says nothing of any secret', async () => {
    const done = await repaired()
    expect(done.statuses).toEqual(good)
    expect(done.asked).toEqual([])
  })

  test('the program says passed', async () => {
    const { report, exitCode } = await kneeboard().json(server, 'check', 'app-config')
    expect(notGood(report)).toEqual([])
    expect([exitCode, report.status]).toEqual([0, 'passed'])
  })
})

describe.each([
  ['redis-password-special-chars', 'redis-password-usable', 'generate-redis-password'],
  ['redis-password-mismatch', 'redis-password-agrees', 'align-redis-password'],
  ['db-password-mismatch', 'database-password-agrees', 'align-database-password'],
  ['env-change-without-recreate', 'environment-current', 'recreate-stale'],
  ['backend-url-with-api', 'backend-url-sound', 'correct-backend-url'],
  ['allowed-hosts-without-localhost', 'allowed-hosts', 'add-allowed-hosts'],
  ['test-payment-key-on-production', 'payment-key', 'restore-payment-key'],
  ['sentry-environment-wrong', 'sentry-environment', 'correct-sentry-environment'],
  ['wrong-env-permissions', 'env-files-private', 'close-env-files'],
  ['compose-env-missing', 'compose-variables-set', 'fill-compose-env'],
  ['postgres-key-readable', 'postgres-certificate', 'close-postgres-key'],
])('%s', (name, cause, remedy) => {
  test(`is found by ${cause} and repaired by ${remedy}`, async () => {
    const fault = findFault(name)
    await fault.inject(server)
    const done = await repaired()
    expect(done.outcomes[0]).toBe(`configuration/${remedy} proven`)
    expect(done.asked[0]?.plan.check).toBe(`configuration/${cause}`)
    await waitUntilHealthy(server)
    expect(await fault.isVisible(server)).toBe(false)
    expect((await configured({ mode: 'check' })).statuses).toEqual(good)
  })
})

describe('beyond the usual', () => {
  test('a password that was changed in both variables alone: the role is changed, and old connections are told apart', async () => {
    const chosen = `newlyChosen0123456789abcdef${Date.now()}`
    // By hand as an operator does it, nginx included: containers that are made anew may come back at other addresses.
    await shop.run(`
      sed -i -E 's/^(DB_PASSWORD|POSTGRES_PASSWORD)=.*/\\1=${chosen}/' $env_file
      compose up -d --no-deps --force-recreate backend celery celery-beat
      compose exec -T nginx nginx -s reload
    `)
    const done = await repaired()
    expect(done.outcomes).toContain('configuration/alter-database-role proven')
    await waitUntilHealthy(server)
    expect((await configured({ mode: 'check' })).statuses).toEqual(good)
    expect(await shop.run('docker logs --since 5m "$(compose ps -q db)" 2>&1')).not.toContain('newlyChosen')
  })

  test('a short secret key with special characters is replaced; the payment key that is nowhere is asked for', async () => {
    await shop.run(`
      sed -i -E 's/^SECRET_KEY=.*/SECRET_KEY=ab$cd#ef/; s/^MOLLIE_API_KEY=.*/MOLLIE_API_KEY=change-me/' $env_file
      compose up -d --force-recreate backend celery celery-beat db
    `)
    const done = await repaired({
      manual: async () => {
        await shop.run(
          `sed -i 's/^MOLLIE_API_KEY=.*/MOLLIE_API_KEY=live_0123456789abcdefghijklmnopqrst/' $env_file`,
        )
        return 'done'
      },
    })
    expect(done.outcomes).toContain('configuration/generate-secret-key proven')
    expect(done.outcomes).toContain('configuration/fill-payment-key proven')
    expect(done.statuses).toEqual(good)
    expect(await shop.run(`sed -n 's/^SECRET_KEY=//p' $env_file`)).toMatch(/^[A-Za-z0-9]{64}\n$/)
  })

  test('a new environment is no deployment in disguise: with another IMAGE_TAG nothing is stopped', async () => {
    const containers = await shop.run('compose ps -q | sort')
    await shop.run(`
      sed -i 's/^IMAGE_TAG=.*/IMAGE_TAG=v9.9.9/' .env
      sed -i 's/^SENTRY_ENVIRONMENT=.*/SENTRY_ENVIRONMENT=development/' $env_file
    `)
    const done = await configured()
    expect(done.outcomes[0]).toBe('configuration/correct-sentry-environment failed')
    expect(await shop.run('compose ps -q | sort')).toBe(containers)
    expect(await shop.run(`sed -n 's/^SENTRY_ENVIRONMENT=//p' $env_file`)).toBe('development\n')
    await shop.run(`sed -i 's/^IMAGE_TAG=.*/IMAGE_TAG=v1.1.0/' .env`)
    expect((await repaired()).statuses).toEqual(good)
  })

  test('lines that the example has and the file lacks are copied; comments and modes stay', async () => {
    await shop.run(`sed -i '/^DB_PORT=/d; 1i # kept' $env_file`)
    const done = await repaired()
    expect(done.outcomes[0]).toBe('configuration/add-missing-keys proven')
    expect(await shop.run(`head -n 1 $env_file; grep DB_PORT $env_file; stat -c '%a %U' $env_file`)).toBe(
      '# kept\nDB_PORT=5432\n600 deploy\n',
    )
  })

  test('a dollar sign that Compose takes for a variable is named, by the key alone', async () => {
    await shop.run(`sed -i 's/^STAFF_PASSWORD=.*/STAFF_PASSWORD=half$gone/' $env_file`)
    const seen = await configured({ mode: 'check' })
    expect(seen.verdict('configuration/keys-unambiguous')).toMatchObject({
      status: 'fail',
      summary: 'Compose hands over another value than the file has: STAFF_PASSWORD',
    })
    expect(JSON.stringify(seen.events)).not.toContain('half$gone')
  })
})
