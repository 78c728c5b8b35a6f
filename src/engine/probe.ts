/** Probes one check: its parameters parsed, its time limited, its failures turned into verdicts. */

import type { AnyCheck, Check, ProbeContext, Remembered } from '../model/check.ts'
import { type CommandResult, Unreadable } from '../model/command.ts'
import type { StoredVerdict } from '../model/event.ts'
import type { Policy } from '../model/policy.ts'
import type { AnyRemedy } from '../model/remedy.ts'
import type { Verdict } from '../model/verdict.ts'
import { unknown } from '../model/verdict.ts'
import type { Round } from './round.ts'

/** Seconds for a whole probe that declares no limit of its own. */
const DEFAULT_SECONDS = 60

export interface Probed {
  readonly verdict: Verdict
  readonly record: readonly CommandResult[]
  readonly durationMs: number
}

export async function probe(
  check: AnyCheck,
  round: Round,
  params: unknown,
  policy: Policy,
  signal?: AbortSignal,
  remembered?: Remembered,
): Promise<Probed> {
  const record: CommandResult[] = []
  const started = performance.now()
  const limit = new AbortController()
  const seconds = check.timeoutSeconds ?? DEFAULT_SECONDS
  const timer = setTimeout(() => limit.abort(), seconds * 1000)
  try {
    const parsed = (check as Check<object>).params.parse(params)
    const stop = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal
    const context: ProbeContext<object> = {
      ...round.context(record, stop),
      params: parsed,
      policy,
      ...(remembered ? { remembered } : {}),
    }
    const verdict = await Promise.race([check.probe(context), aborted(stop)])
    requireDeclared(check, verdict)
    return { verdict, record, durationMs: performance.now() - started }
  } catch (error) {
    const verdict = limit.signal.aborted
      ? unknown(`it gave no answer within ${seconds} s`)
      : unknown(reasonOf(error))
    return { verdict, record, durationMs: performance.now() - started }
  } finally {
    clearTimeout(timer)
  }
}

/** What a check may offer is known before anything connects: the plan and the documentation are made of it. */
function requireDeclared(check: AnyCheck, verdict: Verdict): void {
  const stray = verdict.remedies?.find(({ id }) => !check.remedies?.some(remedy => remedy.id === id))
  if (stray) throw new Error(`${check.id} offers ${stray.id}, which it does not declare`)
}

/** Why something could not be read, as a sentence; our own mistakes are named as such, without a stack trace. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unreadable) return error.message
  if (error instanceof Error && error.name === 'AbortError') return 'it was interrupted'
  return `the check itself broke: ${error instanceof Error ? error.message : String(error)}`
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new DOMException('interrupted', 'AbortError'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** The verdict as it is stored. A remedy is offered once, however often the check named it. */
export function storeVerdict(verdict: Verdict, text: (raw: string) => string): StoredVerdict {
  const { status, summary, measured, expected, telling, advice, due, figures, remedies = [] } = verdict
  const unique = new Map<string, AnyRemedy>(remedies.map(remedy => [remedy.id, remedy]))
  return {
    status,
    summary: text(summary),
    ...(measured === undefined ? {} : { measured: text(measured) }),
    ...(expected === undefined ? {} : { expected: text(expected) }),
    ...(telling === undefined ? {} : { telling: text(telling) }),
    ...(advice === undefined ? {} : { advice: text(advice) }),
    ...(due === undefined ? {} : { due: { ...due, title: text(due.title) } }),
    ...(figures === undefined ? {} : { figures: [...figures] }),
    remedies: [...unique.values()].map(({ id, title, grade }) => ({ id, title, grade })),
  }
}
