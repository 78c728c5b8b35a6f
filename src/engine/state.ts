/** The state of a run: the fold of its events. What the screen, the printer, the reports and resume all read. */

import type { Reach, RunEvent, RunStatus, RunTarget, StoredVerdict } from '../model/event.ts'
import type { Evidence } from '../model/evidence.ts'
import { type RemedyState, reduceRemedies } from './remedy-state.ts'

export { type ActionState, type GuardState, LIVE_OUTPUT, type RemedyState } from './remedy-state.ts'

export interface CheckState {
  readonly id: string
  readonly title: string
  readonly why: string
  readonly step: string
  readonly after: readonly string[]
  readonly explains: readonly string[]
  readonly progress: 'waiting' | 'running' | 'finished'
  readonly verdict?: StoredVerdict
  /** The first verdict of the run, to tell "was wrong, is mended" from "was right all along". */
  readonly firstStatus?: StoredVerdict['status']
  readonly evidence: readonly Evidence[]
  readonly durationMs: number
  /** How often it has been probed in this run. */
  readonly rounds: number
}

export interface StepState {
  readonly id: string
  readonly title: string
  readonly why?: string
  readonly checks: readonly string[]
}

export interface RunState {
  readonly run: string
  readonly runbook: string
  readonly title: string
  readonly mode: 'run' | 'check'
  readonly target: RunTarget
  readonly reach?: Reach
  readonly operator: string
  readonly params: Readonly<Record<string, unknown>>
  readonly startedAt: string
  readonly finishedAt?: string
  readonly status?: RunStatus
  readonly summary?: string
  readonly connection: {
    readonly state: 'connecting' | 'connected' | 'lost'
    readonly where?: string
    readonly hostKey?: string
    readonly authenticatedBy?: string
    readonly reason?: string
  }
  readonly steps: readonly StepState[]
  readonly checks: Readonly<Record<string, CheckState>>
  /** In the order in which they were shown, one for each attempt. */
  readonly remedies: readonly RemedyState[]
  readonly locked: boolean
  /** True while the operator holds everything: nothing new starts. */
  readonly frozen: boolean
  readonly notes: readonly { readonly at: string; readonly text: string; readonly check?: string }[]
  readonly interrupted?: string
}

/** The next state. Pure; the first event of a run must be `run-started`. @throws Error on any other first event. */
export function reduce(state: RunState | undefined, event: RunEvent): RunState {
  if (event.type === 'run-started') return begin(event)
  if (state === undefined) throw new Error(`a run cannot begin with ${event.type}`)
  switch (event.type) {
    case 'run-resumed':
      return resumed(state)
    case 'connected':
      return {
        ...state,
        connection: {
          state: 'connected',
          where: event.where,
          hostKey: event.hostKey,
          authenticatedBy: event.authenticatedBy,
        },
      }
    case 'connection-lost':
      return { ...state, connection: { ...state.connection, state: 'lost', reason: event.reason } }
    case 'connection-restored':
      return { ...state, connection: { ...state.connection, state: 'connected' } }
    case 'check-started':
      return withCheck(state, event.check, check => ({ ...check, progress: 'running' }))
    case 'check-finished':
      return withCheck(state, event.check, check => ({
        ...check,
        progress: 'finished',
        verdict: event.verdict,
        firstStatus: check.firstStatus ?? event.verdict.status,
        evidence: event.evidence,
        durationMs: event.durationMs,
        rounds: check.rounds + 1,
      }))
    case 'check-skipped':
      return withCheck(state, event.check, check => ({
        ...check,
        progress: 'finished',
        verdict: { status: 'skipped', summary: event.reason, remedies: [] },
      }))
    case 'lock-taken':
      return { ...state, locked: true }
    case 'lock-released':
      return { ...state, locked: false }
    case 'note':
      return {
        ...state,
        notes: [
          ...state.notes,
          { at: event.at, text: event.text, ...(event.check ? { check: event.check } : {}) },
        ],
      }
    case 'run-frozen':
      return { ...state, frozen: true }
    case 'run-released':
      return { ...state, frozen: false }
    case 'run-interrupted':
      return { ...state, interrupted: event.reason, finishedAt: event.at }
    case 'run-finished':
      return { ...state, status: event.status, summary: event.summary, finishedAt: event.at }
    default:
      return { ...state, remedies: reduceRemedies(state.remedies, event) }
  }
}

/** The state after a whole list of events; undefined for an empty one. */
export function replay(events: Iterable<RunEvent>): RunState | undefined {
  let state: RunState | undefined
  for (const event of events) state = reduce(state, event)
  return state
}

function begin(event: Extract<RunEvent, { type: 'run-started' }>): RunState {
  const checks: Record<string, CheckState> = {}
  for (const step of event.steps) {
    for (const check of step.checks) {
      checks[check.id] = {
        ...check,
        step: step.id,
        progress: 'waiting',
        evidence: [],
        durationMs: 0,
        rounds: 0,
      }
    }
  }
  return {
    run: event.run,
    runbook: event.runbook,
    title: event.title,
    mode: event.mode,
    target: event.target,
    ...(event.reach ? { reach: event.reach } : {}),
    operator: event.operator,
    params: event.params,
    startedAt: event.at,
    connection: { state: 'connecting' },
    steps: event.steps.map(({ id, title, why, checks: list }) => ({
      id,
      title,
      ...(why ? { why } : {}),
      checks: list.map(check => check.id),
    })),
    checks,
    remedies: [],
    locked: false,
    frozen: false,
    notes: [],
  }
}

/** Whatever ended or froze the run before is over; what was found and done stays. */
function resumed(state: RunState): RunState {
  const {
    finishedAt: _finished,
    status: _status,
    summary: _summary,
    interrupted: _interrupted,
    ...rest
  } = state
  const checks = Object.values(state.checks).map(
    check =>
      [check.id, check.progress === 'running' ? { ...check, progress: 'waiting' as const } : check] as const,
  )
  return {
    ...rest,
    checks: Object.fromEntries(checks),
    connection: { state: 'connecting' },
    locked: false,
    frozen: false,
  }
}

function withCheck(state: RunState, id: string, change: (check: CheckState) => CheckState): RunState {
  const check = state.checks[id]
  return check === undefined ? state : { ...state, checks: { ...state.checks, [id]: change(check) } }
}
