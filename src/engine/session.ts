/** What all parts of one run share: its state, its machine, and the one way to say that something happened. */

import type { Remembered } from '../model/check.ts'
import type { CommandResult } from '../model/command.ts'
import type { RunEvent } from '../model/event.ts'
import type { Evidence } from '../model/evidence.ts'
import type { Machine } from '../model/machine.ts'
import type { Policy } from '../model/policy.ts'
import type { Runbook } from '../model/runbook.ts'
import type { Target } from '../model/target.ts'
import { disclosed } from './disclosure.ts'
import { type Desk, type Intents, openDesk } from './intents.ts'
import type { Journal } from './journal.ts'
import type { TargetLock } from './locking.ts'
import type { Operator } from './operator.ts'
import { type Round, startRound } from './round.ts'
import type { ServerSummary } from './server-summary.ts'
import { type RunState, reduce } from './state.ts'

export interface RunRequest {
  readonly runbook: Runbook
  readonly target: Target
  /** Values for the runbook's parameters; what is left out takes its default. */
  readonly params: Readonly<Record<string, unknown>>
  readonly policy: Policy
  /** `check` reads only: no remedy is planned, nobody is asked. */
  readonly mode: 'run' | 'check'
  /** Ids of steps to walk; all when left out. */
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  /** Plans are made and shown, and nothing is asked or changed. */
  readonly dryRun?: boolean
  /** What checks that remember read in the last run that passed, by their ids. Asked for when the first of them looks. */
  readonly remembered?: () => ReadonlyMap<string, Remembered>
}

export interface RunPorts {
  /** Connects to the target. Called once, after the run has been recorded as begun. */
  connect(): Promise<Machine>
  readonly operator: Operator
  /** What the operator says unasked; left out where nobody is there. */
  readonly intents?: Intents
  readonly journal: Journal
  /** What a run that changed something leaves on the server; nothing when left out. */
  readonly serverSummary?: ServerSummary
  /** Sanitises and redacts one command for storing (see src/host/evidence.ts). */
  evidence(result: CommandResult): Evidence
  /** Sanitises and redacts a text. Every event passes through it. */
  clean(text: string): string
  /** From now on this value is a secret, wherever it appears. */
  learn?(name: string, value: string): void
  /** Told of every event after it has been recorded. */
  listen(event: RunEvent, state: RunState): void
  /** Aborted when the operator wants to stop: nothing new is begun, what runs is left in a known state. */
  readonly signal: AbortSignal
  /** Aborted when what runs now is to be ended, too; left out where the whole program ends instead. */
  readonly stopNow?: AbortSignal
  /** Name and version of this program. */
  readonly tool: string
  /** `name@machine` of the person at the keyboard. */
  readonly operatorName: string
}

type Unstamped<E> = E extends RunEvent ? Omit<E, 'at'> : never

export interface Session {
  readonly request: RunRequest
  readonly ports: RunPorts
  readonly id: string
  machine: Machine
  /** Replaced by {@link forget} when the server may have changed. */
  round: Round
  /** Counts the changes: a verdict from an earlier generation is out of date. */
  generation: number
  readonly verdictGeneration: Map<string, number>
  /** What the operator said unasked. */
  readonly desk: Desk
  /** The run is gone on with: what an earlier process left on the server is this run's too. */
  readonly isResumed: boolean
  /** The target's lock, while this run holds it. */
  lock: TargetLock | undefined
  state(): RunState
  emit(event: Unstamped<RunEvent>): void
}

/** @param before the state of a run that is gone on with. */
export function openSession(id: string, request: RunRequest, ports: RunPorts, before?: RunState): Session {
  let state = before
  const notYet = (): never => {
    throw new Error('the run has not connected yet')
  }
  const nowhere = {
    run: notYet,
    login: notYet,
    reconnect: notYet,
    close: async () => {},
  } as unknown as Machine
  const emit = (unstamped: Unstamped<RunEvent>): void => {
    const event = disclosed({ ...unstamped, at: new Date().toISOString() } as RunEvent, ports.clean)
    ports.journal.append(event)
    state = reduce(state, event)
    ports.listen(event, state)
  }
  const { intents, signal } = ports
  return {
    request,
    ports,
    id,
    desk: openDesk({ intents, signal, before, record: emit }),
    machine: nowhere,
    round: startRound(nowhere, request.target),
    generation: 0,
    verdictGeneration: new Map(),
    lock: undefined,
    isResumed: before !== undefined,
    state() {
      if (state === undefined) throw new Error('the run has not begun')
      return state
    },
    emit,
  }
}

/** Facts read so far may no longer be true: the next check reads afresh. */
export function forget(session: Session): void {
  session.generation += 1
  session.round = startRound(session.machine, session.request.target)
}

/** Seconds to wait for a server whose connection died while something was being done to it. */
export const PATIENCE_SECONDS = 120

/** For what survives a lost connection: it is waited for, and the journal says so. */
export function patience(session: Session): {
  reconnectSeconds: number
  onLost(reason: string): void
  onRestored(): void
} {
  return {
    reconnectSeconds: PATIENCE_SECONDS,
    onLost: reason => session.emit({ type: 'connection-lost', reason: session.ports.clean(reason) }),
    onRestored: () => session.emit({ type: 'connection-restored', rebooted: false }),
  }
}
