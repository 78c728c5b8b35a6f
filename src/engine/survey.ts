/** Probes many checks at once: each as soon as those it stands after have an answer, and not at all when one failed. */

import type { AnyCheck } from '../model/check.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { probe, storeVerdict } from './probe.ts'
import { forget, type Session } from './session.ts'

/** Seconds to wait for a connection that died while checks were read. */
const RECONNECT_SECONDS = 60

/** Reads every check given. @throws Failure when the connection is lost for good. */
export async function survey(session: Session, checks: readonly AnyCheck[]): Promise<void> {
  const lost = await surveyOnce(session, checks)
  if (lost.length === 0 || session.ports.signal.aborted) return
  await reconnect(session, RECONNECT_SECONDS)
  await surveyOnce(session, lost)
}

/** Waits until the machine answers again. @throws Failure (69) when it does not. */
export async function reconnect(session: Session, seconds: number): Promise<void> {
  session.emit({ type: 'connection-lost', reason: 'the connection to the server was lost' })
  try {
    await session.machine.reconnect(seconds)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      EXIT.unreachable,
      `the server did not answer again within ${seconds} s`,
      'What was done so far is in the journal; run again when the server answers.',
    )
  }
  forget(session)
  session.emit({ type: 'connection-restored', rebooted: false })
}

/** @returns the checks whose commands lost the connection. */
async function surveyOnce(session: Session, checks: readonly AnyCheck[]): Promise<AnyCheck[]> {
  const answers = new Map<string, Promise<void>>()
  const lost: AnyCheck[] = []
  const begin = (check: AnyCheck): Promise<void> => {
    const known = answers.get(check.id)
    if (known) return known
    // Set before awaiting: a circle of `after` would otherwise never end.
    const answer = Promise.resolve().then(async () => {
      const before = (check.after ?? [])
        .map(id => checks.find(other => other.id === id))
        .filter(other => other !== undefined)
      await Promise.all(before.map(begin))
      if (await readOne(session, check)) lost.push(check)
    })
    answers.set(check.id, answer)
    return answer
  }
  await Promise.all(checks.map(begin))
  return lost
}

/** @returns true when the connection was lost under it. */
async function readOne(session: Session, check: AnyCheck): Promise<boolean> {
  const { emit, ports, request } = session
  if (ports.signal.aborted) return false
  const round = session.generation
  const blocker = (check.after ?? []).find(id => blocks(session.state().checks[id]?.verdict?.status))
  session.verdictGeneration.set(check.id, round)
  if (blocker !== undefined) {
    const title = session.state().checks[blocker]?.title ?? blocker
    const verdict = {
      status: 'skipped' as const,
      summary: `cannot be told while “${title}” does not hold`,
      remedies: [],
      blockedBy: blocker,
    }
    emit({ type: 'check-finished', check: check.id, round, verdict, evidence: [], durationMs: 0 })
    return false
  }
  emit({ type: 'check-started', check: check.id, round })
  const { verdict, record, durationMs } = await probe(
    check,
    session.round,
    request.params,
    request.policy,
    ports.signal,
  )
  if (ports.signal.aborted && verdict.status === 'unknown') return false
  emit({
    type: 'check-finished',
    check: check.id,
    round,
    verdict: storeVerdict(verdict, ports.clean),
    evidence: record.map(ports.evidence),
    durationMs: Math.round(durationMs),
  })
  return record.some(result => result.ending === 'lost')
}

/** A failure and an unknown answer both make what stands after them meaningless; so does being blocked oneself. */
function blocks(status: string | undefined): boolean {
  return status === 'fail' || status === 'unknown' || status === 'skipped'
}
