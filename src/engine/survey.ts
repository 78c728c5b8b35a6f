/** Probes many checks at once: each as soon as those it stands after have an answer, and not at all when one failed. */

import type { AnyCheck } from '../model/check.ts'
import type { CommandResult } from '../model/command.ts'
import { probe, storeVerdict } from './probe.ts'
import { answers, reconnect } from './reconnect.ts'
import type { Session } from './session.ts'

/** Seconds to wait for a connection that died while checks were read. */
const RECONNECT_SECONDS = 60

/** Reads every check given. @throws Failure when the connection is lost for good. */
export async function survey(session: Session, checks: readonly AnyCheck[]): Promise<void> {
  const { lost, notRun } = await surveyOnce(session, checks)
  if (lost.length + notRun.length === 0 || session.ports.signal.aborted) return
  // What could not even begin is no fault of the connection when the server answers: root may be refused to us.
  if (await answers(session)) return lost.length === 0 ? undefined : void (await surveyOnce(session, lost))
  await reconnect(session, RECONNECT_SECONDS)
  await surveyOnce(session, [...lost, ...notRun])
}

interface Unread {
  /** Their commands were cut off with the connection. */
  readonly lost: AnyCheck[]
  /** Some command of theirs never began. */
  readonly notRun: AnyCheck[]
}

async function surveyOnce(session: Session, checks: readonly AnyCheck[]): Promise<Unread> {
  const begun = new Map<string, Promise<void>>()
  const unread: Unread = { lost: [], notRun: [] }
  const begin = (check: AnyCheck): Promise<void> => {
    const known = begun.get(check.id)
    if (known) return known
    // Set before awaiting: a circle of `after` would otherwise never end.
    const answer = Promise.resolve().then(async () => {
      const before = (check.after ?? [])
        .map(id => checks.find(other => other.id === id))
        .filter(other => other !== undefined)
      await Promise.all(before.map(begin))
      const record = await readOne(session, check)
      if (record.some(result => result.ending === 'lost')) unread.lost.push(check)
      else if (record.some(result => result.ending === 'not-run')) unread.notRun.push(check)
    })
    begun.set(check.id, answer)
    return answer
  }
  await Promise.all(mostAwaitedFirst(checks).map(begin))
  return unread
}

/**
 * Those that most others stand after begin first, whatever step they are of: what they ask of the server is then not
 * behind what nobody waits for. Of a circle of `after`, nothing is counted twice.
 */
export function mostAwaitedFirst(checks: readonly AnyCheck[]): AnyCheck[] {
  const byId = new Map(checks.map(check => [check.id, check]))
  const waiting = new Map<string, number>()
  for (const check of checks) {
    const before = new Set<string>()
    const collect = (of: AnyCheck): void => {
      for (const id of of.after ?? []) {
        const found = byId.get(id)
        if (found === undefined || before.has(id)) continue
        before.add(id)
        collect(found)
      }
    }
    collect(check)
    for (const id of before) waiting.set(id, (waiting.get(id) ?? 0) + 1)
  }
  return checks.toSorted((one, other) => (waiting.get(other.id) ?? 0) - (waiting.get(one.id) ?? 0))
}

/** @returns what it ran. */
async function readOne(session: Session, check: AnyCheck): Promise<readonly CommandResult[]> {
  const { emit, ports, request } = session
  await session.desk.ready()
  if (ports.signal.aborted || session.desk.isSkipped(check.id)) return []
  const round = session.generation
  const blocker = (check.after ?? []).find(id => blocks(session.state().checks[id]?.verdict?.status))
  session.verdictGeneration.set(check.id, round)
  if (blocker !== undefined) {
    const verdict = {
      status: 'skipped' as const,
      summary: whyBlocked(session, blocker),
      remedies: [],
      blockedBy: blocker,
    }
    emit({ type: 'check-finished', check: check.id, round, verdict, evidence: [], durationMs: 0 })
    return []
  }
  emit({ type: 'check-started', check: check.id, round })
  const { verdict, record, durationMs } = await probe(
    check,
    session.round,
    request.params,
    request.policy,
    ports.signal,
    check.remembers ? request.remembered?.().get(check.id) : undefined,
  )
  if (ports.signal.aborted && verdict.status === 'unknown') return []
  // Left out by the operator while it ran: that stands.
  if (session.desk.isSkipped(check.id)) return []
  emit({
    type: 'check-finished',
    check: check.id,
    round,
    verdict: storeVerdict(verdict, ports.clean),
    evidence: record.map(ports.evidence),
    durationMs: Math.round(durationMs),
  })
  return record
}

function whyBlocked(session: Session, blocker: string): string {
  const { title = blocker } = session.state().checks[blocker] ?? {}
  return session.desk.isSkipped(blocker)
    ? `cannot be told, because “${title}” was skipped`
    : `cannot be told while “${title}” does not hold`
}

/** A failure and an unknown answer both make what stands after them meaningless; so does being blocked oneself. */
function blocks(status: string | undefined): boolean {
  return status === 'fail' || status === 'unknown' || status === 'skipped'
}
