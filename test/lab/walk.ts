/** Walks checks against a lab server through the real engine, over real SSH: what a run would do, and its events. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createJournal } from '../../src/engine/journal.ts'
import type { Consent, ConsentRequest } from '../../src/engine/operator.ts'
import { newRunId, runRunbook } from '../../src/engine/run.ts'
import { connectTo } from '../../src/host/connect.ts'
import { harmless, toEvidence } from '../../src/host/evidence.ts'
import { refusingPrompter } from '../../src/host/prompter.ts'
import { createRedactor } from '../../src/host/redact.ts'
import type { AnyCheck } from '../../src/model/check.ts'
import type { RunEvent, StoredVerdict } from '../../src/model/event.ts'
import type { Machine } from '../../src/model/machine.ts'
import { defaultPolicy, type Policy } from '../../src/model/policy.ts'
import type { Target } from '../../src/model/target.ts'
import type { LabServer } from './server.ts'

export interface Walk {
  readonly events: readonly RunEvent[]
  /** Every plan that was shown for consent. */
  readonly asked: readonly ConsentRequest[]
  verdict(check: string): StoredVerdict
  /** Check ids with their last status: `ssh/root-login pass`. */
  readonly statuses: readonly string[]
  readonly outcomes: readonly string[]
}

export interface WalkOptions {
  readonly params?: Readonly<Record<string, unknown>>
  readonly policy?: Partial<Policy>
  /** Default: yes to everything. */
  readonly consent?: (request: ConsentRequest) => Promise<Consent> | Consent
  /** What the person answers who is asked to do something elsewhere; default: it was not done. */
  readonly manual?: () => Promise<'done' | 'not-done'>
  readonly mode?: 'run' | 'check'
  readonly user?: string
  /** What the server is for; default: staging. */
  readonly environment?: Target['environment']
}

export function connectToLab(server: LabServer, user = server.sshUser): Promise<Machine> {
  return connectTo(
    {
      host: server.ipv4,
      port: server.sshPort,
      user,
      identity: server.identityFile,
      knownHostsFiles: [server.knownHostsFile],
      sshConfigFile: '/dev/null',
    },
    refusingPrompter,
  )
}

export async function walk(
  server: LabServer,
  checks: readonly AnyCheck[],
  {
    params = {},
    policy = {},
    consent,
    manual,
    mode = 'run',
    user,
    environment = 'staging',
  }: WalkOptions = {},
): Promise<Walk> {
  const id = newRunId()
  const redactor = createRedactor()
  const events: RunEvent[] = []
  const asked: ConsentRequest[] = []
  const steps = [{ id: 'all', title: 'All', checks }]
  const runbook = { id: 'walk', title: 'Walk', purpose: 'Tests.', group: 'Tests', minutes: 1, steps }
  const target = { name: server.name, environment, host: server.ipv4, stack: {} } as const
  const state = await runRunbook(
    id,
    { runbook, target, params, policy: { ...defaultPolicy, ...policy }, mode },
    {
      connect: () => connectToLab(server, user),
      operator: {
        async consent(request) {
          asked.push(request)
          return (await consent?.(request)) ?? { answer: 'yes', by: 'test' }
        },
        choose: async ({ remedies }) => remedies[0]?.id ?? null,
        manual: async () => (await manual?.()) ?? 'not-done',
        lockHeld: async () => 'take-over',
      },
      journal: createJournal(join(mkdtempSync(join(tmpdir(), 'kneeboard-walk-')), `${id}.jsonl`)),
      evidence: result => toEvidence(result, redactor),
      clean: text => harmless(text, redactor),
      listen: event => {
        events.push(event)
        if (process.env.KNEEBOARD_LAB_TRACE) console.error(JSON.stringify(event).slice(0, 400))
      },
      signal: new AbortController().signal,
      tool: 'kneeboard test',
      operatorName: 'test@lab',
    },
  )
  const verdict = (check: string): StoredVerdict => {
    const found = state.checks[check]?.verdict
    if (!found) throw new Error(`${check} has no verdict`)
    return found
  }
  return {
    events,
    asked,
    verdict,
    statuses: checks.map(({ id: check }) => `${check} ${verdict(check).status}`),
    outcomes: state.remedies.map(({ remedy, outcome }) => `${remedy} ${outcome ?? 'open'}`),
  }
}
