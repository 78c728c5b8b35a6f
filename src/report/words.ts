/** The words of the reports, each for one thing: the same as on the screen. */

import { statusOf } from '../engine/outcome.ts'
import type { CheckState, RunState } from '../engine/state.ts'
import type { Figure } from '../model/figure.ts'

/** How a check ended, in a word. */
export function verdictWord(check: CheckState): string {
  const { verdict, firstStatus } = check
  if (verdict === undefined) return 'not reached'
  if (verdict.blockedBy !== undefined) return 'blocked'
  if (verdict.status === 'pass')
    return firstStatus === undefined || firstStatus === 'pass' ? 'passed' : 'mended'
  const words = {
    warn: 'warning',
    fail: 'failed',
    unknown: 'unproven',
    skipped: 'skipped',
    'not-applicable': 'not needed',
  } as const
  return words[verdict.status]
}

/** How a run ended, in a word. */
export function statusWord(state: RunState): string {
  if (state.interrupted !== undefined || state.finishedAt === undefined) return 'interrupted'
  return state.status ?? statusOf(state)
}

/** The numbers that the run measured, in the order of its checks. */
export function figuresOf(state: RunState): Figure[] {
  return state.steps.flatMap(step => step.checks.flatMap(id => state.checks[id]?.verdict?.figures ?? []))
}

/** Whether a figure keeps within what is allowed; empty where nothing is set. */
export function metWord({ value, target }: Figure): string {
  if (target === undefined) return ''
  return value <= target ? 'met' : 'missed'
}
