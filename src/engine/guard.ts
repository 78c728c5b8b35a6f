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

/** Proves first that a fresh login works at all: otherwise its failure afterwards would prove nothing. */
export async function armGuard(session: Session, mark: Mark, guard: ShownGuard): Promise<Armed> {
  const id = `${session.id}-${mark.remedy}-${mark.attempt}`.replaceAll('/', '.').toLowerCase()
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
 * once; when no fresh login works, the server does it by itself in its time, and that is waited for.
 */
export async function settleGuard(
  session: Session,
  mark: Mark,
  guard: ShownGuard,
  id: string,
  failure: ActionFailure | undefined,
): Promise<{ kept: true } | { kept: false; reason: string }> {
  if (failure !== undefined) {
    await putBackNow(session, guard, id)
    return reverted(session, mark, id, `${failure.summary}; the old state was put back`)
  }
  const login = await freshLogin(session, guard, LOGIN_TRIES)
  if (!login.works) {
    await untilFired(session, id)
    return reverted(
      session,
      mark,
      id,
      `the server put the old state back by itself, because a fresh login no longer worked: ${login.reason}`,
    )
  }
  const ended = await callOffRevert(session.machine, id, patience(session))
  if (ended.state === 'called-off') {
    session.emit({ type: 'guard-called-off', ...mark, id, proof: `a fresh login works (${login.reason})` })
    return { kept: true }
  }
  return reverted(
    session,
    mark,
    id,
    'the server put the old state back before the fresh login had proven itself',
  )
}

function reverted(session: Session, mark: Mark, id: string, words: string): { kept: false; reason: string } {
  const reason = session.ports.clean(words)
  session.emit({ type: 'guard-fired', ...mark, id, reason })
  return { kept: false, reason }
}

/** The connection still stands, so there is no need to wait for the timer; should this fail, the timer is still there. */
async function putBackNow(session: Session, guard: ShownGuard, id: string): Promise<void> {
  const result = await session.machine.run(verbatim(guard.revert), { as: 'root', timeoutSeconds: 60 })
  if (result.exitCode === 0) await callOffRevert(session.machine, id, patience(session))
  else await untilFired(session, id)
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

/** The connection at hand usually outlives a lock-out; where it does not, it is built up again after the revert. */
async function untilFired(session: Session, id: string): Promise<void> {
  for (;;) {
    const state = await revertState(session.machine, id, patience(session))
    if (state.state === 'armed') await sleep(Math.min(5, Math.max(1, state.secondsLeft)) * 1000)
    else if (state.state === 'fired' && state.running) await sleep(1000)
    else return
  }
}
