/** The same sweep, entered by what somebody has noticed: only what can be behind it is looked at. */

import type { AnyCheck } from '../src/model/check.ts'
import { checksOf, type Runbook, runbook } from '../src/model/runbook.ts'
import { troubleshooting } from './troubleshooting.ts'

interface Symptom {
  readonly id: string
  readonly title: string
  /** When to reach for it. */
  readonly purpose: string
  /** Checks by which the symptom is seen, or whole areas of them: `celery/`. */
  readonly seen: readonly string[]
}

const symptoms: readonly Symptom[] = [
  {
    id: 'site-502',
    title: '502 or 504 after a deployment',
    purpose:
      'Pages answer 502 or 504, most often right after a deployment: nginx asks an old address, the new release does not start, or a page of it is broken.',
    seen: ['site/api-answers', 'site/front-page', 'nginx/', 'backend/answers', 'services/backend-image'],
  },
  {
    id: 'site-slow',
    title: 'The site is slow',
    purpose:
      'Nothing is down and everything takes too long: somebody waits for a lock, for a processor, for memory or for the disk.',
    seen: [
      'backend/quick',
      'postgres/',
      'machine/',
      '-memory',
      '-processor',
      'redis/memory-left',
      'celery/queue',
    ],
  },
  {
    id: 'emails-missing',
    title: 'E-mails do not arrive',
    purpose:
      'Orders are placed and nobody hears of it: the worker is gone or takes nothing, the queue was evicted, or the mail server refuses us.',
    seen: [
      'celery/',
      'backend/worker',
      'logs/worker',
      'logs/beat',
      'redis/no-eviction',
      'backend/finds-the-world',
    ],
  },
  {
    id: 'webhooks-404',
    title: 'Payment webhooks get 404',
    purpose:
      'Customers pay and orders stay unpaid: the payment provider posts to an address that does not exist, or does not reach the server.',
    seen: [
      'configuration/payment-webhook-answers',
      'configuration/backend-url-sound',
      'configuration/payment-key',
      'logs/nginx',
      'logs/backend',
      'site/http-answers',
    ],
  },
  {
    id: 'disk-full',
    title: 'No space left on device',
    purpose:
      'A program says that the disk is full, whether df agrees or not: bytes, inodes, or deleted files that are still open.',
    seen: [
      'disk/space',
      'system/inodes',
      'machine/deleted-files',
      'machine/file-systems-writable',
      'postgres/slots-in-use',
      'postgres/archiver-works',
      'stack/logs-rotated',
      'stack/no-one-offs',
      'redis/saves',
    ],
  },
  {
    id: 'certificate-warning',
    title: 'Browsers warn of the certificate',
    purpose:
      'A visitor sees a warning instead of the shop: the certificate has ended, is for other names, or was renewed and never loaded.',
    seen: ['tls/', 'site/certificate-', 'site/https-answers', 'dns/', 'system/clock-right'],
  },
  {
    id: 'health-503',
    title: 'Health is 503 but the site loads',
    purpose:
      'The monitor says down and the browser says up: one component is broken, and the body of the health endpoint says which.',
    seen: ['backend/', 'services/backend-healthy', 'site/api-healthy'],
  },
  {
    id: 'environment-no-effect',
    title: 'A changed value has no effect',
    purpose:
      'A value was changed in an env file or the Compose file and nothing is different: containers keep what they were made with.',
    seen: ['configuration/', '-image', '-as-declared', 'stack/images-present'],
  },
  {
    id: 'redis-port-error',
    title: '“Port could not be cast to integer value”',
    purpose:
      'The backend or the worker says that a port could not be cast to an integer: the Redis password breaks the address that it stands in.',
    seen: [
      'configuration/redis-password-usable',
      'configuration/redis-password-agrees',
      'redis/',
      'backend/cache',
    ],
  },
]

const all = checksOf(troubleshooting)

/** The checks of a symptom, what may be the cause of each, and whatever those stand after. */
function behind(seen: readonly string[]): ReadonlySet<string> {
  const shows = ({ id }: AnyCheck): boolean =>
    seen.some(
      name =>
        id === name ||
        (name.endsWith('/') && id.startsWith(name)) ||
        (/^-|-$/.test(name) && id.includes(name)),
    )
  const found = new Set(all.filter(shows).map(({ id }) => id))
  for (const check of all) if (check.explains?.some(id => found.has(id))) found.add(check.id)
  const add = (id: string): void => {
    found.add(id)
    for (const before of all.find(check => check.id === id)?.after ?? []) if (!found.has(before)) add(before)
  }
  for (const id of [...found]) add(id)
  return found
}

export const bySymptom: readonly Runbook[] = symptoms.map(({ id, title, purpose, seen }) => {
  const wanted = behind(seen)
  return runbook({
    id,
    title,
    purpose,
    group: 'By symptom',
    minutes: 1,
    steps: troubleshooting.steps
      .map(step => ({ ...step, checks: step.checks.filter(check => wanted.has(check.id)) }))
      .filter(({ checks }) => checks.length > 0),
  })
})
