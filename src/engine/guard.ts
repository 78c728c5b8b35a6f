/**
 * The dead man's switch around a change that could lock the operator out: armed on the server before the first
 * action, called off only when a second, fresh login has worked after the last one.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { armRevert, callOffRevert, revertState } from '../host/revert.ts'
import type { ShownPlan } from '../model/event.ts'
import { verbatim } from '../model/script.ts'
import type { ActionFailure, Mark } from './attempt.ts'
import { patience, type Session } from './session.ts'

type ShownGuard = NonNullable<ShownPlan['guard']>

export type Armed =
  | { readonly armed: true; readonly id: string }
  | { readonly armed: false; readonly id: string; readonly reason: string }

/** How often a fresh login is tried before the change counts as a lock-out: a reload takes a moment. */
const LOGIN_TRIES = 3

export type Settled =
  | { readonly kept: true }
  | { readonly kept: false; readonly outcome: 'reverted' | 'unknown'; readonly reason: string }

/** Made by us, so that a revert whose arming was not recorded can be found again. */
function guardId(session: Session, { remedy, check, attempt }: Mark): string {
  return `${session.id}-${remedy}-${check}-${attempt}`.replaceAll('/', '.').toLowerCase()
}

/**
 * For a run that was cut off between arming and writing that down: nothing has been changed yet, and a revert left
 * behind would fire into what is done later.
 */
export async function disarmUnrecorded(session: Session, mark: Mark): Promise<void> {
  await callOffRevert(session.machine, guardId(session, mark), patience(session))
}

/** Proves first that a fresh login works at all: otherwise its failure afterwards would prove nothing. */
export async function armGuard(session: Session, mark: Mark, guard: ShownGuard): Promise<Armed> {
  const id = guardId(session, mark)
  const before = await freshLogin(session, guard, 1)
  if (!before.works)
    return {
      armed: false,
      id,
      reason: `a second login does not work even before the change (${before.reason})`,
    }
  const armed = await armRevert(
    session.machine,
    { id, revert: verbatim(guard.revert), afterSeconds: guard.afterSeconds },
    patience(session),
  )
  if (armed.state === 'not-armed')
    return { armed: false, id, reason: `the revert could not be armed: ${armed.reason}` }
  const firesAt = new Date(Date.now() + armed.secondsLeft * 1000).toISOString()
  session.emit({ type: 'guard-armed', ...mark, id, afterSeconds: guard.afterSeconds, firesAt })
  return { armed: true, id }
}

/**
 * Calls the revert off when the operator can still come in. When an action failed, the old state is put back at
 * once; when no fresh login works, or an action may still be running, the server does it by itself in its time, and
 * that is waited for.
 *
 * @param fromJournal the plan was read back: its text is a record, and nothing of it is run.
 */
export async function settleGuard(
  session: Session,
  mark: Mark,
  guard: ShownGuard,
  id: string,
  failure: ActionFailure | undefined,
  fromJournal = false,
): Promise<Settled> {
  if (failure !== undefined) {
    const wrong =
      failure.unknown || fromJournal ? await untilFired(session, id) : await putBackNow(session, guard, id)
    return reverted(session, mark, id, failure.summary, 'the old state was put back', wrong)
  }
  const login = await freshLogin(session, guard, LOGIN_TRIES)
  if (!login.works) {
    const why = `a fresh login no longer worked: ${login.reason}`
    return reverted(
      session,
      mark,
      id,
      why,
      'the server put the old state back by itself',
      await untilFired(session, id),
    )
  }
  const ended = await callOffRevert(session.machine, id, patience(session))
  if (ended.state === 'called-off') {
    session.emit({ type: 'guard-called-off', ...mark, id, proof: `a fresh login works (${login.reason})` })
    return { kept: true }
  }
  const why = 'the time was up before a fresh login had proven itself'
  return reverted(
    session,
    mark,
    id,
    why,
    'the server put the old state back by itself',
    await untilFired(session, id),
  )
}

/** @param wrong what speaks against it: then it is not said that the old state is back. */
function reverted(
  session: Session,
  mark: Mark,
  id: string,
  why: string,
  done: string,
  wrong: string | undefined,
): Settled {
  if (wrong !== undefined)
    return {
      kept: false,
      outcome: 'unknown',
      reason: `${why}; whether the old state is back cannot be told: ${wrong}`,
    }
  const reason = `${why}; ${done}`
  session.emit({ type: 'guard-fired', ...mark, id, reason })
  return { kept: false, outcome: 'reverted', reason }
}

/** The connection still stands, so there is no need to wait for the timer; should this fail, the timer is still there. */
async function putBackNow(session: Session, guard: ShownGuard, id: string): Promise<string | undefined> {
  const result = await session.machine.run(verbatim(guard.revert), { as: 'root', timeoutSeconds: 60 })
  if (result.exitCode !== 0) return untilFired(session, id)
  await callOffRevert(session.machine, id, patience(session))
  return undefined
}

async function freshLogin(
  session: Session,
  { provenBy }: ShownGuard,
  tries: number,
): Promise<{ works: boolean; reason: string }> {
  let reason = ''
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    if (attempt > 1) await sleep(1500)
    const outcome = await session.machine.login({
      with: 'credentials',
      ...(provenBy === undefined ? {} : { user: provenBy }),
    })
    reason = outcome.reason
    if (outcome.outcome === 'accepted') return { works: true, reason }
  }
  return { works: false, reason }
}

/**
 * The connection at hand usually outlives a lock-out; where it does not, it is built up again after the revert.
 *
 * @returns what speaks against the old state being back; undefined when it is.
 */
async function untilFired(session: Session, id: string): Promise<string | undefined> {
  for (;;) {
    const state = await revertState(session.machine, id, patience(session))
    if (state.state === 'armed') await sleep(Math.min(5, Math.max(1, state.secondsLeft)) * 1000)
    else if (state.state === 'fired' && state.running) await sleep(1000)
    else if (state.state === 'fired')
      return state.exitCode === 0 ? undefined : `the revert ended with status ${state.exitCode ?? 'unknown'}`
    else return state.state === 'unwatched' ? state.reason : `the revert was ${state.state}`
  }
}
