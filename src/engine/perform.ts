/** Carries out a plan that was consented to: exactly its actions, in order, each recorded before and after. */

import type { PreparedAction } from '../model/action.ts'
import type { CommandResult, RunAs, RunOptions } from '../model/command.ts'
import type { ShownPlan } from '../model/event.ts'
import { type Script, sh, verbatim } from '../model/script.ts'
import { type ActionFailure, type Done, doneBy, type Mark } from './attempt.ts'
import { armGuard, settleGuard } from './guard.ts'
import { forgetJob, performLasting } from './lasting.ts'
import { liveOutput } from './live-output.ts'
import { lockLost } from './locking.ts'
import { untilOutlived } from './outlived.ts'
import { digestOf } from './prepare.ts'
import { performReboot } from './reboot.ts'
import { answers, reconnect } from './reconnect.ts'
import { PATIENCE_SECONDS, type Session } from './session.ts'
import { WRITE_SECONDS, writeFileScript } from './write-file.ts'

/** Rejects only when the journal or the connection is gone for good; every other end is an event. */
export async function perform(session: Session, plan: ShownPlan, attempt: number): Promise<void> {
  const mark: Mark = { remedy: plan.remedy, check: plan.check, attempt }
  const { digest, ...shown } = plan
  if (digestOf(shown) !== digest)
    return end(session, mark, 'failed', 'the plan is not the one that was shown; nothing was done')
  const guard = plan.guard && (await armGuard(session, mark, plan.guard))
  if (guard !== undefined && !guard.armed)
    return end(session, mark, 'failed', `${guard.reason}; nothing was changed`)
  const failure = await performAll(session, plan, mark)
  if (failure?.left) return
  if (plan.guard !== undefined && guard !== undefined) {
    const settled = await settleGuard(session, mark, plan.guard, guard.id, failure)
    if (!settled.kept) return end(session, mark, settled.outcome, settled.reason)
  }
  if (failure !== undefined) end(session, mark, failure.unknown ? 'unknown' : 'failed', failure.summary)
}

function end(
  session: Session,
  mark: Mark,
  outcome: 'failed' | 'reverted' | 'unknown',
  summary: string,
): void {
  session.emit({ type: 'remedy-finished', ...mark, outcome, summary })
}

async function performAll(session: Session, plan: ShownPlan, mark: Mark): Promise<ActionFailure | undefined> {
  for (const [index, action] of plan.actions.entries()) {
    // With a revert counting down on the server, holding still would only let it fire.
    if (plan.guard === undefined) await session.desk.ready()
    if (session.ports.signal.aborted)
      return { summary: `stopped by the operator before “${action.title}”`, unknown: false }
    const lost = await lockLost(session)
    if (lost !== undefined) return { summary: `${lost}; stopped before “${action.title}”`, unknown: false }
    const job = action.type === 'run' && action.lasting ? jobId(session, mark, index) : undefined
    session.emit({ type: 'action-started', ...mark, index, title: action.title, ...(job ? { job } : {}) })
    const live = liveOutput(text => session.emit({ type: 'action-output', ...mark, index, text }))
    const done = await performOne(session, action, job, live.add)
    live.end()
    if (done.left) return { summary: done.summary, unknown: true, left: true }
    const evidence = done.record.map(session.ports.evidence)
    session.emit({
      type: 'action-finished',
      ...mark,
      index,
      ok: done.ok,
      summary: session.ports.clean(done.summary),
      evidence,
    })
    // Only now: a job that is gone while its result is not on disk would look as if it had never begun.
    if (job !== undefined) await forgetJob(session, action, job)
    if (!done.ok)
      return {
        summary: `“${action.title}”: ${done.summary}`,
        unknown: done.record.some(result => result.ending === 'lost'),
      }
  }
  return undefined
}

/** Made by us, from the run, the remedy and the attempt: a repeated start finds the job instead of doing it twice. */
function jobId(session: Session, mark: Mark, index: number): string {
  return `${session.id}-${mark.remedy}-${mark.check}-${mark.attempt}-${index}`
    .replaceAll('/', '.')
    .toLowerCase()
}

async function performOne(
  session: Session,
  action: PreparedAction,
  job: string | undefined,
  onOutput: (text: string) => void,
): Promise<Done> {
  switch (action.type) {
    case 'run':
      return job === undefined
        ? performRun(session, action, onOutput)
        : performLasting(session, action, job, onOutput)
    case 'write-file':
      return performWrite(session, action)
    case 'wait':
      return performWait(session, action)
    case 'reboot':
      return performReboot(session, action)
    case 'ask': {
      const answer = await session.ports.operator.manual({
        title: action.title,
        instructions: action.instructions,
      })
      return {
        ok: answer === 'done',
        summary: answer === 'done' ? 'confirmed by the operator' : 'left undone by the operator',
        record: [],
      }
    }
  }
}

/** A command that never began because the connection was gone may be sent again over a new one; no other may. */
async function act(session: Session, script: Script, options: RunOptions): Promise<CommandResult> {
  const result = await session.machine.run(script, options)
  if (result.ending !== 'not-run' || session.ports.signal.aborted || (await answers(session))) return result
  await reconnect(session, PATIENCE_SECONDS)
  // While nobody answered here, somebody may have taken over there.
  if ((await lockLost(session)) !== undefined) return result
  return session.machine.run(script, options)
}

async function performRun(
  session: Session,
  action: Extract<PreparedAction, { type: 'run' }>,
  onOutput: (text: string) => void,
): Promise<Done> {
  const result = await act(session, verbatim(action.script), {
    as: action.as as RunAs,
    timeoutSeconds: action.timeoutSeconds,
    onOutput,
    ...stopping(session),
  })
  if (result.ending === 'lost') await untilOutlived(session, action.timeoutSeconds, result.startedAt)
  return doneBy(result)
}

async function performWrite(
  session: Session,
  action: Extract<PreparedAction, { type: 'write-file' }>,
): Promise<Done> {
  const script = writeFileScript(action, `/var/backups/kneeboard/${session.id}`)
  const result = await act(session, script, {
    as: 'root',
    timeoutSeconds: WRITE_SECONDS,
    input: action.content,
  })
  if (result.ending === 'lost') await untilOutlived(session, WRITE_SECONDS, result.startedAt)
  return doneBy(result)
}

async function performWait(
  session: Session,
  action: Extract<PreparedAction, { type: 'wait' }>,
): Promise<Done> {
  // The whole loop runs on the server, so that a slow link does not turn every second into a round trip.
  const script = sh`
    tries=0
    until (
      ${verbatim(action.script)}
    ); do
      tries=$((tries + 1))
      sleep ${action.everySeconds}
    done`
  const result = await act(session, script, {
    as: action.as as RunAs,
    timeoutSeconds: action.timeoutSeconds,
    ...stopping(session),
  })
  if (result.ending === 'timed-out')
    return { ok: false, summary: `it did not come true within ${action.timeoutSeconds} s`, record: [result] }
  return doneBy(result)
}

const stopping = ({ ports }: Session) => (ports.stopNow ? { signal: ports.stopNow } : {})
