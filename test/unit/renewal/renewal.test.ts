import { describe, expect, test } from 'vitest'
import { renewalProven } from '../../../checks/renewal/proven.ts'
import { isDue, renewNow } from '../../../checks/renewal/renew-now.ts'
import { ranLately, renewalScheduled } from '../../../checks/renewal/scheduled.ts'
import { deployScript, renewScript } from '../../../checks/renewal/set-up.ts'
import { parseSetup } from '../../../src/facts/renewal.ts'
import { pass } from '../../../src/model/verdict.ts'
import { given } from '../docker/given.ts'

const site = {
  ...{ nginxRunsIn: 'compose' as const, composeFile: '/opt/webshop/docker-compose.prod.yml' },
  ...{ nginxService: 'nginx', certbotService: 'certbot', webroot: '/var/www/certbot', caBundle: '' },
}
const inCompose = { 'site/certbot-place': { kind: 'compose', image: 'certbot/certbot' } }
const setup = (over: object = {}) => ({
  files: ['/usr/local/sbin/kneeboard-renew-certificates', '/usr/local/sbin/kneeboard-deploy-certificates'],
  ...{ hooks: [], lastRun: '', lastResult: '', proven: true, provenAt: '2026-11-21T10:36:00.000Z' },
  ...over,
})
const timer = {
  ...{ unit: 'kneeboard-certificates.timer', active: true, enabled: true, calendar: ['*-*-* 00,12:00:00'] },
  ...{ runsADay: 2, jitterSeconds: 43_200 },
}

describe('something renews', () => {
  const probe = (facts: object) =>
    renewalScheduled.probe(
      given(site, {
        facts: {
          ...inCompose,
          'certbot/renewal-timers': [],
          'certbot/renewal-crons': [],
          'renewal/setup': setup(),
          ...facts,
        },
      }),
    )
  test('a timer of ours, spread, twice a day', async () => {
    expect(await probe({ 'certbot/renewal-timers': [timer] })).toMatchObject({ status: 'pass' })
  })
  test('nothing', async () => {
    expect(await probe({})).toMatchObject({ status: 'fail', remedies: [{ id: 'renewal/set-up' }] })
  })
  test('the distribution’s timer renews another directory than the container’s', async () => {
    expect(await probe({ 'certbot/renewal-timers': [{ ...timer, unit: 'certbot.timer' }] })).toMatchObject({
      status: 'fail',
    })
  })
  test('the deployment guide’s cron job that tells nginx nothing', async () => {
    const line = '0 3 * * * deploy cd /opt/webshop && docker compose run --rm certbot renew'
    expect(
      await probe({ 'certbot/renewal-crons': [{ file: '/etc/cron.d/certbot', line, runsADay: 1 }] }),
    ).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('nothing has nginx load'),
      telling: line,
    })
  })
  test('a timer on the host without a hook renews for nobody', async () => {
    const host = {
      'site/certbot-place': { kind: 'host', image: '' },
      'certbot/renewal-timers': [{ ...timer, unit: 'certbot.timer' }],
    }
    expect(await probe(host)).toMatchObject({ status: 'fail', summary: expect.stringContaining('no hook') })
    expect(await probe({ ...host, 'renewal/setup': setup({ hooks: ['/etc/x'] }) })).toMatchObject({
      status: 'pass',
    })
  })
  test('a last run that failed, or that was long ago', () => {
    const now = new Date('2026-11-21T12:00:00Z')
    expect(ranLately(pass('fine'), '2026-11-21T00:00:00Z', 'exit-code', now)).toMatchObject({
      status: 'fail',
    })
    expect(ranLately(pass('fine'), '2026-11-10T00:00:00Z', 'success', now)).toMatchObject({ status: 'warn' })
    expect(ranLately(pass('fine'), '2026-11-21T00:00:00Z', 'success', now)).toMatchObject({ status: 'pass' })
  })
})

describe('what is set up', () => {
  test('has a search path, nothing on standard input, and never a force', () => {
    for (const text of [deployScript(site), renewScript(site, 'compose')]) {
      expect(text).toMatch(/^#!\/bin\/sh\n/)
      expect(text).toContain('export PATH')
      expect(text).toContain('</dev/null')
      expect(text).not.toContain('force')
    }
  })
  test('tests before it reloads, and never restarts', () => {
    expect(deployScript(site)).toContain('nginx -t -q && nginx -s reload')
    expect(deployScript(site)).not.toContain('restart')
  })

  const SETUP = `now=abc
proof=1795257343\tabc
file=/usr/local/sbin/kneeboard-renew-certificates
last=Sat 2026-11-21 10:36:12 UTC
result=success
ran=12345
`
  test('is read with its last run and its proof', () => {
    expect(parseSetup(SETUP)).toEqual({
      files: ['/usr/local/sbin/kneeboard-renew-certificates'],
      hooks: [],
      lastRun: '2026-11-21T10:36:12Z',
      lastResult: 'success',
      proven: true,
      provenAt: '2026-11-21T10:35:43.000Z',
    })
    // A service that never ran says “success”, too.
    expect(parseSetup('now=abc\nlast=\nresult=success\nran=0\n')).toMatchObject({
      lastResult: '',
      proven: false,
      provenAt: '',
    })
    expect(parseSetup(SETUP.replace('now=abc', 'now=abd')).proven).toBe(false)
  })
})

describe('renewal is proven', () => {
  const certificate = (fingerprint: string) => ({
    fingerprint,
    names: ['shop.test'],
    from: new Date(),
    to: new Date(),
  })
  const params = { ...site, domains: ['shop.test'], resolvers: ['1.1.1.1'] }
  const probe = (found: object, served = 'AA') =>
    renewalProven.probe(
      given(params, {
        facts: {
          ...inCompose,
          'renewal/setup': found,
          'certbot/state': { lineages: [{ name: 'shop.test', certificate: certificate('AA') }] },
          'tls/served': [
            {
              domain: 'shop.test',
              address: '192.0.2.7',
              certificate: certificate(served),
              failure: '',
              chain: [],
            },
          ],
        },
      }),
    )
  test('by a run of what is set up now, and by what visitors get', async () => {
    expect(await probe(setup())).toMatchObject({ status: 'pass' })
    expect(await probe(setup({ provenAt: '', proven: false }))).toMatchObject({
      status: 'fail',
      measured: 'never',
    })
    expect(await probe(setup({ proven: false }))).toMatchObject({ status: 'warn' })
    expect(await probe(setup(), 'BB')).toMatchObject({ status: 'fail', remedies: [{ id: 'renewal/prove' }] })
  })
})

describe('a renewal is never forced', () => {
  const now = new Date('2026-11-21T00:00:00Z')
  const left = (days: number, whole: number) => {
    const to = new Date(now.getTime() + days * 86_400_000)
    return { from: new Date(to.getTime() - whole * 86_400_000), to }
  }
  test.each([
    [60, 90, false],
    [29, 90, true],
    [31, 90, false],
    [19, 20, true],
  ])('%i of %i days left: due is %s', (days, whole, due) => {
    expect(isDue(left(days, whole), now)).toBe(due)
  })

  test('there is no plan when it is not due', async () => {
    const state = {
      lineages: [
        {
          name: 'shop.test',
          managed: true,
          certificate: { from: new Date(), to: new Date(Date.now() + 89 * 86_400_000) },
        },
      ],
    }
    const context = given(
      { ...site, domains: ['shop.test'] },
      { facts: { ...inCompose, 'certbot/state': state } },
    )
    await expect(renewNow.plan(context)).rejects.toThrow(/not due/)
  })
})
