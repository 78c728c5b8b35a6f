/** What stays on the normal screen after leaving: the last run in three to six lines. */

import { diagnose, summarise } from '../engine/outcome.ts'
import type { Target } from '../model/target.ts'
import { cut } from './lines.ts'
import type { RunSnapshot } from './store.ts'
import type { Symbols } from './symbols.ts'
import { count, statusMark } from './words.ts'

/** Lines without colour, none wider than `columns`. Empty when the run never began. */
export function farewell(
  { request, state, outcome }: RunSnapshot,
  symbols: Symbols,
  columns: number,
): string[] {
  const status = outcome?.status ?? 'interrupted'
  const mark = statusMark(status, symbols)
  const { target, runbook } = request
  const first = `${mark.symbol} ${runbook} on ${target.name} (${target.environment}): ${mark.word}`
  const applied = state?.remedies.filter(remedy => remedy.intended).length ?? 0
  const changes = applied === 0 ? 'Nothing was changed.' : `${count(applied, 'remedy', 'remedies')} applied.`
  const causes = state === undefined ? [] : diagnose(state).slice(0, 1)
  const cause = causes.map(({ cause: id, summary }) => `${state?.checks[id]?.title ?? id}: ${summary}`)
  // The practice server is gone by then; its debrief says how to come back.
  const isGone = target.name === 'practice' && target.environment === 'practice'
  const again = status === 'passed' || isGone ? '' : `again:   kneeboard run ${runbook} ${reachedBy(target)}`
  const lines = [
    state === undefined ? '' : `${summarise(state)}.`,
    state === undefined ? '' : changes,
    outcome?.failure === undefined ? '' : `${outcome.failure.message} ${outcome.failure.next}`.trim(),
    ...(outcome?.failure === undefined ? cause : []),
    outcome?.journalPath === undefined ? '' : `journal: ${outcome.journalPath}`,
    again,
  ]
  return [first, ...lines.filter(line => line !== '').map(line => `  ${line}`)].map(line =>
    // A path or a command is for copying, so it is never cut.
    /^ {2}(journal|again):/.test(line) ? line : cut(line, columns, symbols.ellipsis),
  )
}

/** The options that lead to the same server: a stored one by its name, any other as it was given. */
function reachedBy({ name, host, user, port, identity }: Target): string {
  if (name !== host) return `-t ${name}`
  const address = `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`
  return `-t ${address}${identity === undefined ? '' : ` --identity ${identity}`}`
}
