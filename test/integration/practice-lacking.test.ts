/**
 * The practice server lacks nothing that a runbook asks of it: every runbook is walked against it, with every consent
 * where its remedies belong to a scenario, and no command, no question to a database and no program stays unanswered.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runbooks } from '../../runbooks/index.ts'
import { startRun } from '../../src/cli/start-run.ts'
import type { Operator } from '../../src/engine/operator.ts'
import { resolveParameters } from '../../src/engine/parameters.ts'
import type { RunState } from '../../src/engine/state.ts'
import { refusingPrompter } from '../../src/host/prompter.ts'
import { defaultPolicy } from '../../src/model/policy.ts'
import { checksOf, parametersOf } from '../../src/model/runbook.ts'
import { openWorld } from '../../src/practice/open-world.ts'
import { scenarios } from '../../src/practice/scenarios/index.ts'
import type { Scenario } from '../../src/practice/scenarios/scenario.ts'
import { type PracticeServer, practiceServer } from '../../src/practice/start.ts'

const folder = mkdtempSync(join(tmpdir(), 'kneeboard-practice-lacking-'))
// In one process they share the way in from outside: none ends while another one is looked at.
const servers: PracticeServer[] = []
afterAll(() => {
  for (const server of servers) server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Visit {
  readonly runbook: string
  readonly mode: 'check' | 'run'
  readonly set?: Readonly<Record<string, string>>
  /** How it has to end. Left out where it looks at the server from outside, which only one server at a time can show. */
  readonly ends?: 'passed' | 'failed'
  /** The check that has to have failed in the end, and what it says. */
  readonly because?: readonly [check: string, words: string]
}

/** Says yes to whatever can be done without a person. */
const willing: Operator = {
  consent: async ({ plan, confirmation }) =>
    plan.actions.some(({ type }) => type === 'ask')
      ? { answer: 'no', by: 'test', reason: 'it needs a person' }
      : { answer: 'yes', by: 'test', ...(confirmation ? { typed: confirmation } : {}) },
  choose: async ({ remedies }) => remedies[0]?.id ?? null,
  manual: async () => 'not-done',
  lockHeld: async () => 'stop',
}

/** A deployment is looked at again after a while: here at once. */
const policy = { ...defaultPolicy, deployFirstLookSeconds: 1, deployLastLookSeconds: 2 }

async function visit(server: PracticeServer, { runbook: id, mode, set = {} }: Visit): Promise<RunState> {
  const runbook = runbooks.find(each => each.id === id)
  if (!runbook) throw new Error(`there is no runbook ${id}`)
  const { target } = server
  const params = resolveParameters(parametersOf(checksOf(runbook)), target.stack, set)
  const { finished } = startRun(
    {
      version: 'test',
      runsFolder: folder,
      policy,
      preferences: { summaryOnServer: '/var/log/kneeboard' },
      connection: {},
      operator: willing,
      prompter: refusingPrompter,
      signal: new AbortController().signal,
      listen: () => {},
    },
    { runbook, target, params, mode },
  )
  return finished
}

/** Runbooks that cannot be without a value of their own. */
const GIVEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  deploy: { releaseTag: 'v1.2.0' },
  'migration-rollback': { migrationApp: 'products', migrationTarget: '0004' },
}

const everyRunbook = runbooks.map(
  ({ id }): Visit => ({ runbook: id, mode: 'check', ...(GIVEN[id] ? { set: GIVEN[id] } : {}) }),
)
const run = (runbook: string, more: Partial<Visit> = {}): Visit => ({ runbook, mode: 'run', ...more })
const passes = (runbook: string, set: Visit['set'] = {}): Visit => run(runbook, { set, ends: 'passed' })

const WALKS: Readonly<Record<string, readonly Visit[]>> = {
  bare: [
    passes('server-setup'),
    { runbook: 'first-deployment', mode: 'check', set: { domains: 'shop.example.com' } },
    { runbook: 'troubleshooting', mode: 'check', set: { domains: 'shop.example.com' } },
  ],
  'healthy-shop': [
    ...['backup', 'database-creation', 'restore-drill', 'restore', 'restore-undo'].map(id => passes(id)),
    ...everyRunbook,
  ],
  'bad-migration': [passes('migration-rollback', { migrationApp: 'products', migrationTarget: '0006' })],
  'redis-password': [run('app-config'), run('deploy', { set: { releaseTag: 'v1.0.0' } }), run('rollback')],
  'expired-certificate': [run('ssl-renewal'), run('ssl-issuance')],
  'drill-truncated-backup': [
    run('restore-drill', {
      ends: 'failed',
      because: ['drill/readable', 'the file is not what was written: its SHA-256 is another'],
    }),
    run('backup'),
  ],
  '502-after-deploy': [run('troubleshooting')],
  'full-disk': [run('troubleshooting')],
  'env-without-effect': [run('troubleshooting')],
}

test.concurrent.for(Object.entries(WALKS))(
  '%s: whatever is asked has an answer',
  // A server that was stopped is not started again: another try would find none.
  { timeout: 180_000, retry: 0 },
  async ([scenario, visits], { expect: expected }) => {
    const server = await practiceServer(scenario)
    servers.push(server)
    for (const each of visits) {
      const { status, checks } = await visit(server, each)
      const wrong = Object.entries(checks).flatMap(([id, { verdict }]) =>
        verdict?.status === 'fail' || verdict?.status === 'unknown' ? [`${id}: ${verdict.summary}`] : [],
      )
      if (each.ends === 'passed') expected([each.runbook, ...wrong]).toEqual([each.runbook])
      if (each.ends) expected([each.runbook, status]).toEqual([each.runbook, each.ends])
      const [check = '', words] = each.because ?? []
      if (words) expected(checks[check]?.verdict).toMatchObject({ status: 'fail', summary: words })
    }
    expected(await server.ask('lacking')).toEqual([])
  },
)

test('what the world lacks is recorded', async () => {
  const healthy = scenarios.find(({ name }) => name === 'healthy-shop')
  const world = await openWorld(healthy as Scenario, 'ssh-ed25519 AAAA operator')
  await world.shell(`
    PATH=/usr/bin:/bin no-such-program || :
    docker exec webshop-backend-1 python -c 'print(1)' || :
    docker exec webshop-db-1 sh -c 'psql -U "$POSTGRES_USER" -d postgres -c "SELECT pi()"' || :`)
  expect([...world.machine.lacking]).toEqual(['no-such-program', 'python -c print(1)', 'psql: SELECT pi()'])
  world.end()
})
