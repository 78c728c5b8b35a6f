import { describe, expect, test } from 'vitest'
import { certbotInstalled } from '../../../checks/certbot/installed.ts'
import { renewalTimer } from '../../../checks/certbot/renewal-timer.ts'
import {
  countRunsADay,
  cronRunsADay,
  parseCrons,
  parsePrograms,
  parseTimer,
  type RenewalTimer,
  seconds,
} from '../../../src/facts/certbot.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { given } from '../docker/given.ts'

const packaged = '/usr/bin/certbot\t/usr/bin/certbot\tcertbot: /usr/bin/certbot\tcertbot 2.1.0\n'
const snapped = '/snap/bin/certbot\t/usr/bin/snap\tsnapd: /usr/bin/snap\tcertbot 5.1.0\n'

describe('certbot itself', () => {
  const probe = (text: string) =>
    certbotInstalled.probe(given({}, { facts: { 'certbot/programs': parsePrograms(text) } }))

  test('the distribution’s passes, with its version', async () => {
    expect(await probe(packaged)).toMatchObject({
      status: 'pass',
      summary: 'certbot 2.1.0 is installed (from the distribution)',
    })
  })

  test('none fails with the remedy', async () => {
    const verdict = await probe('')
    expect(verdict.status).toBe('fail')
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['certbot/install'])
  })

  test('a snap beside a package fails, and the decision stays the operator’s', async () => {
    const verdict = await probe(packaged + snapped)
    expect(verdict).toMatchObject({ status: 'fail', summary: 'there are 2 certbots' })
    expect(verdict.remedies).toBeUndefined()
  })

  test('the snap under its two names is one certbot', async () => {
    expect(await probe(`/usr/bin/certbot\t/usr/bin/snap\t\tcertbot 5.1.0\n${snapped}`)).toMatchObject({
      status: 'pass',
    })
  })

  test('one that does not say its version is doubted', async () => {
    expect(await probe('/usr/local/bin/certbot\t/usr/local/bin/certbot\t\t\n')).toMatchObject({
      status: 'warn',
    })
  })
})

// Captured on Debian 12.
const shown = `TimersCalendar={ OnCalendar=*-*-* 00,12:00:00 ; next_elapse=Sat 2026-11-21 12:00:00 UTC }
RandomizedDelayUSec=12h
LoadState=loaded
ActiveState=active
UnitFileState=enabled
`
const elapses = `    Next elapse: Sat 2026-11-21 12:00:00 UTC
       Iter. #2: Sun 2026-11-22 00:00:00 UTC
       Iter. #3: Sun 2026-11-22 12:00:00 UTC
`

describe('the timer as systemd shows it', () => {
  test('Debian’s runs at midnight and noon, up to twelve hours late', () => {
    expect(parseTimer(shown)).toEqual({
      active: true,
      enabled: true,
      calendar: ['*-*-* 00,12:00:00'],
      jitterSeconds: 43_200,
    })
  })

  test('one that does not exist is none', () => {
    expect(parseTimer('LoadState=not-found\nActiveState=inactive\n')).toBeNull()
  })

  test('silence is not “does not exist”', () => {
    expect(() => parseTimer('')).toThrow(Unreadable)
  })

  test('runs are counted within a day of the first', () => {
    expect(countRunsADay(elapses)).toBe(2)
    expect(() => countRunsADay('Normalized form: …\n')).toThrow(Unreadable)
  })

  test.each([
    ['12h', 43_200],
    ['1min 30s', 90],
    ['0', 0],
    ['500ms', 0.5],
  ])('the span %s is %d seconds', (span, length) => {
    expect(seconds(span)).toBe(length)
  })
})

describe('crontabs', () => {
  test('Debian’s own line stands back where systemd runs, comments never count', () => {
    const text = `/etc/cron.d/certbot:0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew
/etc/crontab:# 0 3 * * * root certbot renew
/etc/cron.d/shop:0 3 * * * root certbot renew --quiet
`
    expect(parseCrons(text)).toEqual([
      { file: '/etc/cron.d/shop', line: '0 3 * * * root certbot renew --quiet', runsADay: 1 },
    ])
  })

  test.each([
    ['0 3 * * * certbot renew', 1],
    ['17 */12 * * * certbot renew', 2],
    ['0 0,12 * * * certbot renew', 2],
    ['*/30 1-2 * * * certbot renew', 4],
    ['0 3 * * 1 certbot renew', 0],
    ['@daily certbot renew', 1],
    ['0 H * * * certbot renew', null],
  ])('%s runs %s times a day', (line, runs) => {
    expect(cronRunsADay(line)).toBe(runs)
  })
})

describe('renewal', () => {
  const timer: RenewalTimer = {
    unit: 'certbot.timer',
    active: true,
    enabled: true,
    calendar: ['*-*-* 00,12:00:00'],
    runsADay: 2,
    jitterSeconds: 43_200,
  }
  const probe = (timers: readonly RenewalTimer[], crontab = '') =>
    renewalTimer.probe(
      given(
        {},
        { facts: { 'certbot/renewal-timers': timers, 'certbot/renewal-crons': parseCrons(crontab) } },
      ),
    )
  const offered = async (...args: Parameters<typeof probe>) =>
    (await probe(...args)).remedies?.map(({ id }) => id)

  test('twice a day and spread passes', async () => {
    expect(await probe([timer])).toMatchObject({ status: 'pass', measured: '2 a day, spread over 12 h' })
  })

  test('once a day, or at a fixed time, is a warning that can be mended', async () => {
    expect(await probe([{ ...timer, runsADay: 1 }])).toMatchObject({ status: 'warn' })
    expect(await probe([{ ...timer, jitterSeconds: 0 }])).toMatchObject({ status: 'warn' })
    expect(await offered([{ ...timer, runsADay: 1 }])).toEqual(['certbot/schedule-timer'])
  })

  test('a timer that is active today but gone after a reboot fails', async () => {
    expect(await probe([{ ...timer, enabled: false }])).toMatchObject({ status: 'fail' })
    expect(await offered([{ ...timer, enabled: false }])).toEqual(['certbot/enable-timer'])
  })

  test('neither timer nor cron job fails', async () => {
    expect(await probe([])).toMatchObject({ status: 'fail', measured: 'no timer, no cron job' })
  })

  test('the guide’s cron job at three in the morning is a warning', async () => {
    const crontab = '/etc/crontab:0 3 * * * root certbot renew\n'
    expect(await probe([{ ...timer, active: false, enabled: false }], crontab)).toMatchObject({
      status: 'warn',
    })
  })

  test('a spread cron job twice a day passes', async () => {
    const crontab = '/etc/cron.d/renew:0 */12 * * * root sleep $(shuf -i 0-3600 -n 1) && certbot -q renew\n'
    expect(await probe([], crontab)).toMatchObject({ status: 'pass' })
  })
})
