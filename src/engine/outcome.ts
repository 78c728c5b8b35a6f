/** What a run's verdicts amount to: its status, its counts, and which failures explain which. Pure. */

import type { RunStatus, StoredVerdict } from '../model/event.ts'
import { EXIT, type ExitCode } from '../model/failure.ts'
import type { CheckState, RunState } from './state.ts'

export type Counts = Record<StoredVerdict['status'] | 'waiting', number>

/** How many checks stand at each verdict; `waiting` are those without one. */
export function countVerdicts(state: RunState): Counts {
  const counts: Counts = {
    pass: 0,
    warn: 0,
    fail: 0,
    unknown: 0,
    skipped: 0,
    'not-applicable': 0,
    waiting: 0,
  }
  for (const check of Object.values(state.checks)) counts[check.verdict?.status ?? 'waiting'] += 1
  return counts
}

/**
 * Failures first; then what is unproven (unknown, skipped, never reached), because a check that was not made
 * proves nothing; then warnings.
 */
export function statusOf(state: RunState): RunStatus {
  const counts = countVerdicts(state)
  if (counts.fail > 0) return 'failed'
  if (counts.unknown + counts.skipped + counts.waiting > 0) return 'unproven'
  return counts.warn > 0 ? 'warnings' : 'passed'
}

/** The exit code for a finished run (DESIGN §6). */
export function exitCodeFor(status: RunStatus): ExitCode {
  return { passed: EXIT.passed, warnings: EXIT.warnings, failed: EXIT.failures, unproven: EXIT.unproven }[
    status
  ]
}

/** One line for the end of a run: `31 passed, 2 failed, 1 unproven`. */
export function summarise(state: RunState): string {
  const counts = countVerdicts(state)
  const unproven = counts.unknown + counts.skipped + counts.waiting
  const parts = [
    `${counts.pass} passed`,
    counts.fail > 0 ? `${counts.fail} failed` : '',
    counts.warn > 0 ? `${counts.warn} ${counts.warn === 1 ? 'warning' : 'warnings'}` : '',
    unproven > 0 ? `${unproven} unproven` : '',
    counts['not-applicable'] > 0 ? `${counts['not-applicable']} not applicable` : '',
  ]
  return parts.filter(part => part !== '').join(', ')
}

export interface Cause {
  readonly cause: string
  /** Checks that fail, or could not be made, because of it. */
  readonly explains: readonly string[]
  readonly summary: string
  /** The first remedy on offer, by id. */
  readonly remedy?: string
}

/**
 * Causes, the most upstream first: every failing, unproven or warning check that no other one explains, with
 * what it blocks or explains folded under it. A check that is unknown is never folded away.
 */
export function diagnose(state: RunState): Cause[] {
  const order = state.steps.flatMap(step => step.checks)
  const wrong = order
    .map(id => state.checks[id])
    .filter((check): check is CheckState => check !== undefined && isWrong(check))
  const explainedBy = new Map<string, string>()
  const rootOf = (id: string): string => {
    const next = explainedBy.get(id)
    return next === undefined ? id : rootOf(next)
  }
  for (const check of wrong) {
    const source = explanationOf(check, wrong)
    // Two that explain each other would both vanish: the first in the runbook's order stays the cause.
    if (source !== undefined && rootOf(source) !== check.id) explainedBy.set(check.id, source)
  }
  return wrong
    .filter(check => !explainedBy.has(check.id) && check.verdict?.status !== 'skipped')
    .map(check => {
      const explains = wrong
        .filter(other => other.id !== check.id && rootOf(other.id) === check.id)
        .map(other => other.id)
      const remedy = check.verdict?.remedies[0]?.id
      return {
        cause: check.id,
        explains,
        summary: check.verdict?.summary ?? '',
        ...(remedy ? { remedy } : {}),
      }
    })
    .sort((a, b) => weight(state, b.cause) - weight(state, a.cause) || b.explains.length - a.explains.length)
}

const isWrong = (check: CheckState): boolean =>
  ['fail', 'warn', 'unknown', 'skipped'].includes(check.verdict?.status ?? '')

const weight = (state: RunState, id: string): number =>
  ({ fail: 2, unknown: 1 })[state.checks[id]?.verdict?.status as string] ?? 0

function explanationOf(check: CheckState, wrong: readonly CheckState[]): string | undefined {
  if (check.verdict?.blockedBy) return check.verdict.blockedBy
  const status = check.verdict?.status
  if (status !== 'fail' && status !== 'warn') return undefined
  // A failure explains warnings too; a warning explains no failure, as what still works breaks nothing.
  return wrong.find(
    other =>
      other.id !== check.id &&
      (other.verdict?.status === 'fail' || (other.verdict?.status === 'warn' && status === 'warn')) &&
      other.explains.includes(check.id),
  )?.id
}
