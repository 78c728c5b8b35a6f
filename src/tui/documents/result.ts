/** The end of a run as a page: what is left to do, what was changed, where the record is. */

import { type Cause, countVerdicts, diagnose, summarise } from '../../engine/outcome.ts'
import type { RemedyState, RunState } from '../../engine/state.ts'
import type { Line } from '../lines.ts'
import type { RunOutcome } from '../services.ts'
import type { Symbols } from '../symbols.ts'
import { checkMark, clock, count, type Mark, stamp, statusMark } from '../words.ts'
import { heading, labelled, type Page, prose } from './build.ts'
import { sentence } from './check.ts'

/**
 * The whole page. `state` is absent when the run ended before it began: only the failure is told then.
 *
 * @param canMend true while the connection still stands and remedies can be had at once.
 */
export function resultPage(
  page: Page,
  state: RunState | undefined,
  outcome: RunOutcome,
  canMend = false,
): Line[] {
  return [
    ...verdict(page, state, outcome),
    ...(state === undefined
      ? []
      : [...leftToDo(page, state, canMend), ...changed(page, state), ...unsure(page, state)]),
    ...record(page, state, outcome),
  ]
}

function verdict(page: Page, state: RunState | undefined, outcome: RunOutcome): Line[] {
  const { symbol, tone } = statusMark(outcome.status, page.symbols)
  const words = headline(state, outcome)
  return [
    [
      { text: `${symbol} `, tone },
      { text: words, tone },
    ],
    ...(state === undefined || outcome.failure !== undefined ? [] : prose(page, sentence(summarise(state)))),
    ...(outcome.failure === undefined
      ? []
      : [...prose(page, sentence(outcome.failure.message), 'strong'), ...prose(page, outcome.failure.next)]),
  ]
}

/** The end in one sentence. */
export function headline(state: RunState | undefined, outcome: RunOutcome): string {
  if (outcome.failure !== undefined) return 'The run could not be finished.'
  if (outcome.status === 'interrupted') return 'The run was interrupted.'
  const counts = state === undefined ? undefined : countVerdicts(state)
  switch (outcome.status) {
    case 'passed':
      return 'Everything is proven. Nothing is left to do.'
    case 'warnings':
      return `It works, with ${count(counts?.warn ?? 0, 'warning')}.`
    case 'failed':
      return `${count(counts?.fail ?? 0, 'check')} failed.`
    case 'unproven':
      return `Nothing failed, but ${count((counts?.unknown ?? 0) + (counts?.skipped ?? 0) + (counts?.waiting ?? 0), 'check')} could not be made: that proves nothing.`
  }
}

function leftToDo(page: Page, state: RunState, canMend: boolean): Line[] {
  const causes = diagnose(state)
  const waiting = Object.values(state.checks).filter(check => check.verdict === undefined).length
  if (causes.length === 0 && waiting === 0) return []
  return [
    [],
    heading(page, 'Left to do'),
    ...causes.flatMap(cause => causeRows(page, state, cause, canMend)),
    ...(waiting === 0 ? [] : prose(page, `${count(waiting, 'check')} had no turn yet.`, 'unknown')),
  ]
}

function causeRows(page: Page, state: RunState, { cause: id, explains }: Cause, canMend: boolean): Line[] {
  const check = state.checks[id]
  if (check === undefined) return []
  const { symbol, tone, word } = checkMark(check, page.symbols)
  const declined = state.remedies.findLast(remedy => remedy.check === id)
  const offered = check.verdict?.remedies[0]?.title
  const next =
    canMend && offered !== undefined
      ? `“${offered}” is in reach: ${page.symbols.enter}, then m.`
      : nextStep(check.verdict?.advice, offered, declined)
  const indent: Page = { ...page, width: page.width - 2 }
  const inside = (lines: readonly Line[]): Line[] => lines.map(line => [{ text: '  ' }, ...line])
  const consequence = explains.map(other => state.checks[other]?.title ?? other)
  return [
    [
      { text: `${symbol} `, tone },
      { text: check.title, tone: 'strong' },
      { text: `  ${word}`, tone },
    ],
    ...inside(prose(indent, sentence(check.verdict?.summary ?? ''))),
    ...inside(next === undefined ? [] : labelled(indent, 'Next', next)),
    ...inside(
      consequence.length === 0
        ? []
        : labelled(
            indent,
            'Holds up',
            `${count(consequence.length, 'check')}: ${consequence.join('; ')}`,
            'muted',
          ),
    ),
  ]
}

