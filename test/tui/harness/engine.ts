/**
 * Plays `server-setup` against the screens' ports as the engine would, without a server: same events, same
 * questions, in the same order. The clock moves only as the play says, so that every screen is the same each time.
 */

import { exitCodeFor, statusOf, summarise } from '../../../src/engine/outcome.ts'
import { type RunState, reduce } from '../../../src/engine/state.ts'
import type { RunEvent, StoredVerdict } from '../../../src/model/event.ts'
import type { RunOutcome, RunPorts, StartRequest } from '../../../src/tui/services.ts'
import { type Case, cases, FINGERPRINT, steps, WHERE } from '../fixtures/server-setup.ts'

export const STARTED = Date.parse('2026-08-03T14:02:10.000Z')
export const JOURNAL = '/home/ada/.local/state/kneeboard/runs/01K1Q4Y0ZB.jsonl'

export interface Play {
  /** Called between events; a demo waits here, a test can hold the play at a place. */
  readonly pause?: (place: string) => Promise<void>
  /** Ask for trust first, as on first contact. */
  readonly isFirstContact?: boolean
  /** The run that is gone on with. */
  readonly before?: RunState
  /** The time that the play has got to. */
  readonly clock: { now: number }
}

/** A run from its first event to its outcome. */
export async function play(request: StartRequest, ports: RunPorts, options: Play): Promise<RunOutcome> {
  const { clock, pause = async () => {} } = options
  let state: RunState | undefined
  const emit = (event: RunEvent) => {
    state = reduce(state, event)
    ports.emit(event)
  }
  const at = () => new Date(clock.now).toISOString()
  const target = {
    name: request.target.name,
    environment: request.target.environment,
    host: request.target.host,
  }
  const finish = (status: RunOutcome['status'], failure?: RunOutcome['failure']): RunOutcome => ({
    status,
    exitCode: status === 'interrupted' ? 130 : exitCodeFor(status),
    journalPath: JOURNAL,
    ...(failure === undefined ? {} : { failure }),
  })

  if (options.before !== undefined) {
    state = options.before
    emit({ type: 'run-resumed', at: at(), tool: 'kneeboard 0.1.0', operator: 'ada', cut: false })
  } else
    emit({
      type: 'run-started',
      at: at(),
      run: '01K1Q4Y0ZB',
      tool: 'kneeboard 0.1.0',
      operator: 'ada',
      mode: request.mode,
      runbook: request.runbook,
      title: 'Set up a server',
      target,
      params: {},
      steps: [...steps],
    })
  await pause('connecting')
  if (options.isFirstContact === true) {
    const isTrusted = await ports.prompter.hostKey({
      host: request.target.host,
      port: 22,
      keyType: 'ssh-ed25519',
      fingerprint: FINGERPRINT,
      knownHostsFile: '~/.ssh/known_hosts',
      otherKnownTypes: [],
    })
    if (!isTrusted) {
      const message = `The host key of ${request.target.host} was not trusted`
      emit({ type: 'run-interrupted', at: at(), reason: message })
      return finish('interrupted', {
        message,
        next: 'Nothing was sent to the server. Compare the fingerprint, then run this again.',
      })
    }
  }
  emit({ type: 'connected', at: at(), where: WHERE, hostKey: FINGERPRINT, authenticatedBy: 'ssh-ed25519' })

  const settled = new Map<string, StoredVerdict>()
  const probe = async (one: Case, round: number, verdict: StoredVerdict) => {
    emit({ type: 'check-started', at: at(), check: one.check.id, round })
    await pause(`checking ${one.check.id}`)
    clock.now += one.durationMs
    emit({
      type: 'check-finished',
      at: at(),
      check: one.check.id,
      round,
      verdict,
      evidence: [...one.evidence],
      durationMs: one.durationMs,
    })
    settled.set(one.check.id, verdict)
  }
  for (const one of cases) {
    const isBlocked =
      one.before.blockedBy !== undefined && settled.get(one.before.blockedBy)?.status !== 'fail'
    await probe(one, 1, isBlocked ? (one.after ?? one.before) : one.before)
    if (ports.signal.aborted) return interrupt()
    if (request.mode === 'check' || settled.get(one.check.id)?.remedies.length === 0) continue
    const answer = await mend(one)
    if (answer === 'stop' || ports.signal.aborted) return interrupt()
  }
  if (state === undefined) throw new Error('a play without a beginning')
  const status = statusOf(state)
  emit({ type: 'run-finished', at: at(), status, summary: summarise(state) })
  return finish(status)

  function interrupt(): RunOutcome {
    emit({ type: 'run-interrupted', at: at(), reason: 'stopped by the operator' })
    return finish('interrupted')
  }

  async function mend(one: Case): Promise<'yes' | 'no' | 'stop'> {
    const verdict = one.before
    const id =
      verdict.remedies.length === 1
        ? (verdict.remedies[0]?.id ?? null)
        : await ports.operator.choose({
            check: one.check.id,
            title: one.check.title,
            verdict,
            remedies: verdict.remedies,
          })
    const plan = id === null ? undefined : one.plans[id]
    if (plan === undefined) return 'no'
    const attempt = { remedy: plan.remedy, check: one.check.id, attempt: 1 }
    emit({ type: 'remedy-shown', at: at(), ...attempt, plan })
    const consent = await ports.operator.consent({
      plan,
      verdict,
      target,
      attempt: 1,
      confirmation: plan.grade === 'destructive' ? target.name : null,
    })
    emit({ type: 'consent', at: at(), ...attempt, answer: consent.answer, by: consent.by })
    if (consent.answer !== 'yes') return consent.answer
    if (state?.locked === false) emit({ type: 'lock-taken', at: at(), holder: 'ada' })
    emit({ type: 'remedy-intent', at: at(), ...attempt, digest: plan.digest })
    if (plan.guard !== undefined) {
      const { afterSeconds } = plan.guard
      const firesAt = new Date(clock.now + afterSeconds * 1000).toISOString()
      emit({ type: 'guard-armed', at: at(), ...attempt, id: 'g1', afterSeconds, firesAt })
    }
    for (const [index, action] of plan.actions.entries()) {
      emit({ type: 'action-started', at: at(), ...attempt, index, title: action.title })
      for (const text of outputOf(plan.remedy)) {
        emit({ type: 'action-output', at: at(), ...attempt, index, text })
        clock.now += 400
        await pause(`output of ${plan.remedy}`)
      }
      clock.now += 900
      await pause(`running ${plan.remedy} ${index}`)
      emit({
        type: 'action-finished',
        at: at(),
        ...attempt,
        index,
        ok: true,
        summary: 'exit 0',
        evidence: [],
      })
    }
    if (plan.guard !== undefined)
      emit({
        type: 'guard-called-off',
        at: at(),
        ...attempt,
        id: 'g1',
        proof: 'root logged in with a key over a new connection',
      })
    await probe(one, 2, one.after ?? { status: 'pass', summary: 'It holds now', remedies: [] })
    emit({ type: 'remedy-finished', at: at(), ...attempt, outcome: 'proven', summary: 'its check passes' })
    await pause(`proven ${plan.remedy}`)
    return 'yes'
  }
}

function outputOf(remedy: string): string[] {
  if (!remedy.startsWith('docker/')) return []
  return [
    'Hit:1 bookworm InRelease\nGet:2 bookworm-security InRelease [48.0 kB]\n',
    'Reading package lists...\nBuilding dependency tree...\n',
    'The following NEW packages will be installed:\n  containerd docker.io docker-compose-v2 runc tini\n',
    ...Array.from(
      { length: 40 },
      (_, index) => `Setting up package ${index + 1} of 40 (1.${index}.0-1) ...\n`,
    ),
  ]
}
