/** From a failed check to a proven remedy: offer, plan, show, ask, do, check again. */

import type { AnyCheck } from '../model/check.ts'
import { type CommandResult, Unreadable } from '../model/command.ts'
import type { RemedyOffer, ShownPlan, StoredVerdict } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import { stopIfLockLost, takeTargetLock } from './locking.ts'
import { perform } from './perform.ts'
import { learnSecrets } from './plan-secrets.ts'
import { preparePlan } from './prepare.ts'
import { reasonOf } from './probe.ts'
import { answers, reconnect } from './reconnect.ts'
import { forget, PATIENCE_SECONDS, type Session } from './session.ts'
import { survey } from './survey.ts'

/** Different remedies that one check may need one after the other, before the operator has to look at it. */
const REMEDIES_A_CHECK = 4

/**
 * Walks the checks of a step that do not pass. @returns false when the operator wants the run to stop.
 */
export async function mendStep(
  session: Session,
  step: readonly AnyCheck[],
  all: readonly AnyCheck[],
): Promise<boolean> {
  for (const check of step) {
    await session.desk.ready()
    if (session.ports.signal.aborted) return true
    stopIfLockLost(session)
    if (session.desk.isSkipped(check.id)) continue
    await refresh(session, check, all)
    if (!(await mendCheck(session, check, step, all))) return false
  }
  return true
}

/** A verdict from before the last change is out of date: what an earlier remedy mended is not offered again. */
async function refresh(session: Session, check: AnyCheck, all: readonly AnyCheck[]): Promise<void> {
  if (session.verdictGeneration.get(check.id) === session.generation) return
  if (session.state().checks[check.id]?.verdict?.status === 'pass') return
  const before = all.filter(
    other =>
      check.after?.includes(other.id) && session.verdictGeneration.get(other.id) !== session.generation,
  )
  await survey(session, [...before, check])
}

async function mendCheck(
  session: Session,
  check: AnyCheck,
  step: readonly AnyCheck[],
  all: readonly AnyCheck[],
): Promise<boolean> {
  const tried = new Set<string>()
  while (tried.size < REMEDIES_A_CHECK && !session.ports.signal.aborted) {
    const verdict = session.state().checks[check.id]?.verdict
    const offers = verdict?.remedies.filter(offer => !tried.has(offer.id)) ?? []
    if (verdict === undefined || offers.length === 0) return true
    const chosen = await chooseOffer(session, check, verdict, offers)
    if (chosen === undefined) return true
    tried.add(chosen.id)
    const answer = await offer(session, check, verdict, chosen)
    if (answer === 'stop') return false
    if (answer === 'no') return true
    await survey(session, [
      ...step.filter(other => other.id !== check.id && needsAnotherLook(session, other)),
      ...upstream(check, all),
      check,
    ])
    conclude(session, check, chosen.id)
  }
  return true
}

const needsAnotherLook = (session: Session, check: AnyCheck): boolean =>
  session.state().checks[check.id]?.verdict?.status !== 'pass'

const upstream = (check: AnyCheck, all: readonly AnyCheck[]): AnyCheck[] =>
  all.filter(other => check.after?.includes(other.id))

async function chooseOffer(
  session: Session,
  check: AnyCheck,
  verdict: StoredVerdict,
  remedies: readonly RemedyOffer[],
): Promise<RemedyOffer | undefined> {
  if (remedies.length === 1 || session.request.dryRun) return remedies[0]
  const id = await session.ports.operator.choose({ check: check.id, title: check.title, verdict, remedies })
  return remedies.find(remedy => remedy.id === id)
}

