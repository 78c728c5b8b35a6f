/**
 * Kneeboard with the disturbed runbook, in a process of its own: it can be killed. What happens to it, and at which
 * event of the run, it is told by its one argument; what came of it, it says on standard output.
 */

import { basename } from 'node:path'
import { createJournal, type Journal, reopenJournal } from '../../../src/engine/journal.ts'
import { resumeRun, runRunbook } from '../../../src/engine/run.ts'
import type { RunPorts } from '../../../src/engine/session.ts'
import { type RunState, replay } from '../../../src/engine/state.ts'
import { connectTo } from '../../../src/host/connect.ts'
import { harmless, toEvidence } from '../../../src/host/evidence.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import { isTransient, type RunEvent } from '../../../src/model/event.ts'
import { Failure } from '../../../src/model/failure.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { type Link, startLink } from '../link.ts'
import { crashBook } from './book.ts'

/** What happens, and when. `before`: the event has taken place and is not on disk yet. */
export interface Disturbance {
  readonly how:
    | 'kill'
    /** Every connection is broken; new ones are accepted. */
    | 'reset'
    /** Broken, and refused for two seconds. */
    | 'refuse'
    /** Nothing passes for so long as `seconds` says, and nobody is told. */
    | 'silence'
  /** The event, counted from 1, or the first of this type. */
  readonly event: number | RunEvent['type']
  readonly when: 'before' | 'after'
  /** Milliseconds later: into the middle of what begins with the event. */
  readonly delayMs?: number
  readonly seconds?: number
}

export interface Order {
  readonly journal: string
  readonly resume: boolean
  readonly tag: string
  readonly host: string
  readonly port: number
  readonly identity: string
  readonly hostKey: string
  readonly disturbance?: Disturbance
}

export interface Account {
  readonly status?: string
  readonly failure?: string
  readonly events: number
  readonly types: readonly string[]
  readonly remedies: readonly {
    readonly remedy: string
    readonly attempt: number
    readonly outcome: string
    readonly consent: string
    readonly summary: string
  }[]
}

const order = JSON.parse(process.argv[2] ?? '') as Order
const { disturbance } = order
const link = disturbance === undefined || disturbance.how === 'kill' ? undefined : await startLink(order)
const types: string[] = []
let latest: RunState | undefined
let failure: string | undefined

try {
  latest = await run()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  failure = error.message
}
const account: Account = {
  ...(latest?.status === undefined ? {} : { status: latest.status }),
  ...(failure === undefined ? {} : { failure }),
  events: types.length,
  types,
  remedies: (latest?.remedies ?? []).map(({ remedy, attempt, outcome, summary, consent }) => ({
    remedy,
    attempt,
    outcome: outcome ?? 'open',
    consent: consent?.answer ?? 'none',
    summary: summary ?? '',
  })),
}
process.stdout.write(`${JSON.stringify(account)}\n`, () => process.exit(0))

function run(): Promise<RunState> {
  const runbook = crashBook(order.tag)
  const target = { name: 'lab', environment: 'staging', host: order.host, stack: {} } as const
  const request = { runbook, target, params: {}, policy: defaultPolicy, mode: 'run' } as const
  if (!order.resume) {
    const id = basename(order.journal, '.jsonl')
    return runRunbook(id, request, portsFor(createJournal(order.journal)))
  }
  const { journal, reading } = reopenJournal(order.journal)
  const before = replay(reading.events)
  if (before === undefined) throw new Failure(78, 'the journal holds no whole event')
  if (before.status !== undefined) {
    journal.close()
    return Promise.resolve(before)
  }
  return resumeRun(before, reading.state === 'torn', request, portsFor(journal))
}

function portsFor(journal: Journal): RunPorts {
  const redactor = createRedactor()
  const { host, port } = link ?? order
  return {
    connect: () =>
      connectTo(
        {
          host,
          port,
          user: 'root',
          identity: order.identity,
          hostKey: order.hostKey,
          knownHostsFiles: [],
          sshConfigFile: '/dev/null',
        },
        refusingPrompter,
      ),
    operator: {
      consent: async () => ({ answer: 'yes', by: 'test' }),
      choose: async ({ remedies }) => remedies[0]?.id ?? null,
      manual: async () => 'not-done',
      lockHeld: async () => 'stop',
    },
    journal: { ...journal, append: event => appended(journal, event) },
    evidence: result => toEvidence(result, redactor),
    clean: text => harmless(text, redactor),
    learn: redactor.learn,
    listen: (_, state) => {
      latest = state
    },
    signal: new AbortController().signal,
    tool: 'kneeboard test',
    operatorName: 'tester@lab',
  }
}

function appended(journal: Journal, event: RunEvent): void {
  if (isTransient(event)) return
  const first = !types.includes(event.type)
  types.push(event.type)
  const due =
    disturbance !== undefined &&
    (typeof disturbance.event === 'number'
      ? disturbance.event === types.length
      : first && disturbance.event === event.type)
  if (due && disturbance.when === 'before') disturb(disturbance, link)
  journal.append(event)
  if (due && disturbance.when === 'after') disturb(disturbance, link)
}

function disturb({ how, delayMs, seconds = 3 }: Disturbance, over: Link | undefined): void {
  const act = (): void => {
    if (how === 'kill') process.kill(process.pid, 'SIGKILL')
    if (how === 'reset' || how === 'refuse') over?.reset()
    if (how === 'refuse') {
      void over?.refuse()
      setTimeout(() => void over?.accept(), 2000)
    }
    if (how === 'silence') {
      over?.cut()
      setTimeout(() => over?.restore(), seconds * 1000)
    }
  }
  if (delayMs === undefined) act()
  else setTimeout(act, delayMs)
}
