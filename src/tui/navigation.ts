/** Where the operator is: a stack of places, so that Esc always leads back the way one came. */

import type { RunState } from '../engine/state.ts'
import type { Target } from '../model/target.ts'
import type { Exercise } from '../practice/training/exercise.ts'
import { parametersAsKnown } from './fields.ts'
import type { Initial, RunbookSummary, StartRequest, TargetSummary } from './services.ts'
import type { RunStore } from './store.ts'

type Params = Readonly<Record<string, unknown>>

export type Place =
  | { readonly screen: 'home'; readonly selected?: string; readonly forRunbook?: RunbookSummary }
  | { readonly screen: 'add' }
  | { readonly screen: 'import' }
  | { readonly screen: 'try'; readonly target: Target }
  | { readonly screen: 'runbooks'; readonly target: Target }
  | {
      readonly screen: 'parameters'
      readonly target: Target
      readonly runbook: RunbookSummary
      readonly given: Params
    }
  | {
      readonly screen: 'plan'
      readonly target: Target
      readonly runbook: RunbookSummary
      readonly params: Params
    }
  | { readonly screen: 'run'; readonly store: RunStore }
  | { readonly screen: 'scenarios'; readonly selected?: string }
  | { readonly screen: 'exercise'; readonly exercise: Exercise }
  | { readonly screen: 'debrief'; readonly exercise: Exercise }
  | { readonly screen: 'history' }
  | { readonly screen: 'compare'; readonly before: RunState; readonly after: RunState }
  | { readonly screen: 'past'; readonly state: RunState; readonly journalPath?: string }

export type Stack = readonly [Place, ...Place[]]

export const home: Place = { screen: 'home' }

/** The place on top: the one that is drawn. */
export function topOf(stack: Stack): Place {
  return stack.at(-1) ?? stack[0]
}

export function push(stack: Stack, place: Place): Stack {
  return [...stack, place]
}

/** Back to the place before; the first place stays. */
export function pop(stack: Stack): Stack {
  const [first, ...rest] = stack
  return [first, ...rest.slice(0, -1)]
}

/** Another place instead of the one on top. */
export function replaceTop(stack: Stack, place: Place): Stack {
  const [first, ...rest] = stack
  return rest.length === 0 ? [place] : [first, ...rest.slice(0, -1), place]
}

/** From a place above home back to it, standing on a server; a runbook that waits for its server goes on waiting. */
export function backHome(stack: Stack, selected: string | undefined): Stack {
  const below = pop(stack)
  const place = topOf(below)
  if (place.screen !== 'home' || selected === undefined) return below
  return replaceTop(below, { ...place, selected })
}

/** Opens a runbook for a server: its parameters first when it has any, else its plan. */
export function openRunbook(stack: Stack, target: Target, runbook: RunbookSummary, given: Params): Stack {
  return runbook.parameters.length === 0
    ? push(stack, { screen: 'plan', target, runbook, params: {} })
    : push(stack, { screen: 'parameters', target, runbook, given })
}

/** From the plan back to the parameters, with the values as they are. */
export function backToParameters(stack: Stack): Stack {
  const top = topOf(stack)
  if (top.screen !== 'plan') return stack
  const place: Place = { screen: 'parameters', target: top.target, runbook: top.runbook, given: top.params }
  const below = pop(stack)
  return topOf(below).screen === 'parameters' ? replaceTop(below, place) : replaceTop(stack, place)
}

/** The exercise that is under way: what is done on any place above its own belongs to it. */
export function exerciseOf(stack: Stack): Exercise | undefined {
  const place = stack.findLast(({ screen }) => screen === 'exercise' || screen === 'debrief')
  return place?.screen === 'exercise' ? place.exercise : undefined
}

/** Back down to the exercise's own place. */
export function backToExercise(stack: Stack): Stack {
  const at = stack.findLastIndex(({ screen }) => screen === 'exercise')
  const [first, ...rest] = stack
  return at < 0 ? [first] : [first, ...rest.slice(0, at)]
}

/** The scenarios with one that begins now. */
export function atExercise(exercise: Exercise): Stack {
  return [home, { screen: 'scenarios', selected: exercise.task.name }, { screen: 'exercise', exercise }]
}

/** Its debrief; the way back from there leads to the scenarios. */
export function atDebrief(exercise: Exercise): Stack {
  return [home, { screen: 'scenarios', selected: exercise.task.name }, { screen: 'debrief', exercise }]
}

/** A runbook's plan where all its values are known, else its parameters. */
export function openAsKnown(stack: Stack, target: Target, runbook: RunbookSummary): Stack {
  const params = parametersAsKnown(runbook.parameters, { given: {}, target })
  return params === undefined
    ? openRunbook(stack, target, runbook, {})
    : push(stack, { screen: 'plan', target, runbook, params })
}

/** Where Kneeboard opens: straight at a runbook's plan when everything for it is known. */
export function firstStack(initial: Initial | undefined, runbooks: readonly RunbookSummary[]): Stack {
  if (initial?.practice !== undefined) {
    const { exercise } = initial.practice
    return exercise === undefined ? [home, { screen: 'scenarios' }] : atExercise(exercise)
  }
  const runbook = runbooks.find(({ id }) => id === initial?.runbook)
  const target = initial?.target
  if (target === undefined) return runbook === undefined ? [home] : [{ screen: 'home', forRunbook: runbook }]
  const start: Stack = [{ screen: 'home', selected: target.name }]
  if (runbook === undefined) return push(start, { screen: 'runbooks', target })
  const given = initial?.params ?? {}
  const params = parametersAsKnown(runbook.parameters, { given, target })
  if (params === undefined) return openRunbook(start, target, runbook, given)
  return push(start, { screen: 'plan', target, runbook, params })
}

/** What a stored run asked for, so that going on with it looks as it did, and running it again does the same. */
export function requestOf(state: RunState, targets: readonly TargetSummary[]): StartRequest {
  const { runbook, params, mode } = state
  const stored = targets.find(({ target }) => target.name === state.target.name)?.target
  const { stack = {}, user, port, identity, hostKey } = state.reach ?? {}
  const reached = {
    ...state.target,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(identity === undefined ? {} : { identity }),
    ...(hostKey === undefined ? {} : { hostKey }),
    stack,
  }
  return { runbook, params, mode, target: stored ?? reached }
}
