/** Carries out a plan that was consented to: exactly its actions, in order, each recorded before and after. */

import type { PreparedAction } from '../model/action.ts'
import type { RunAs } from '../model/command.ts'
import type { ShownPlan } from '../model/event.ts'
import { sh, verbatim } from '../model/script.ts'
import { type ActionFailure, type Done, doneBy, type Mark } from './attempt.ts'
import { armGuard, settleGuard } from './guard.ts'
import { performLasting } from './lasting.ts'
import { digestOf } from './prepare.ts'
import { performReboot } from './reboot.ts'
import type { Session } from './session.ts'
import { writeFileScript } from './write-file.ts'

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
    if (!settled.kept) return end(session, mark, 'reverted', settled.reason)
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
    if (session.ports.signal.aborted)
      return { summary: `stopped by the operator before “${action.title}”`, unknown: false }
    const job = action.type === 'run' && action.lasting ? jobId(session, mark, index) : undefined
    session.emit({ type: 'action-started', ...mark, index, title: action.title, ...(job ? { job } : {}) })
    const done = await performOne(session, action, mark, index, job)
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
  mark: Mark,
  index: number,
  job: string | undefined,
): Promise<Done> {
  const onOutput = (text: string) =>
    session.emit({ type: 'action-output', ...mark, index, text: session.ports.clean(text) })
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

async function performRun(
  session: Session,
  action: Extract<PreparedAction, { type: 'run' }>,
  onOutput: (text: string) => void,
): Promise<Done> {
  const result = await session.machine.run(verbatim(action.script), {
    as: action.as as RunAs,
    timeoutSeconds: action.timeoutSeconds,
    onOutput,
    ...stopping(session),
  })
  return doneBy(result)
}

async function performWrite(
  session: Session,
  action: Extract<PreparedAction, { type: 'write-file' }>,
): Promise<Done> {
  const script = writeFileScript(action, `/var/backups/kneeboard/${session.id}`)
  const result = await session.machine.run(script, { as: 'root', timeoutSeconds: 60, input: action.content })
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
  const result = await session.machine.run(script, {
    as: action.as as RunAs,
    timeoutSeconds: action.timeoutSeconds,
    ...stopping(session),
  })
  if (result.ending === 'timed-out')
    return { ok: false, summary: `it did not come true within ${action.timeoutSeconds} s`, record: [result] }
  return doneBy(result)
}

const stopping = ({ ports }: Session) => (ports.stopNow ? { signal: ports.stopNow } : {})