function nextStep(
  advice: string | undefined,
  offered: string | undefined,
  tried: RemedyState | undefined,
): string | undefined {
  if (tried?.summary !== undefined && tried.outcome !== 'proven')
    return `${sentence(tried.summary)}${advice === undefined ? '' : ` ${advice}`}`
  if (advice !== undefined) return advice
  if (offered === undefined) return undefined
  return tried?.consent?.answer === 'no'
    ? `You declined “${offered}”; it is offered again in the next run.`
    : `“${offered}” is offered when you run this again.`
}

function changed(page: Page, state: RunState): Line[] {
  const done = state.remedies.filter(remedy => remedy.intended)
  if (done.length === 0)
    return [[], heading(page, 'Changed'), ...prose(page, 'Nothing was changed on the server.')]
  return [
    [],
    heading(page, `Changed: ${count(done.length, 'remedy', 'remedies')}`),
    ...done.flatMap(remedy => changeRows(page, remedy)),
  ]
}

/** How a remedy ended, as a mark. */
export function outcomeMark(remedy: RemedyState, symbols: Symbols): Mark {
  switch (remedy.outcome) {
    case 'proven':
      return { symbol: symbols.pass, word: 'proven', tone: 'good' }
    case 'reverted':
      return { symbol: symbols.warn, word: 'put back', tone: 'warning' }
    case 'failed':
      return { symbol: symbols.fail, word: 'failed', tone: 'bad' }
    case 'unproven':
      return { symbol: symbols.unknown, word: 'unproven', tone: 'unknown' }
    default:
      return { symbol: symbols.unknown, word: 'may have run', tone: 'unknown' }
  }
}

function changeRows(page: Page, remedy: RemedyState): Line[] {
  const { symbol, word, tone } = outcomeMark(remedy, page.symbols)
  const title = remedy.plan?.title ?? remedy.remedy
  const undo = remedy.outcome === 'reverted' ? undefined : remedy.plan?.undo
  const indent: Page = { ...page, width: page.width - 2 }
  return [
    [{ text: `${symbol} `, tone }, { text: title }, { text: `  ${word}`, tone }],
    ...(undo === undefined
      ? []
      : labelled(indent, 'Undo', undo, 'muted', 6).map((line): Line => [{ text: '  ' }, ...line])),
  ]
}

function unsure(page: Page, state: RunState): Line[] {
  const notPlanned = state.remedies.filter(remedy => remedy.plan === undefined)
  if (notPlanned.length === 0) return []
  return [
    [],
    heading(page, 'Could not be planned'),
    ...notPlanned.flatMap(remedy => prose(page, `${remedy.remedy}: ${sentence(remedy.summary ?? '')}`)),
  ]
}

/** While a result is looked at, its run may still be gone on with: the journal is open, and known by the run's id. */
const whereElse = (state: RunState | undefined): string =>
  state === undefined ? 'none was opened' : `open until you leave; then: kneeboard runs show ${state.run}`

function record(page: Page, state: RunState | undefined, outcome: RunOutcome): Line[] {
  const end = state?.finishedAt
  const took =
    state === undefined || end === undefined ? undefined : Date.parse(end) - Date.parse(state.startedAt)
  return [
    [],
    heading(page, 'Record'),
    ...(state === undefined
      ? []
      : labelled(
          page,
          'Run',
          `${stamp(state.startedAt)}, ${took === undefined ? '' : `${clock(took)}, `}by ${state.operator}`,
        )),
    ...labelled(page, 'Journal', outcome.journalPath ?? whereElse(state)),
  ]
}
