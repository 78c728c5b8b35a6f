/** A run as plain lines: what a terminal without the full screen, a log or a pipe shows. One line an event. */

import { countVerdicts, diagnose, summarise } from '../engine/outcome.ts'
import type { RunState } from '../engine/state.ts'
import type { RunEvent, StoredVerdict } from '../model/event.ts'
import { figureWords } from '../model/figure.ts'
import { figuresOf } from './words.ts'

export interface Marks {
  readonly [status: string]: string
}

export const UNICODE_MARKS: Marks = {
  pass: '✓',
  warn: '!',
  fail: '✗',
  unknown: '?',
  skipped: '–',
  'not-applicable': '·',
}
export const ASCII_MARKS: Marks = {
  pass: '+',
  warn: '!',
  fail: 'x',
  unknown: '?',
  skipped: '-',
  'not-applicable': '.',
}

/** The progress line for an event, or undefined when it needs none. For standard error. */
export function progressLine(event: RunEvent, state: RunState, marks: Marks): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `${event.title} on ${event.target.name} (${event.target.environment}), run ${event.run}`
    case 'connected':
      return `connected as ${event.where}${event.hostKey === '' ? '' : `, host key ${event.hostKey}`}`
    case 'connection-lost':
      return `connection lost: ${event.reason}`
    case 'connection-restored':
      return event.rebooted ? 'the server is back after its restart' : 'the connection is back'
    case 'check-finished':
      return checkLine(event.verdict, state.checks[event.check]?.title ?? event.check, marks)
    case 'remedy-shown':
      return `  remedy: ${event.plan.title} (${event.plan.grade})`
    case 'remedy-not-planned':
      return `  no remedy could be planned: ${event.reason}`
    case 'consent':
      return event.answer === 'yes'
        ? `  applying it, allowed by ${event.by}`
        : `  not applied: ${event.reason ?? 'declined'}`
    case 'guard-armed':
      return `  the server will put the old state back at ${event.firesAt} unless a fresh login works`
    case 'guard-called-off':
      return `  ${event.proof}: the revert was called off`
    case 'guard-fired':
      return `  reverted: ${event.reason}`
    case 'action-started':
      return `  … ${event.title}`
    case 'action-finished':
      return event.ok ? undefined : `  ${marks.fail} ${event.summary}`
    case 'remedy-finished':
      return event.outcome === 'proven' ? `  ${event.summary}` : `  ${event.outcome}: ${event.summary}`
    case 'run-interrupted':
      return `interrupted: ${event.reason}`
    default:
      return undefined
  }
}

function checkLine(verdict: StoredVerdict, title: string, marks: Marks): string {
  return `${marks[verdict.status]} ${title}: ${verdict.summary}`
}

/** The result: every check by step, then causes with what they explain, then what is left to do. For standard output. */
export function plainReport(state: RunState, marks: Marks): string {
  const lines = [`${state.title} on ${state.target.name} (${state.target.environment})`, '']
  for (const step of state.steps) {
    lines.push(step.title)
    for (const id of step.checks) {
      const check = state.checks[id]
      if (check === undefined) continue
      const verdict = check.verdict ?? { status: 'skipped' as const, summary: 'not reached', remedies: [] }
      const mended =
        check.firstStatus !== undefined && check.firstStatus !== 'pass' && verdict.status === 'pass'
          ? ' (mended in this run)'
          : ''
      lines.push(`  ${checkLine(verdict, check.title, marks)}${mended}`)
    }
  }
  lines.push(
    '',
    ...whatIsLeft(state, marks),
    ...measured(state),
    `${state.interrupted ? `interrupted, ${state.interrupted}: ` : ''}${summarise(state)}`,
  )
  return `${lines.join('\n')}\n`
}

function measured(state: RunState): string[] {
  const figures = figuresOf(state)
  if (figures.length === 0) return []
  return ['Measured', ...figures.map(figure => `  ${figure.name}: ${figureWords(figure)}`), '']
}

function whatIsLeft(state: RunState, marks: Marks): string[] {
  const causes = diagnose(state)
  if (causes.length === 0) return []
  const lines = ['Left to do']
  for (const { cause, explains, summary } of causes) {
    const check = state.checks[cause]
    const verdict = check?.verdict
    lines.push(`  ${marks[verdict?.status ?? 'skipped']} ${check?.title ?? cause}: ${summary}`)
    if (verdict?.expected)
      lines.push(
        `      expected ${verdict.expected}${verdict.measured ? `, measured ${verdict.measured}` : ''}`,
      )
    if (verdict?.advice) lines.push(`      ${verdict.advice}`)
    for (const remedy of verdict?.remedies ?? [])
      lines.push(`      remedy: ${remedy.title} (${remedy.grade})`)
    if (explains.length > 0)
      lines.push(`      explains ${explains.map(id => state.checks[id]?.title ?? id).join('; ')}`)
  }
  return [...lines, '']
}

/** True when nothing at all could be said: no check reached a verdict. */
export const isEmpty = (state: RunState): boolean =>
  countVerdicts(state).waiting === Object.keys(state.checks).length
