/** The part of a run's state that is about its remedies: what was shown, agreed to and done. */

import type { RemedyOutcome, RunEvent, ShownPlan } from '../model/event.ts'
import type { Evidence } from '../model/evidence.ts'

export interface ActionState {
  readonly title: string
  readonly progress: 'waiting' | 'running' | 'done' | 'failed'
  readonly summary: string
  /** The last of its live output, at most {@link LIVE_OUTPUT} characters. */
  readonly output: string
  readonly evidence: readonly Evidence[]
  readonly startedAt?: string
  readonly job?: string
}

export interface GuardState {
  readonly id: string
  readonly state: 'armed' | 'called-off' | 'fired'
  readonly afterSeconds: number
  /** ISO 8601: when the server puts the old state back unless it is called off. */
  readonly firesAt: string
  readonly words?: string
}

export interface RemedyState {
  readonly remedy: string
  readonly check: string
  readonly attempt: number
  /** Absent when no plan could be made; then `summary` says why. */
  readonly plan?: ShownPlan
  readonly consent?: { readonly answer: 'yes' | 'no' | 'stop'; readonly by: string; readonly reason?: string }
  /** True from the moment that its intent was on disk: it may have changed something. */
  readonly intended: boolean
  readonly actions: readonly ActionState[]
  readonly guard?: GuardState
  readonly outcome?: RemedyOutcome
  readonly summary?: string
}

/** Characters of live output kept for each action on the screen. */
export const LIVE_OUTPUT = 64_000

type RemedyEvent = Extract<RunEvent, { remedy: string }>

/** The remedies after an event that is about one of them. Pure. */
export function reduceRemedies(remedies: readonly RemedyState[], event: RemedyEvent): readonly RemedyState[] {
  if (event.type === 'remedy-shown') {
    const actions = event.plan.actions.map(
      ({ title }): ActionState => ({ title, progress: 'waiting', summary: '', output: '', evidence: [] }),
    )
    return [
      ...remedies,
      {
        remedy: event.remedy,
        check: event.check,
        attempt: event.attempt,
        plan: event.plan,
        intended: false,
        actions,
      },
    ]
  }
  if (event.type === 'remedy-not-planned') {
    const { remedy, check, attempt, reason } = event
    return [...remedies, { remedy, check, attempt, intended: false, actions: [], summary: reason }]
  }
  return remedies.map(remedy => {
    const same =
      remedy.remedy === event.remedy && remedy.check === event.check && remedy.attempt === event.attempt
    return same ? reduceRemedy(remedy, event) : remedy
  })
}

function reduceRemedy(remedy: RemedyState, event: RemedyEvent): RemedyState {
  switch (event.type) {
    case 'consent':
      return {
        ...remedy,
        consent: { answer: event.answer, by: event.by, ...(event.reason ? { reason: event.reason } : {}) },
      }
    case 'remedy-intent':
      return { ...remedy, intended: true }
    case 'guard-armed':
      return {
        ...remedy,
        guard: { id: event.id, state: 'armed', afterSeconds: event.afterSeconds, firesAt: event.firesAt },
      }
    case 'guard-called-off':
      return remedy.guard
        ? { ...remedy, guard: { ...remedy.guard, state: 'called-off', words: event.proof } }
        : remedy
    case 'guard-fired':
      return remedy.guard
        ? { ...remedy, guard: { ...remedy.guard, state: 'fired', words: event.reason } }
        : remedy
    case 'action-started':
      return withAction(remedy, event.index, action => ({
        ...action,
        progress: 'running',
        startedAt: event.at,
        ...(event.job ? { job: event.job } : {}),
      }))
    case 'action-output':
      return withAction(remedy, event.index, action => ({
        ...action,
        output: (action.output + event.text).slice(-LIVE_OUTPUT),
      }))
    case 'action-finished':
      return withAction(remedy, event.index, action => ({
        ...action,
        progress: event.ok ? 'done' : 'failed',
        summary: event.summary,
        evidence: event.evidence,
      }))
    case 'remedy-finished':
      return { ...remedy, outcome: event.outcome, summary: event.summary }
    default:
      return remedy
  }
}

function withAction(
  remedy: RemedyState,
  index: number,
  change: (action: ActionState) => ActionState,
): RemedyState {
  return { ...remedy, actions: remedy.actions.map((action, at) => (at === index ? change(action) : action)) }
}
