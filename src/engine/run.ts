/**
 * Walks a runbook: a survey of everything first, so that the operator sees the whole; then, step by step, the
 * remedies for what is wrong, each proven by its own check; and, when anything was changed, a last survey.
 */

import { ulid } from 'ulid'
import { Unreadable } from '../model/command.ts'
import type { PlannedStep } from '../model/event.ts'
import { EXIT, type ExitCode, Failure } from '../model/failure.ts'
import { releaseTargetLock, stopIfLockLost } from './locking.ts'
import { mendStep } from './mend.ts'
import { exitCodeFor, statusOf, summarise } from './outcome.ts'
import { settleUnfinished } from './resume.ts'
import { lookAgain, review } from './review.ts'
import { leaveSummary } from './server-summary.ts'
import { forget, openSession, type RunPorts, type RunRequest, type Session } from './session.ts'
import type { RunState } from './state.ts'
import { survey } from './survey.ts'

/** A new run's id: it sorts by time and names the journal. */
export const newRunId = (): string => ulid()

/**
 * Runs to the end and returns the last state.
 *
 * @throws Failure when the target cannot be reached, refuses, is locked, or the journal cannot be written. What
 *   had been done by then is in the journal.
 */
export async function runRunbook(id: string, request: RunRequest, ports: RunPorts): Promise<RunState> {
  const steps = chosenSteps(request)
  const session = openSession(id, request, ports)
  return toTheEnd(session, steps, () => begin(session, steps))
}

/**
 * Goes on with a run from its journal: what was left in the middle is settled by asking the server, never by
 * doing it again; then everything is looked at afresh and the walk goes on.
 *
 * @throws Failure as {@link runRunbook} does.
 */
export async function resumeRun(
  before: RunState,
  cut: boolean,
  request: RunRequest,
  ports: RunPorts,
): Promise<RunState> {
  const kept = new Set(before.steps.map(step => step.id))
  const steps = chosenSteps(request).filter(step => kept.has(step.id))
  const session = openSession(before.run, request, ports, before)
  const { tool, operatorName: operator } = ports
  return toTheEnd(session, steps, () => session.emit({ type: 'run-resumed', tool, operator, cut }))
}

async function toTheEnd(
  session: Session,
  steps: RunRequest['runbook']['steps'],
  announce: () => void,
): Promise<RunState> {
  try {
    announce()
    session.machine = await session.ports.connect()
    forget(session)
    const { connection } = session.machine
    session.emit({
      type: 'connected',
      where: `${connection.user}@${connection.host}`,
      hostKey: connection.hostKey,
      authenticatedBy: connection.authenticatedBy,
    })
    await settleUnfinished(session)
    await walk(session, steps)
    const isWhole = !session.ports.signal.aborted && (await review(session, steps))
    stopIfLockLost(session)
    await leaveSummary(session)
    await releaseTargetLock(session)
    return finish(session, isWhole)
  } catch (error) {
    await releaseTargetLock(session).catch(() => {})
    const failure = asFailure(error)
    interrupted(session, failure)
    throw failure
  } finally {
    session.desk.close()
    session.ports.journal.close()
    await session.machine.close().catch(() => {})
  }
}

/** The exit code for a run that reached its end, 130 for one that was stopped. */
export function exitCodeOf(state: RunState): ExitCode {
  return state.interrupted === undefined && state.status ? exitCodeFor(state.status) : EXIT.interrupted
}

async function walk(session: Session, steps: RunRequest['runbook']['steps']): Promise<void> {
  const checks = steps.flatMap(step => step.checks)
  await survey(session, checks)
  await lookAgain(session, checks)
  if (session.request.mode === 'check') return
  for (const step of steps) {
    if (session.ports.signal.aborted) return
    const goOn = await mendStep(session, step.checks, checks)
    await lookAgain(session, checks)
    if (!goOn) break
  }
  if (session.generation > 1 && changedSomething(session) && !session.ports.signal.aborted) {
    forget(session)
    await survey(session, checks)
  }
}

const changedSomething = (session: Session): boolean =>
  session.state().remedies.some(remedy => remedy.intended)

function begin(session: Session, steps: ReturnType<typeof chosenSteps>): void {
  const { request, ports, id } = session
  const planned = plannedSteps(steps)
  const { name, environment, host, user, port, identity, hostKey, stack } = request.target
  const params = cleanJson(request.params, ports.clean) as Record<string, never>
  session.emit({
    type: 'run-started',
    run: id,
    tool: ports.tool,
    operator: ports.operatorName,
    mode: request.mode,
    runbook: request.runbook.id,
    title: request.runbook.title,
    target: { name, environment, host },
    reach: {
      ...(user ? { user } : {}),
      ...(port ? { port } : {}),
      ...(identity ? { identity } : {}),
      ...(hostKey ? { hostKey } : {}),
      stack,
    },
    params,
    steps: planned,
  })
}

/** Values with every text in them cleaned. */
function cleanJson(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map(item => cleanJson(item, clean))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleanJson(item, clean)]))
}

/** @param isWhole false when the run was stopped before it came to its end. */
function finish(session: Session, isWhole: boolean): RunState {
  if (!isWhole) {
    session.emit({ type: 'run-interrupted', reason: 'stopped by the operator' })
    return session.state()
  }
  const state = session.state()
  session.emit({ type: 'run-finished', status: statusOf(state), summary: summarise(state) })
  return session.state()
}

/** A server that gives no answer to what has to be known is no mistake of ours: the run stops where it stands. */
function asFailure(error: unknown): unknown {
  if (!(error instanceof Unreadable)) return error
  return new Failure(
    EXIT.unproven,
    error.message,
    'What was done so far is in the journal: go on with `kneeboard runs resume`.',
  )
}

function interrupted(session: Session, error: unknown): void {
  const reason =
    error instanceof Failure
      ? error.message
      : `Kneeboard itself failed: ${error instanceof Error ? error.message : String(error)}`
  try {
    session.emit({ type: 'run-interrupted', reason: session.ports.clean(reason) })
  } catch {
    // The journal is what failed: the error on its way up says so.
  }
}

/** @throws Failure (64) for a step that the runbook does not have. */
function chosenSteps({ runbook, only, skip }: RunRequest): RunRequest['runbook']['steps'] {
  const ids = runbook.steps.map(step => step.id)
  const wrong = [...(only ?? []), ...(skip ?? [])].find(id => !ids.includes(id))
  if (wrong !== undefined)
    throw new Failure(
      EXIT.usage,
      `the runbook ${runbook.id} has no step “${wrong}”`,
      `Its steps are ${ids.join(', ')}.`,
    )
  return runbook.steps.filter(step => (!only || only.includes(step.id)) && !skip?.includes(step.id))
}

/** A runbook's steps as the plan shows them and the journal stores them. */
export function plannedSteps(steps: RunRequest['runbook']['steps']): PlannedStep[] {
  return steps.map(({ id, title, why, checks }) => ({
    id,
    title,
    ...(why === undefined ? {} : { why }),
    checks: checks.map(check => ({
      id: check.id,
      title: check.title,
      why: check.why,
      after: [...(check.after ?? [])],
      explains: [...(check.explains ?? [])],
      remedies: (check.remedies ?? []).map(({ id: remedy, title: name, grade }) => ({
        id: remedy,
        title: name,
        grade,
      })),
    })),
  }))
}
