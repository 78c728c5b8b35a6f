/** One operator at a time: the target's lock is taken before the first change of a run and renewed until its end. */

import { releaseLock, renewLock, takeLock, takeOverLock } from '../host/lock.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { patience, type Session } from './session.ts'

/** Seconds without a sign of life after which the lock counts as left behind (a closed laptop, a crash). */
const LEASE_SECONDS = 120
const RENEW_EVERY_MS = 30_000

/** @returns false when the operator would rather stop. @throws Failure (75) when a headless run finds it held. */
export async function takeTargetLock(session: Session, what: string): Promise<boolean> {
  if (session.state().locked) return true
  const { operator, operatorName } = session.ports
  const request = { run: session.id, holder: operatorName, what, leaseSeconds: LEASE_SECONDS }
  let answer = await takeLock(session.machine, request, patience(session))
  let takenOverFrom: string | undefined
  while (answer.state === 'held') {
    const { by } = answer
    const words = { holder: by.holder, since: by.since, what: by.what, stale: by.stale !== false }
    if ((await operator.lockHeld(words)) === 'stop') {
      const stale = words.stale ? '; it has shown no sign of life for a while' : ''
      throw new Failure(
        EXIT.locked,
        `${by.holder} has been working on this server since ${by.since} (${by.what})${stale}`,
        'Ask them, or run at a terminal to take over knowingly. Nothing was changed.',
      )
    }
    takenOverFrom = by.holder
    answer = await takeOverLock(session.machine, request, by, { evenIfFresh: true })
  }
  session.emit({
    type: 'lock-taken',
    holder: operatorName,
    ...(takenOverFrom === undefined ? {} : { takenOverFrom }),
  })
  session.lockTimer = setInterval(() => {
    // A renewal that fails is met by the next action, which sees the same connection.
    renewLock(session.machine, request, { reconnectSeconds: 0 }).catch(() => {})
  }, RENEW_EVERY_MS)
  session.lockTimer.unref()
  return true
}

export async function releaseTargetLock(session: Session): Promise<void> {
  clearInterval(session.lockTimer)
  if (!session.state().locked) return releaseUnrecorded(session)
  await releaseLock(session.machine, session.id, { reconnectSeconds: 10 })
  session.emit({ type: 'lock-released' })
}

/** A run that was cut off may have left the lock taken: it bears this run's name, so nobody else's is touched. */
async function releaseUnrecorded(session: Session): Promise<void> {
  const mayBeOurs =
    session.isResumed && session.state().remedies.some(({ consent }) => consent?.answer === 'yes')
  if (mayBeOurs) await releaseLock(session.machine, session.id, { reconnectSeconds: 10 })
}
