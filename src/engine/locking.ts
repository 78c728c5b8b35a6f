/** One operator at a time: the target's lock is taken before the first change of a run and renewed until its end. */

import {
  type HeldLock,
  type LockRequest,
  releaseLock,
  renewLock,
  takeLock,
  takeOverLock,
} from '../host/lock.ts'
import { Unreadable } from '../model/command.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { LockHeld } from './operator.ts'
import { patience, type Session } from './session.ts'

/** Seconds without a sign of life after which the lock counts as left behind (a closed laptop, a crash). */
const LEASE_SECONDS = 120
const RENEW_EVERY_MS = 30_000

/** A take-over fails where the holder has just been heard of, or a job of theirs runs: the operator decides so often. */
const TAKE_OVER_QUESTIONS = 3

/** The lock on the target while this run holds it. */
export interface TargetLock {
  /** What the lock says there. */
  request: LockRequest
  /** Renews it while nothing else does. */
  readonly timer: NodeJS.Timeout
  /** Set once it is not this run's any more: who has it, as a sentence. From then on nothing is changed. */
  lost: string | undefined
}

/**
 * Takes the lock, or renews it when this run has it already.
 *
 * @param what is about to be done, for whoever looks at the lock.
 * @throws Failure (75) when somebody else has it, and also when they took it from this run.
 */
export async function takeTargetLock(session: Session, what: string): Promise<void> {
  const request = { run: session.id, holder: session.ports.operatorName, what, leaseSeconds: LEASE_SECONDS }
  if (session.lock !== undefined) {
    session.lock.request = request
    await lockLost(session)
    return stopIfLockLost(session)
  }
  const answer = await takeLock(session.machine, request, patience(session))
  const takenOverFrom = answer.state === 'held' ? await takeOver(session, request, answer.by) : undefined
  session.emit({
    type: 'lock-taken',
    holder: request.holder,
    ...(takenOverFrom === undefined ? {} : { takenOverFrom }),
  })
  const timer = setInterval(() => {
    // A renewal that fails is met by the next action, which sees the same connection.
    renew(session, { reconnectSeconds: 0 }).catch(() => {})
  }, RENEW_EVERY_MS)
  timer.unref()
  session.lock = { request, timer, lost: undefined }
}

/** @returns whose lock it was. @throws Failure (75) when it stays theirs. */
async function takeOver(session: Session, request: LockRequest, held: HeldLock): Promise<string> {
  let by = held
  for (let asked = 0; asked < TAKE_OVER_QUESTIONS; asked += 1) {
    if ((await session.ports.operator.lockHeld(inWords(session, by))) === 'stop') break
    const options = { ...patience(session), evenIfFresh: true }
    const answer = await takeOverLock(session.machine, request, by, options)
    if (answer.state === 'taken') return by.holder
    by = answer.by
  }
  throw heldBy(inWords(session, by))
}

/** What a lock says comes from the server: it is cleaned before it reaches a screen or a message. */
function inWords({ ports }: Session, by: HeldLock): LockHeld {
  return {
    holder: ports.clean(by.holder),
    since: by.since,
    what: ports.clean(by.what),
    stale: by.stale !== false,
    runningJobs: by.runningJobs.map(ports.clean),
  }
}

function heldBy({ holder, since, what, stale, runningJobs = [] }: LockHeld): Failure {
  const message = `${holder} has been working on this server since ${since} (${what})`
  if (runningJobs.length > 0)
    return new Failure(
      EXIT.locked,
      `${message}, and a job still runs there: ${runningJobs.join(', ')}`,
      'It can be taken over once the job has ended. Nothing was changed.',
    )
  return new Failure(
    EXIT.locked,
    `${message}${stale ? '; it has shown no sign of life for a while' : ''}`,
    'Ask them, or run at a terminal to take over knowingly. Nothing was changed.',
  )
}

/**
 * Asks the server whether the lock is still this run's; to be called before anything is changed.
 *
 * @returns who has it now, as a sentence; undefined while it is this run's, or where no answer could be had.
 */
export async function lockLost(session: Session): Promise<string | undefined> {
  if (session.lock === undefined || session.lock.lost !== undefined) return session.lock?.lost
  await renew(session, patience(session)).catch(error => {
    // Where it cannot be written (a full disk), nobody else can have written it either.
    if (!(error instanceof Unreadable)) throw error
  })
  return session.lock?.lost
}

async function renew(session: Session, wait: Parameters<typeof renewLock>[2]): Promise<void> {
  const { lock } = session
  if (lock === undefined) return
  const answer = await renewLock(session.machine, lock.request, wait)
  if (answer.state === 'renewed') return
  clearInterval(lock.timer)
  const by = answer.by === null ? undefined : inWords(session, answer.by)
  lock.lost = by
    ? `${by.holder} took this server over at ${by.since} (${by.what})`
    : 'the lock of this run was removed from the server by somebody'
}

/** @throws Failure (75), with one sentence, once somebody has taken the lock over. */
export function stopIfLockLost({ lock }: Session): void {
  if (lock?.lost === undefined) return
  throw new Failure(
    EXIT.locked,
    `${lock.lost}: this run has stopped, and changes nothing more`,
    'Ask them. What was done so far is in the journal: go on with `kneeboard runs resume`.',
  )
}

export async function releaseTargetLock(session: Session): Promise<void> {
  const { lock } = session
  clearInterval(lock?.timer)
  session.lock = undefined
  if (!session.state().locked) return releaseUnrecorded(session)
  // What is somebody else's is neither given back nor said to have been.
  if (lock?.lost !== undefined) return
  await releaseLock(session.machine, session.id, { reconnectSeconds: 10 })
  session.emit({ type: 'lock-released' })
}

/** A run that was cut off may have left the lock taken: it bears this run's name, so nobody else's is touched. */
async function releaseUnrecorded(session: Session): Promise<void> {
  const mayBeOurs =
    session.isResumed && session.state().remedies.some(({ consent }) => consent?.answer === 'yes')
  if (mayBeOurs) await releaseLock(session.machine, session.id, { reconnectSeconds: 10 })
}
