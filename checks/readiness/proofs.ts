/** Proofs that wear out: the newest backup, the last drill, the age of secrets, Django's own opinion. */

import { backups } from '../../src/facts/backups.ts'
import { confirmations } from '../../src/facts/confirmations.ts'
import { containerOfService, runningContainer, stackContainers } from '../../src/facts/containers.ts'
import { drills } from '../../src/facts/drill-record.ts'
import { check } from '../../src/model/check.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { sh } from '../../src/model/script.ts'
import { fail, pass, unknown } from '../../src/model/verdict.ts'
import { ago, isProven } from '../backup/recent.ts'
import { confirmable } from '../confirmed/confirmed.ts'
import { readinessParams } from './parameters.ts'

const DAY = 86_400

export const backupsProven = check({
  id: 'readiness/backups-proven',
  title: 'Last night’s backup is there, and was proven',
  why: 'A shop without a backup is one mistake away from being none. A file that nobody read back is a hope.',
  params: readinessParams,
  async probe({ params, read, policy }) {
    const newest = (await read(backups, params.backupDirectory)).find(isProven)
    const expected = `one within ${policy.backupDailyMaxAgeHours} h`
    const advice = 'kneeboard run backup makes one, and has it made every night'
    if (newest === undefined)
      return fail('there is no backup that was proven', { measured: 'none', expected, advice })
    const measured = ago(newest.ageSeconds)
    if (newest.ageSeconds > policy.backupDailyMaxAgeHours * 3600)
      return fail(`the newest proven backup is of ${measured}`, { measured, expected, advice })
    return pass(`${newest.name} is of ${measured}`, { measured, expected })
  },
})

export const drillFresh = check({
  id: 'readiness/drill-fresh',
  title: 'A restore has been rehearsed, and it worked',
  why: 'Everybody has backups. The night shows who can restore them, and how long it takes.',
  params: readinessParams,
  async probe({ read, policy }) {
    const { history, now } = await read(drills)
    const last = history.at(-1)
    const expected = `one that passed, within ${policy.drillEveryDays} days`
    const advice = 'kneeboard run restore-drill holds one, beside the running shop'
    if (last === undefined) return fail('no drill was ever held here', { measured: 'none', expected, advice })
    const days = Math.floor((now - last.endedAt) / DAY)
    const measured = `${days} days ago`
    if (last.failed.length > 0)
      return fail(`the last drill failed: ${last.failed.join(', ')}`, { measured, expected, advice })
    if (days > policy.drillEveryDays)
      return fail(`the last drill was ${measured}`, { measured, expected, advice })
    return pass(`it was held ${days === 0 ? 'today' : measured}`, { measured, expected })
  },
})

const renewed = confirmable({
  id: 'readiness/secrets-age',
  title: 'No secret is older than a quarter of a year',
  why: 'People leave, laptops are lost, logs are copied. A secret that is renewed in time ends all of that without anybody having to know.',
  params: readinessParams,
  days: policy => policy.secretsMaxAgeDays,
  instructions: () => [
    'Renew the secret key and the passwords of Redis and the database (kneeboard run app-config generates them on the server)',
    'Renew the keys of the payment provider, the storage and Sentry where they are made, and put them into the env file',
    'Recreate the services, and withdraw the old keys at the providers',
  ],
})

export const secretsAge = check({
  ...renewed,
  async probe(context) {
    const { params, read, policy } = context
    const { entries } = await read(confirmations)
    if (entries.some(({ item }) => item === renewed.id)) return renewed.probe(context)
    // No secret of the shop is older than its database.
    const database = containerOfService(
      await read(stackContainers, params.composeFile),
      params.databaseService,
    )
    const volume = database?.mounts.find(
      ({ type, target }) => type === 'volume' && target.startsWith('/var/lib/postgresql'),
    )?.volume
    if (volume === undefined) return renewed.probe(context)
    const result = await context.run(
      sh`docker volume inspect --format '{{.CreatedAt}}' ${volume} && date -u +%Y-%m-%dT%H:%M:%SZ`,
      { as: 'root' },
    )
    const [made = '', now = ''] = outputOf(result, `the age of ${volume}`).trim().split('\n')
    const days = Math.floor((Date.parse(now) - Date.parse(made)) / (DAY * 1000))
    if (Number.isNaN(days)) throw new Unreadable(`the age of ${volume} could not be read`)
    const details = {
      measured: `the shop is ${days} days old`,
      expected: `${policy.secretsMaxAgeDays} days at most`,
    }
    if (days <= policy.secretsMaxAgeDays) return pass('the shop itself is younger than that', details)
    const { remedies = [] } = renewed
    return unknown('nobody has said when the secrets were renewed', { ...details, remedies })
  },
})

/** What nginx does in Django's place: the headers are looked at where they arrive (domain row 34). */
const DONE_BY_NGINX = new Set(['W002', 'W004', 'W005', 'W006', 'W008', 'W019', 'W021', 'W022'])

/** Reads `?: (security.W009) …` lines of `manage.py check --deploy`. */
export function deployWarnings(text: string): string[] {
  return [...text.matchAll(/\((\w+)\.([A-Z]\d{3})\) ([^\n]{0,160})/g)]
    .filter(([, area, code = '']) => area !== 'security' || !DONE_BY_NGINX.has(code))
    .map(([, area, code, words]) => `${area}.${code} ${words}`)
}

export const djangoReady = check({
  id: 'readiness/django-ready',
  title: 'Django’s own check for production finds nothing',
  why: 'It knows settings that no answer shows: a weak key, cookies that travel unencrypted, debugging left on.',
  params: readinessParams,
  timeoutSeconds: 90,
  async probe({ params, read, run }) {
    const { id } = await read(runningContainer, params.composeFile, params.backendService)
    const result = await run(sh`docker exec ${id} python3 manage.py check --deploy </dev/null 2>&1`, {
      as: 'root',
      timeoutSeconds: 60,
    })
    const text = outputOf(result, 'Django’s check for production', [0, 1])
    if (!/System check identified/.test(text))
      throw new Unreadable('Django’s check for production gave no answer')
    const found = deployWarnings(text)
    const details = { measured: `${found.length} warnings`, expected: 'none but what nginx sees to' }
    if (found.length === 0) return pass('nothing is left but what nginx sees to', details)
    return fail(found.join('; '), { ...details, telling: found[0] ?? '' })
  },
})
