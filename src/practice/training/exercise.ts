/** One attempt at a scenario, from the start of its clock to its debrief. */

import type { RunState } from '../../engine/state.ts'
import type { RunEvent } from '../../model/event.ts'
import type { Target } from '../../model/target.ts'
import type { Debrief } from './debrief.ts'
import { type Attempt, costOfHint, score } from './score.ts'
import { lookedAt, nothingSeen, watch } from './watch.ts'

/** What a scenario gives an operator to find out, and what it tells in the end. */
export interface Task {
  readonly name: string
  readonly title: string
  /** What was noticed. */
  readonly briefing: string
  /** The runbook that it trains. */
  readonly runbook: string
  /** The check that names the cause; absent where there is nothing to find. */
  readonly cause?: string
  readonly needed: readonly string[]
  /** Whether something in it is broken that could work again. */
  readonly isBroken: boolean
  readonly outOfReach?: string
  /** From gentle to telling. */
  readonly hints: readonly string[]
  readonly chain: readonly string[]
  readonly fastest: readonly string[]
  readonly reveals?: string
}

export interface ExerciseView {
  /** Milliseconds since the epoch: when the clock was started. */
  readonly startedAt: number
  /** The hints that were taken, in order. */
  readonly hints: readonly string[]
  /** What one more would cost; absent when there is none left. */
  readonly nextHintCosts?: number
  /** True once a run was begun: from then on there is something to debrief. */
  readonly isUnderWay: boolean
}

export interface Exercise {
  readonly task: Pick<Task, 'name' | 'title' | 'briefing' | 'runbook'>
  /** False where there is nothing to find. */
  readonly isScored: boolean
  /** How many hints there are altogether. */
  readonly hintsInAll: number
  readonly target: Target
  getSnapshot(): ExerciseView
  subscribe(listener: () => void): () => void
  /** Shows one more hint, at its cost. */
  takeHint(): void
  /** The operator reads the page of a check. */
  look(state: RunState, check: string): void
  /** Ends it without a debrief. */
  giveUp(): void
  /** Stops the clock, asks the server whether it works, and keeps the score. The same one every time. */
  finish(): Promise<Debrief>
}

export interface WatchedExercise extends Exercise {
  /** Told every event of a run on the practice server. */
  watch(event: RunEvent, state: RunState): void
}

export interface ExercisePorts {
  /** Milliseconds since the epoch. */
  now(): number
  /** Asks the server itself. */
  works(): Promise<boolean>
  /** Told when nothing more is asked of the server. */
  close(): void
  /** Keeps a score. @returns the best so far. */
  keep(points: number): { readonly points: number; readonly isNew: boolean }
}

export function createExercise(task: Task, target: Target, ports: ExercisePorts): WatchedExercise {
  const startedAt = ports.now()
  const elapsed = () => ports.now() - startedAt
  const listeners = new Set<() => void>()
  const { cause, hints } = task
  let seen = nothingSeen
  let debrief: Promise<Debrief> | undefined
  let isGivenUp = false
  const viewOf = (taken: number, isUnderWay: boolean): ExerciseView => ({
    startedAt,
    hints: hints.slice(0, taken),
    ...(taken < hints.length ? { nextHintCosts: costOfHint(taken) } : {}),
    isUnderWay,
  })
  let view = viewOf(0, false)
  const show = (next: ExerciseView) => {
    view = next
    for (const listener of listeners) listener()
  }
  const { name, title, briefing, runbook } = task
  return {
    task: { name, title, briefing, runbook },
    isScored: isScored(task),
    hintsInAll: hints.length,
    target,
    getSnapshot: () => view,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    takeHint() {
      if (debrief === undefined && view.hints.length < hints.length)
        show(viewOf(view.hints.length + 1, view.isUnderWay))
    },
    look(state, check) {
      if (debrief === undefined) seen = lookedAt(seen, state, check, { cause, elapsed: elapsed() })
    },
    watch(event, state) {
      if (debrief !== undefined || isGivenUp) return
      seen = watch(seen, event, state, { cause, elapsed: elapsed() })
      if (!view.isUnderWay) show({ ...view, isUnderWay: true })
    },
    giveUp() {
      if (debrief !== undefined || isGivenUp) return
      isGivenUp = true
      show({ ...view, isUnderWay: false })
      ports.close()
    },
    finish() {
      debrief ??= endOf(task, { ...seen, hints: view.hints.length }, elapsed(), ports).finally(ports.close)
      return debrief
    },
  }
}

const isScored = ({ cause }: Task): boolean => cause !== undefined

async function endOf(
  task: Task,
  attempt: Omit<Attempt, 'recovered'>,
  elapsed: number,
  ports: ExercisePorts,
): Promise<Debrief> {
  const { name, title, reveals, needed, outOfReach, chain, fastest } = task
  const reach = outOfReach === undefined ? {} : { outOfReach }
  const asked: Pick<Debrief, 'works' | 'problem'> = task.isBroken ? await ask(ports) : {}
  const recovered = asked.works === true
  const scored = isScored(task) ? score({ ...attempt, recovered }, { needed, ...reach }) : undefined
  return {
    scenario: name,
    title,
    ...(reveals === undefined ? {} : { reveals }),
    ...reach,
    ...asked,
    ...(scored === undefined ? {} : { score: scored, ...kept(() => ports.keep(scored.total)) }),
    isCauseFound: attempt.causeAfter !== undefined,
    elapsed,
    chain,
    fastest,
  }
}

/** A server that does not answer is not taken for one that works. */
async function ask({
  works,
}: ExercisePorts): Promise<{ readonly works: boolean; readonly problem?: string }> {
  try {
    return { works: await works() }
  } catch (error) {
    return { works: false, problem: `The practice server could not be asked: ${wordsOf(error)}.` }
  }
}

/** What cannot be written down is told, and takes nothing from the debrief. */
function kept(keep: () => Debrief['best']): Pick<Debrief, 'best' | 'problem'> {
  try {
    const best = keep()
    return best === undefined ? {} : { best }
  } catch (error) {
    return { problem: `The score could not be kept: ${wordsOf(error)}.` }
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