/** @returns `done` when the remedy's actions were begun, whatever came of them. */
async function offer(
  session: Session,
  check: AnyCheck,
  verdict: StoredVerdict,
  chosen: RemedyOffer,
): Promise<'done' | 'no' | 'stop'> {
  const attempt =
    1 +
    session.state().remedies.filter(other => other.remedy === chosen.id && other.check === check.id).length
  const mark = { remedy: chosen.id, check: check.id, attempt }
  let plan: ShownPlan
  try {
    plan = await makePlan(session, check, chosen.id).catch(async error => {
      // Planning reads only: where the connection went away under it, it is done again over a new one.
      if (session.ports.signal.aborted || (await answers(session))) throw error
      await reconnect(session, PATIENCE_SECONDS)
      return makePlan(session, check, chosen.id)
    })
  } catch (error) {
    if (error instanceof Failure) throw error
    session.emit({ type: 'remedy-not-planned', ...mark, reason: session.ports.clean(reasonOf(error)) })
    return 'no'
  }
  session.emit({ type: 'remedy-shown', ...mark, plan })
  if (session.request.dryRun) return 'no'
  // What is shown is what the event holds: the very plan, but for its secrets.
  const shown = session.state().remedies.at(-1)?.plan ?? plan
  const answer = await ask(session, shown, verdict, attempt)
  if (answer !== 'yes') return answer
  await session.desk.ready()
  if (session.ports.signal.aborted) return 'no'
  await takeTargetLock(session, plan.title)
  session.emit({ type: 'remedy-intent', ...mark, digest: plan.digest })
  try {
    await perform(session, plan, attempt)
  } finally {
    forget(session)
  }
  stopIfLockLost(session)
  return 'done'
}

async function ask(
  session: Session,
  plan: ShownPlan,
  verdict: StoredVerdict,
  attempt: number,
): Promise<'yes' | 'no' | 'stop'> {
  const { target } = session.state()
  const confirmation = plan.grade === 'destructive' ? target.name : null
  const mark = { remedy: plan.remedy, check: plan.check, attempt }
  const consent = await session.ports.operator.consent({ plan, verdict, target, attempt, confirmation })
  // What was typed is held against the name here, so that no screen can let a wrong one through.
  if (consent.answer === 'yes' && confirmation !== null && consent.typed !== confirmation) {
    session.emit({
      type: 'consent',
      ...mark,
      answer: 'no',
      by: consent.by,
      reason: `the name typed was not “${confirmation}”`,
    })
    return 'no'
  }
  const reason = consent.answer === 'yes' ? undefined : consent.reason
  session.emit({
    type: 'consent',
    ...mark,
    answer: consent.answer,
    by: consent.by,
    ...(reason === undefined ? {} : { reason }),
  })
  return consent.answer
}

async function makePlan(session: Session, check: AnyCheck, id: string): Promise<ShownPlan> {
  const { params, policy } = session.request
  const remedy = check.remedies?.find(candidate => candidate.id === id)
  if (remedy === undefined) throw new Unreadable(`${check.id} has no remedy ${id}`)
  const record: CommandResult[] = []
  const context = {
    ...session.round.context(record, session.ports.signal),
    params: remedy.params.parse(params),
    policy,
  }
  const plan = await remedy.plan(context)
  const prepared = await preparePlan(remedy, check.id, plan, context)
  learnSecrets(plan, prepared, session.ports.learn)
  return prepared
}

/** Says how the remedy ended, once its check has looked again. Reverted and failed ones have said so already. */
export function conclude(session: Session, check: AnyCheck, remedyId: string): void {
  const latest = session
    .state()
    .remedies.findLast(other => other.remedy === remedyId && other.check === check.id)
  if (latest === undefined || latest.outcome !== undefined) return
  const verdict = session.state().checks[check.id]?.verdict
  const good = verdict?.status === 'pass' || verdict?.status === 'not-applicable'
  const mark = { remedy: remedyId, check: check.id, attempt: latest.attempt }
  const summary = good
    ? `proven: ${verdict?.summary}`
    : `it ran, but the check still says: ${verdict?.summary ?? 'nothing'}`
  session.emit({ type: 'remedy-finished', ...mark, outcome: good ? 'proven' : 'unproven', summary })
}
