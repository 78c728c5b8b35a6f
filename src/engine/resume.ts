/**
 * Settles what a killed or cut-off run left in the middle. Nothing is done a second time: a job is asked for its
 * result, an armed revert is called off only when all actions were done, and for the rest the checks decide.
 */

import { pollJob } from '../host/job.ts'
import type { PreparedAction } from '../model/action.ts'
import type { RunAs } from '../model/command.ts'
import { checksOf } from '../model/runbook.ts'
import type { ActionFailure, Mark } from './attempt.ts'
import { disarmUnrecorded, settleGuard } from './guard.ts'
import { followJob, forgetJob } from './lasting.ts'
import { liveOutput } from './live-output.ts'
import { takeTargetLock } from './locking.ts'
import { conclude } from './mend.ts'
import { untilOutlived } from './outlived.ts'
import { forget, patience, type Session } from './session.ts'
import type { RemedyState } from './state.ts'
import { survey } from './survey.ts'
import { WRITE_SECONDS } from './write-file.ts'

/** For a run that begins there is nothing to settle. */
export async function settleUnfinished(session: Session): Promise<void> {
  const open = session.state().remedies.filter(remedy => remedy.outcome === undefined)
  for (const { intended, consent, remedy, check, attempt } of open) {
    if (intended || consent?.answer !== 'yes') continue
    const summary = 'the run was cut off before it began; nothing was changed'
    finish(session, { remedy, check, attempt }, 'failed', summary)
  }
  const unfinished = open.filter(remedy => remedy.intended)
  for (const remedy of unfinished) {
    await takeTargetLock(session, `going on with: ${remedy.plan?.title ?? remedy.remedy}`)
    await settle(session, remedy)
    forget(session)
    const check = checksOf(session.request.runbook).find(other => other.id === remedy.check)
    if (check === undefined) continue
    await survey(session, [check])
    conclude(session, check, remedy.remedy)
  }
}

async function settle(session: Session, remedy: RemedyState): Promise<void> {
  const { plan } = remedy
  const mark: Mark = { remedy: remedy.remedy, check: remedy.check, attempt: remedy.attempt }
  if (plan === undefined) return
  if (plan.guard !== undefined && remedy.guard === undefined) await disarmUnrecorded(session, mark)
  const failure = await settleActions(session, remedy, plan.actions, mark)
  if (failure?.left) return
  if (plan.guard !== undefined && remedy.guard?.state === 'armed') {
    const settled = await settleGuard(session, mark, plan.guard, remedy.guard.id, failure, true)
    if (!settled.kept) return finish(session, mark, settled.outcome, settled.reason)
  }
  if (failure !== undefined) finish(session, mark, failure.unknown ? 'unknown' : 'failed', failure.summary)
}

function finish(
  session: Session,
  mark: Mark,
  outcome: 'reverted' | 'unknown' | 'failed',
  summary: string,
): void {
  session.emit({ type: 'remedy-finished', ...mark, outcome, summary: session.ports.clean(summary) })
}

/** @returns undefined when every action of the plan was done. */
async function settleActions(
  session: Session,
  remedy: RemedyState,
  actions: readonly PreparedAction[],
  mark: Mark,
): Promise<ActionFailure | undefined> {
  for (const [index, action] of actions.entries()) {
    const known = remedy.actions[index]
    // Its result is on disk; what it left on the server may still be there.
    if (known?.job !== undefined && known.progress !== 'running') await forgetJob(session, action, known.job)
    if (known?.progress === 'done') continue
    if (known?.progress === 'failed')
      return { summary: `“${action.title}”: ${known.summary}`, unknown: false }
    if (known?.progress !== 'running')
      return { summary: `the run was cut off before “${action.title}”`, unknown: false }
    if (action.type !== 'run' || known.job === undefined) {
      const limit = action.type === 'run' ? action.timeoutSeconds : WRITE_SECONDS
      if (action.type === 'run' || action.type === 'write-file')
        await untilOutlived(session, limit, known.startedAt)
      const summary = `the run was cut off while “${action.title}” ran: it may or may not have been done`
      session.emit({ type: 'action-finished', ...mark, index, ok: false, summary, evidence: [] })
      return { summary, unknown: true }
    }
    const failure = await settleJob(session, action, known.job, mark, index)
    if (failure !== undefined) return failure
  }
  return undefined
}

/** A job tells exactly: it never started, it goes on (and is attached to), it ended, or it was lost with its machine. */
async function settleJob(
  session: Session,
  action: Extract<PreparedAction, { type: 'run' }>,
  job: string,
  mark: Mark,
  index: number,
): Promise<ActionFailure | undefined> {
  const { job: state } = await pollJob(
    session.machine,
    { id: job, as: action.as as RunAs },
    0,
    patience(session),
  )
  if (state.state === 'absent') {
    const summary = `the run was cut off before “${action.title}” had started`
    session.emit({ type: 'action-finished', ...mark, index, ok: false, summary, evidence: [] })
    return { summary, unknown: false }
  }
  const live = liveOutput(text => session.emit({ type: 'action-output', ...mark, index, text }))
  const done = await followJob(session, action, job, live.add)
  live.end()
  if (done.left) return { summary: done.summary, unknown: true, left: true }
  session.emit({
    type: 'action-finished',
    ...mark,
    index,
    ok: done.ok,
    summary: session.ports.clean(done.summary),
    evidence: done.record.map(session.ports.evidence),
  })
  await forgetJob(session, action, job)
  return done.ok
    ? undefined
    : {
        summary: `“${action.title}”: ${done.summary}`,
        unknown: done.record.some(result => result.ending === 'lost'),
      }
}
