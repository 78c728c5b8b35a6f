/**
 * When everything has been walked and something is left to do, an operator at a screen may look at it, look again,
 * or reconsider a remedy, over the connection that still stands. The lock is not held meanwhile.
 */

import type { AnyCheck } from '../model/check.ts'
import type { Runbook } from '../model/runbook.ts'
import { askedAgain } from './intents.ts'
import { releaseTargetLock } from './locking.ts'
import { mendStep } from './mend.ts'
import { statusOf } from './outcome.ts'
import { forget, type Session } from './session.ts'
import { survey } from './survey.ts'

/** @returns false when the operator stopped it in the middle of something. */
export async function review(session: Session, steps: Runbook['steps']): Promise<boolean> {
  const { operator, signal } = session.ports
  const checks = steps.flatMap(step => step.checks)
  if (operator.review === undefined || session.request.dryRun) return true
  while (statusOf(session.state()) !== 'passed' && !signal.aborted) {
    await releaseTargetLock(session)
    const next = await operator.review(session.state())
    if (next.do === 'finish') return true
    if (next.do === 'again') {
      forget(session)
      await survey(session, next.checks.length === 0 ? checks : chosen(checks, next.checks))
    } else if (session.request.mode === 'run') {
      await reconsider(session, chosen(checks, [next.check]), checks)
    }
    if (signal.aborted) return false
  }
  return true
}

/** What was declined before is offered again; what hung on it is looked at once it is mended. */
async function reconsider(
  session: Session,
  wanted: readonly AnyCheck[],
  checks: readonly AnyCheck[],
): Promise<void> {
  const before = session.state().remedies.filter(remedy => remedy.intended).length
  forget(session)
  await mendStep(session, wanted, checks)
  const after = session.state().remedies.filter(remedy => remedy.intended).length
  if (after === before || session.ports.signal.aborted) return
  const isWrong = ({ id }: AnyCheck) => session.state().checks[id]?.verdict?.status !== 'pass'
  forget(session)
  await survey(session, checks.filter(isWrong))
}

const chosen = (checks: readonly AnyCheck[], ids: readonly string[]): AnyCheck[] =>
  checks.filter(check => ids.includes(check.id))

/** Looks again at what the operator asked for, at a moment when nothing is being changed. */
export async function lookAgain(session: Session, checks: readonly AnyCheck[]): Promise<void> {
  const wanted = askedAgain(session.desk, checks)
  if (wanted.length === 0 || session.ports.signal.aborted) return
  forget(session)
  await survey(session, wanted)
}
