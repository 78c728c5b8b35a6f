/** Where the operator is, and every way on from there. */

import { useRef, useState } from 'react'
import { EXIT, type ExitCode } from '../model/failure.ts'
import type { Exercise } from '../practice/training/exercise.ts'
import { endNow } from './ending.ts'
import { draftOf } from './fields.ts'
import { wordsOf } from './loaded.ts'
import {
  atDebrief,
  atExercise,
  backHome,
  exerciseOf,
  firstStack,
  openAsKnown,
  openRunbook,
  type Place,
  pop,
  push,
  replaceTop,
  requestOf,
  type Stack,
  topOf,
} from './navigation.ts'
import type {
  DueItem,
  Initial,
  RunbookSummary,
  RunSummary,
  Services,
  StartRequest,
  TargetDraft,
  TargetSummary,
} from './services.ts'
import { createRunStore, type RunStore } from './store.ts'

export interface JourneySetting {
  readonly services: Services
  readonly initial: Initial | undefined
  /** Told every run that begins, for the words after leaving. */
  readonly onRun: (store: RunStore) => void
  readonly onExit: (code: ExitCode) => void
}

export type Journey = ReturnType<typeof useJourney>

export function useJourney({ services, initial, onRun, onExit }: JourneySetting) {
  const [stack, setStack] = useState<Stack>(() => firstStack(initial, services.runbooks()))
  const [problem, setProblem] = useState<string>()
  const lastCode = useRef<ExitCode>(EXIT.passed)
  const place = topOf(stack)

  const go = (next: Stack) => {
    setProblem(undefined)
    setStack(next)
  }
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  const enter = (store: RunStore) => {
    onRun(store)
    void store.start().then(outcome => {
      lastCode.current = outcome.exitCode
    })
    const live: Place = { screen: 'run', store }
    go(place.screen === 'run' ? replaceTop(stack, live) : push(stack, live))
  }
  const leave = (code: ExitCode = lastCode.current) => onExit(code)

  return {
    place,
    stack,
    problem,
    /** The exercise that all of this belongs to, if any. */
    exercise: exerciseOf(stack),
    go,
    open: (next: Place) => go(push(stack, next)),
    /** Leads on from a place that is to be as it is now when one comes back. */
    openFrom: (here: Place, next: Place) => go(push(replaceTop(stack, here), next)),
    back: () => go(pop(stack)),
    leave,
    begin: (request: StartRequest) => enter(createRunStore(ports => services.start(request, ports), request)),
    resume: (run: string, targets: readonly TargetSummary[]) =>
      attempt(async () => {
        const before = await services.openRun(run)
        const request = requestOf(before, targets)
        enter(createRunStore(ports => services.resume(run, ports), request, { before }))
      }),
    openPast: ({ run, journalPath }: RunSummary) =>
      attempt(async () => {
        const state = await services.openRun(run)
        go(push(stack, { screen: 'past', state, ...(journalPath === undefined ? {} : { journalPath }) }))
      }),
    /** The earlier of the two goes first. */
    compare: (one: RunSummary, other: RunSummary) =>
      attempt(async () => {
        const [first, second] = one.startedAt < other.startedAt ? [one, other] : [other, one]
        const [before, after] = await Promise.all([services.openRun(first.run), services.openRun(second.run)])
        go(push(stack, { screen: 'compare', before, after }))
      }),
    /** Opens the runbook that is due. */
    walk({ subject, target }: DueItem, targets: readonly TargetSummary[]) {
      const runbook = services.runbooks().find(({ id }) => id === subject)
      const stored = targets.find(one => one.target.name === target.name)?.target
      if (runbook !== undefined && stored !== undefined) go(openRunbook(stack, stored, runbook, {}))
    },
    addTarget: (texts: Record<string, string>) =>
      attempt(async () => {
        await services.addTarget(draftOf(texts))
        go(backHome(stack, texts.name))
      }),
    addTargets: (drafts: readonly TargetDraft[]) =>
      attempt(async () => {
        for (const draft of drafts) await services.addTarget(draft)
        go(backHome(stack, drafts[0]?.name))
      }),
    removeTarget: (name: string, then: () => void) =>
      attempt(async () => {
        await services.removeTarget(name)
        then()
      }),
    practise: () => go(push(stack, { screen: 'scenarios' })),
    /** Starts a scenario's server and its clock, and opens the runbook that it trains. */
    beginExercise: (scenario: string) =>
      attempt(async () => {
        const exercise = await services.training?.begin(scenario)
        if (exercise !== undefined) go(withRunbook(atExercise(exercise), exercise, services.runbooks()))
      }),
    /** The plan of the runbook that the exercise trains. */
    openTrained: (exercise: Exercise) => go(withRunbook(stack, exercise, services.runbooks())),
    giveUp(exercise: Exercise) {
      exercise.giveUp()
      go(pop(stack))
    },
    /** Stops the clock, and tells how it went; a run that is being looked at comes to its end first. */
    debrief: (exercise: Exercise) =>
      attempt(async () => {
        if (place.screen === 'run') await place.store.end()
        go(atDebrief(exercise))
      }),
    /** Once: asks a run to stop, or leaves when none is under way. Twice: ends the run and leaves. */
    interrupt() {
      const store = place.screen === 'run' ? place.store : undefined
      const snapshot = store?.getSnapshot()
      if (store === undefined || snapshot === undefined || snapshot.outcome !== undefined) return leave()
      if (snapshot.stopping === 'no') return store.stop()
      void endNow(store).then(() => onExit(EXIT.interrupted))
    },
  }
}

function withRunbook(stack: Stack, exercise: Exercise, runbooks: readonly RunbookSummary[]): Stack {
  const runbook = runbooks.find(({ id }) => id === exercise.task.runbook)
  return runbook === undefined ? stack : openAsKnown(stack, exercise.target, runbook)
}
