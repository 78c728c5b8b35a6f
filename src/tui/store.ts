/**
 * One run as the screen sees it: the fold of its events, and the questions that wait for the operator. The
 * engine emits and asks; React subscribes. Nothing here draws, and nothing here knows a connection.
 */

import type { Intent } from '../engine/intents.ts'
import { type RunState, reduce } from '../engine/state.ts'
import type { RunEvent } from '../model/event.ts'
import { createQuestions, type Question } from './questions.ts'
import type { RunOutcome, RunPorts, StartRequest } from './services.ts'

export interface RunSnapshot {
  readonly request: StartRequest
  /** Absent until the run's first event. */
  readonly state?: RunState
  /** The question that is asked now; the others wait their turn. */
  readonly question?: Question
  readonly stopping: 'no' | 'after-step' | 'now'
  /** The operator has finished the review: the run is coming to its end. */
  readonly isEnding: boolean
  /** Present when the run is over. */
  readonly outcome?: RunOutcome
}

export interface RunStore {
  getSnapshot(): RunSnapshot
  subscribe(listener: () => void): () => void
  /** Begins the run. Called once. */
  start(): Promise<RunOutcome>
  /** Asks the run to end after its current step; open questions are answered with "stop". */
  stop(): void
  /** Asks the run to end at once. */
  stopNow(): void
  /** Says something unasked: a note, a skip, hold, look again. */
  say(intent: Intent): void
  /** Ends a review that is open, and settles when the run has ended. */
  end(): Promise<RunOutcome>
}

export interface Timers {
  now(): number
  set(callback: () => void, milliseconds: number): unknown
  clear(handle: unknown): void
}

const realTimers: Timers = {
  now: Date.now,
  set: (callback, milliseconds) => setTimeout(callback, milliseconds),
  clear: handle => clearTimeout(handle as NodeJS.Timeout),
}

/**
 * Milliseconds between two notifications while output streams in. Ink paints a key press at once only when its
 * frame budget is free, so data must come slower than frames (tui.md §2.2: 66 to 100 ms).
 */
export const COALESCE = 80

/**
 * A store for one run, which `launch` begins with the ports it is given.
 *
 * @param before the state of a run that is gone on with: its events go on from there.
 */
export function createRunStore(
  launch: (ports: RunPorts) => Promise<RunOutcome>,
  request: StartRequest,
  { timers = realTimers, before }: { timers?: Timers; before?: RunState } = {},
): RunStore {
  const listeners = new Set<() => void>()
  const intentListeners = new Set<(intent: Intent) => void>()
  let ended: (outcome: RunOutcome) => void = () => {}
  const whenEnded = new Promise<RunOutcome>(resolve => {
    ended = resolve
  })
  const soft = new AbortController()
  const hard = new AbortController()
  let snapshot: RunSnapshot = {
    request,
    stopping: 'no',
    isEnding: false,
    ...(before === undefined ? {} : { state: before }),
  }
  let pending: RunEvent[] = []
  let timer: unknown
  let flushedAt = Number.NEGATIVE_INFINITY

  const publish = (change: Partial<RunSnapshot>) => {
    snapshot = { ...snapshot, ...change }
    for (const listener of listeners) listener()
  }
  const flush = () => {
    if (timer !== undefined) timers.clear(timer)
    timer = undefined
    flushedAt = timers.now()
    const events = mergeOutput(pending)
    pending = []
    let state = snapshot.state
    for (const event of events) state = reduce(state, event)
    if (state !== undefined && state !== snapshot.state) publish({ state })
  }
  const operator = () => snapshot.state?.operator ?? 'operator'
  const questions = createQuestions(operator, question => {
    // What led to the question has to be on the screen before it.
    flush()
    const { question: _answered, ...rest } = snapshot
    snapshot = rest
    publish(question === undefined ? {} : { question })
  })
  const ports: RunPorts = {
    emit(event) {
      pending.push(event)
      if (timer !== undefined) return
      const wait = flushedAt + COALESCE - timers.now()
      if (wait <= 0 && event.type !== 'action-output') flush()
      else timer = timers.set(flush, Math.max(wait, 0))
    },
    operator: questions.operator,
    intents: {
      subscribe(listener) {
        intentListeners.add(listener)
        return () => intentListeners.delete(listener)
      },
    },
    prompter: questions.prompter,
    signal: soft.signal,
    stopNow: hard.signal,
  }

  return {
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async start() {
      const outcome = await launch(ports).catch(unforeseen)
      questions.close()
      flush()
      publish({ outcome })
      ended(outcome)
      return outcome
    },
    stop() {
      if (snapshot.stopping !== 'no' || snapshot.outcome) return
      publish({ stopping: 'after-step' })
      soft.abort()
      questions.close()
    },
    stopNow() {
      if (snapshot.stopping === 'now' || snapshot.outcome) return
      publish({ stopping: 'now' })
      soft.abort()
      hard.abort()
      questions.close()
    },
    say(intent) {
      for (const listener of intentListeners) listener(intent)
    },
    end() {
      const { question } = snapshot
      if (question?.kind === 'review') {
        publish({ isEnding: true })
        question.answer({ do: 'finish' })
      }
      return whenEnded
    },
  }
}

/** Neighbouring pieces of one action's output become one event, so that a flood costs one fold a frame. */
export function mergeOutput(events: readonly RunEvent[]): RunEvent[] {
  const merged: RunEvent[] = []
  let parts: string[] = []
  const close = () => {
    const last = merged.at(-1)
    if (parts.length > 1 && last?.type === 'action-output')
      merged[merged.length - 1] = { ...last, text: parts.join('') }
    parts = []
  }
  for (const event of events) {
    const last = merged.at(-1)
    const continues =
      event.type === 'action-output' &&
      last?.type === 'action-output' &&
      last.remedy === event.remedy &&
      last.check === event.check &&
      last.attempt === event.attempt &&
      last.index === event.index
    if (continues) {
      parts.push(event.text)
      continue
    }
    close()
    merged.push(event)
    if (event.type === 'action-output') parts = [event.text]
  }
  close()
  return merged
}

function unforeseen(error: unknown): RunOutcome {
  const words = error instanceof Error ? error.message : String(error)
  return {
    status: 'interrupted',
    exitCode: 3,
    failure: {
      message: `Kneeboard itself failed: ${words}`,
      next: 'Please report this; the journal holds what was done.',
    },
  }
}
