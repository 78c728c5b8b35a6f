/**
 * What the practice server says is what a real server says: the same check, on the lab's shop and on the practice shop,
 * gives a verdict of the same status: while all is well, and under every fault that both of them have.
 */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { THOROUGH } from '../thorough.ts'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, openLab, startShopServer, waitFor } from './index.ts'
import { type Kneeboard, kneeboard, type Report } from './kneeboard.ts'
import { waitUntilHealthy } from './shop/site.ts'

/** What is asked of the shops. The runbooks by symptom have no check that the sweep lacks. */
const SHOP = ['troubleshooting', 'app-config']

interface State {
  readonly scenario: string
  /** The fault of the lab that is its equal; none for a healthy shop. */
  readonly fault?: string
  /** It makes containers anew: they are given their time to say how they are. */
  readonly settles?: true
  /** Compared in every run of the tests; the others with KNEEBOARD_THOROUGH=1. */
  readonly always?: true
}

const STATES: readonly State[] = [
  { scenario: 'healthy-shop', always: true },
  { scenario: '502-after-deploy', fault: 'upstream-stale-ip', always: true },
  { scenario: 'full-disk', fault: 'full-disk' },
  { scenario: 'expired-certificate', fault: 'certificate-expired' },
  { scenario: 'env-without-effect', fault: 'env-change-without-recreate' },
  { scenario: 'redis-password', fault: 'redis-password-mismatch', settles: true },
  { scenario: 'bad-migration', fault: 'bad-migration' },
  // Last: a snapshot of the server puts nothing right in the lab’s DNS.
  { scenario: 'aaaa-of-another-host', fault: 'aaaa-of-another-host' },
]

/** Where the two may differ: the check, in which scenarios (all, when left out), and why it is no fault of the model. */
interface Difference {
  readonly check: string
  readonly scenarios?: readonly string[]
  readonly why: string
}

const KERNEL = 'the lab’s server is a container: the kernel counts for the machine around it'

const DIFFERENCES: readonly Difference[] = [
  ...[
    'machine/no-memory-kills',
    'machine/swap',
    'machine/memory-pressure',
    'machine/processor-pressure',
    'machine/disk-pressure',
    'machine/load',
    'system/time-synchronised',
    'system/swap',
  ].map(check => ({ check, why: KERNEL })),
  {
    check: 'backend/finds-the-world',
    why: 'the lab’s server does not know the shop’s name itself, which then says nothing about containers',
  },
  {
    check: 'docker/storage',
    scenarios: ['full-disk'],
    why: 'on the lab’s server the database’s volume is a disk of its own, and that one is full',
  },
  ...[
    'backend/database',
    'backend/healthy',
    'services/backend-healthy',
    'nginx/pages-work',
    'site/api-healthy',
  ].map(check => ({
    check,
    scenarios: ['full-disk'],
    why: 'the lab’s disk is full to its last byte, and it hangs on the moment whether PostgreSQL still answers; on practice 150 MB are left',
  })),
  {
    check: 'celery/takes-tasks',
    scenarios: ['redis-password'],
    why: 'a worker that has just been started is given half a minute, and on practice it has been',
  },
  {
    check: 'system/hostname',
    scenarios: ['bare'],
    why: 'on practice the hosts file lacks the server’s name, as some providers deliver it: there is something to mend',
  },
]

let lab: Lab
let server: LabServer
let on: Kneeboard
let words: string[]

beforeAll(async () => {
  lab = await openLab()
  const started = await startShopServer(lab)
  server = started.server
  on = kneeboard()
  const { domain } = started.shop
  words = ['--environment', 'production', '--set', `domains=${domain},www.${domain}`]
  words.push('--set', `resolvers=${lab.dns.resolver.ipv4}`)
  await server.snapshot('well')
  await waitUntilHealthy(server)
})
afterAll(async () => {
  await lab?.close()
})

const statuses = ({ checks }: Pick<Report, 'checks'>): Map<string, Report['checks'][number]> =>
  new Map(checks.map(check => [check.id, check]))

/** One line for every check of which the two say different things. */
function compared(real: Report, practised: Report, { scenario }: State): string[] {
  const other = statuses(practised)
  return real.checks.flatMap(({ id, status, summary }) => {
    const its = other.get(id)
    if (its?.status === status) return []
    const allowed = DIFFERENCES.some(
      ({ check, scenarios }) => check === id && (scenarios?.includes(scenario) ?? true),
    )
    return allowed ? [] : [`${id}: lab ${status} (${summary}), practice ${its?.status} (${its?.summary})`]
  })
}

async function practised(scenario: string, ...words: string[]): Promise<Report> {
  const { stdout, stderr } = await on.run('check', ...words, '-t', `practice:${scenario}`, '--format', 'json')
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Report
}

async function onTheLab({ fault, settles }: State): Promise<Report> {
  await server.restore('well')
  await waitUntilHealthy(server)
  if (fault !== undefined) await findFault(fault).inject(server, lab)
  if (settles)
    await waitFor(
      'every container to say how it is',
      async () => (await server.must('docker ps --quiet --filter health=starting')).trim() === '',
      { timeout: 120_000, every: 1000 },
    )
  const [first = '', ...others] = SHOP
  return (await on.json(server, 'check', first, ...others, ...words)).report
}

test.for(STATES.filter(({ always }) => always || THOROUGH))(
  '$scenario: each check says on both what it says on the other',
  {
    timeout: 300_000,
  },
  async state => {
    const real = await onTheLab(state)
    const names = 'domains=shop.example.com,www.shop.example.com'
    const practice = await practised(state.scenario, ...SHOP, '--set', names)
    expect(real.checks.length).toBeGreaterThanOrEqual(170)
    expect(compared(real, practice, state)).toEqual([])
  },
)

test('a bare server: each check of the setup says on both what it says on the other', {
  timeout: 300_000,
}, async () => {
  const bare = await lab.startServer({ release: 'trixie' })
  const { report } = await on.json(bare, 'check', 'server-setup', '--environment', 'staging')
  expect(report.checks.length).toBeGreaterThan(30)
  expect(compared(report, await practised('bare', 'server-setup'), { scenario: 'bare' })).toEqual([])
})
