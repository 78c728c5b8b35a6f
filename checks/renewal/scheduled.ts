import { renewalCrons, renewalTimers } from '../../src/facts/certbot.ts'
import { RENEWAL_UNIT, renewalSetup } from '../../src/facts/renewal.ts'
import { certbotPlace, siteKey } from '../../src/facts/site.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { fail, type Verdict, warn } from '../../src/model/verdict.ts'
import { judgeCron, judgeTimer } from '../certbot/renewal-timer.ts'
import { renewalParams, setUpRenewal } from './set-up.ts'

/** A timer that runs twice a day has run within this many days, unless it is younger or does not work. */
const OLDEST_RUN_DAYS = 2

export const renewalScheduled = check({
  id: 'renewal/scheduled',
  title: 'Something renews the certificate by itself, and tells nginx',
  why: 'A renewal that somebody has to think of is forgotten once. Twice a day and spread out leaves time for a run that fails.',
  params: renewalParams,
  after: ['certbot/available'],
  explains: ['tls/certificate-lifetime', 'renewal/proven'],
  remedies: [setUpRenewal],
  timeoutSeconds: 90,
  async probe({ params, read }) {
    const { kind } = await read(certbotPlace, siteKey(params))
    const verdict = kind === 'host' ? await onHost(read) : await inCompose(read)
    if (verdict.status === 'pass' || verdict.status === 'unknown') return verdict
    return { ...verdict, remedies: [setUpRenewal] }
  },
})

type Read = ReadContext['read']

async function inCompose(read: Read): Promise<Verdict> {
  const timers = await read(renewalTimers)
  const timer = timers.find(({ unit }) => unit === `${RENEWAL_UNIT}.timer`)
  const { files, lastRun, lastResult } = await read(renewalSetup, RENEWAL_UNIT)
  if (timer?.active && timer.enabled && files.length >= 2)
    return ranLately(judgeTimer(timer), lastRun, lastResult)
  const cron = (await read(renewalCrons)).find(({ line }) => /docker|compose/.test(line))
  if (cron !== undefined) {
    if (!/nginx/.test(cron.line))
      return fail(`${cron.file} renews, but nothing has nginx load what was renewed`, {
        measured: cron.line,
        expected: 'a renewal and a reload of nginx',
        telling: cron.line,
      })
    return judgeCron(cron)
  }
  return fail('nothing renews the certificate', {
    measured: timer === undefined ? 'no timer, no cron job' : `${timer.unit} is not active and enabled`,
    expected: 'a timer that is enabled and active',
  })
}

async function onHost(read: Read): Promise<Verdict> {
  const timers = (await read(renewalTimers)).filter(({ unit }) => unit !== `${RENEWAL_UNIT}.timer`)
  const timer = timers.find(({ active, enabled }) => active && enabled)
  const unit = timer?.unit.replace(/\.timer$/, '') ?? 'certbot'
  const { hooks, lastRun, lastResult } = await read(renewalSetup, unit)
  if (timer !== undefined) {
    if (hooks.length === 0)
      return fail(`${timer.unit} renews, but no hook has nginx load what was renewed`, {
        measured: 'no executable file in /etc/letsencrypt/renewal-hooks/deploy',
        expected: 'a deploy hook that reloads nginx',
      })
    return ranLately(judgeTimer(timer), lastRun, lastResult)
  }
  const [cron] = await read(renewalCrons)
  return cron === undefined
    ? fail('nothing renews the certificate', {
        measured: 'no timer, no cron job',
        expected: 'a timer that is enabled and active',
      })
    : judgeCron(cron)
}

/** A timer that is set well and did not run, or whose last run failed, renews nothing. */
export function ranLately(verdict: Verdict, lastRun: string, lastResult: string, now = new Date()): Verdict {
  if (lastResult !== '' && lastResult !== 'success')
    return fail(`the last renewal failed (${lastResult})`, {
      measured: lastResult,
      expected: 'success',
      advice: `Read why: journalctl -u ${RENEWAL_UNIT}.service -u certbot.service -n 50`,
    })
  if (lastRun === '') return verdict
  const age = (now.getTime() - Date.parse(lastRun)) / 86_400_000
  if (age > OLDEST_RUN_DAYS)
    return warn(`the timer last ran on ${lastRun.slice(0, 10)}, ${Math.round(age)} days ago`, {
      measured: lastRun,
    })
  return verdict
}
