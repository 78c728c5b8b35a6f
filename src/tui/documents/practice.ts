/** Practising as pages: what a scenario is, how an exercise stands, its hints, and its debrief. */

import { type Debrief, headlineOf, pointsWords, scoreWords } from '../../practice/training/debrief.ts'
import type { ScenarioSummary } from '../../practice/training/desk.ts'
import type { Exercise, ExerciseView } from '../../practice/training/exercise.ts'
import { SCALE } from '../../practice/training/score.ts'
import type { Line } from '../lines.ts'
import type { RunbookSummary } from '../services.ts'
import type { Tone } from '../theme.ts'
import { clock } from '../words.ts'
import { heading, labelled, type Page, prose } from './build.ts'

/** A scenario before it is begun: what was noticed, and what there is to win. */
export function scenarioPage(page: Page, { briefing, best, isScored }: ScenarioSummary): Line[] {
  const { enter } = page.symbols
  return [
    ...prose(page, briefing, 'strong'),
    [],
    ...(isScored
      ? [
          ...labelled(page, 'Best score', best === undefined ? 'none yet' : `${best} of 100`),
          [],
          ...scale(page),
        ]
      : prose(page, 'Without a score: there is no clock, and nothing to find. Try what you like.', 'muted')),
    [],
    ...prose(
      page,
      `${enter} makes a server for it on this machine${isScored ? ', and starts the clock' : ''}. Nothing on it is real.`,
      'muted',
    ),
  ]
}

function scale(page: Page): Line[] {
  const { recovered, cause, steadyHand, wrongRemedy, hints, promptMinutes } = SCALE
  return [
    ...labelled(page, `${recovered} points`, 'when it works again, as the server itself says in the end'),
    ...labelled(page, `${cause} points`, `when the cause is found; in full within ${promptMinutes} minutes`),
    ...labelled(
      page,
      `${steadyHand} points`,
      `when no remedy runs that was not needed; each takes ${wrongRemedy}`,
    ),
    ...labelled(page, 'Hints', `cost ${hints.slice(0, -1).join(', ')} and ${hints.at(-1)} points`),
  ]
}

/** How an exercise stands, between its runbooks. @param now milliseconds since the epoch. */
export function exercisePage(
  page: Page,
  { task, hintsInAll, isScored }: Exercise,
  view: ExerciseView,
  runbook: RunbookSummary | undefined,
  now: number,
): Line[] {
  const { enter } = page.symbols
  return [
    ...prose(page, task.briefing, 'strong'),
    [],
    ...(isScored ? labelled(page, 'Clock', clock(now - view.startedAt)) : []),
    ...(hintsInAll === 0 ? [] : labelled(page, 'Hints', `${view.hints.length} of ${hintsInAll} shown`)),
    ...(isScored || hintsInAll > 0 ? [[]] : []),
    heading(page, view.isUnderWay ? 'Go on' : 'Begin'),
    ...keyRow(page, enter, `${runbook?.title ?? task.runbook}: the runbook for this`),
    ...keyRow(page, 'r', 'another runbook on the same server'),
    ...(hintsInAll === 0 ? [] : keyRow(page, 'i', 'a hint; it says first what it costs')),
    ...keyRow(
      page,
      'b',
      isScored
        ? 'when you are done, or at a loss: the score, and what led to what'
        : 'when you have seen enough',
    ),
    [],
    ...prose(page, 'Nothing here is real: whatever you try, only this practice server can break.', 'muted'),
  ]
}

/** A key, and what it does here. */
function keyRow(page: Page, key: string, text: string): Line[] {
  return labelled(page, key, text).map(([label, ...rest]) =>
    label === undefined ? rest : [{ ...label, tone: 'accent' }, ...rest],
  )
}

/** What was noticed, the hints that were taken, and the price of the next. */
export function hintsPage(page: Page, { task, hintsInAll }: Exercise, view: ExerciseView): Line[] {
  const { nextHintCosts, hints } = view
  const next =
    hintsInAll === 0
      ? 'This one has no hints: there is nothing to find.'
      : nextHintCosts === undefined
        ? 'That was the last hint.'
        : `${hints.length === 0 ? 'The first hint' : 'The next hint'} costs ${nextHintCosts} points. Press ${page.symbols.enter} to see it, or Esc to go on without.`
  return [
    [{ text: 'What was noticed', tone: 'muted' }],
    ...prose(page, task.briefing),
    [],
    ...hints.flatMap((hint, index): Line[] => [
      [{ text: `Hint ${index + 1} of ${hintsInAll}`, tone: 'muted' }],
      ...prose(page, hint, 'strong'),
      [],
    ]),
    ...prose(page, next, nextHintCosts === undefined ? 'muted' : 'accent'),
  ]
}

/** The end of an exercise: score by rule, what led to what, and the shortest way. */
export function debriefPage(page: Page, debrief: Debrief): Line[] {
  const { works, isCauseFound, outOfReach, score, reveals, problem, chain, fastest } = debrief
  const { pass, fail } = page.symbols
  const isGood =
    works === true ||
    (works === undefined && score === undefined) ||
    (isCauseFound && outOfReach !== undefined)
  const tone = isGood ? 'good' : 'bad'
  return [
    [
      { text: `${isGood ? pass : fail} `, tone },
      { text: headlineOf(debrief), tone },
    ],
    ...(reveals === undefined ? [] : prose(page, `The surprise was: ${reveals}.`)),
    ...(score === undefined ? [] : [[], heading(page, `Score: ${scoreWords(debrief)}`)]),
    ...(score?.rules ?? []).flatMap(rule => ruleRows(page, rule)),
    ...(problem === undefined ? [] : prose(page, problem, 'warning')),
    ...numbered(page, 'What led to what', chain),
    ...numbered(page, 'The fastest way', fastest),
  ]
}

type ScoreRule = NonNullable<Debrief['score']>['rules'][number]

function ruleRows(page: Page, rule: ScoreRule): Line[] {
  const { points, of, title, why } = rule
  const tone: Tone =
    points < 0 ? 'warning' : of === 0 ? 'muted' : points === of ? 'good' : points === 0 ? 'bad' : 'warning'
  const lead = 11
  const rows = prose({ ...page, width: page.width - lead }, why, 'muted')
  return [
    [{ text: pointsWords(rule).padStart(lead - 2), tone }, { text: `  ${title}` }],
    ...rows.map((row): Line => [{ text: ' '.repeat(lead) }, ...row]),
  ]
}

function numbered(page: Page, title: string, entries: readonly string[]): Line[] {
  if (entries.length === 0) return []
  return [
    [],
    heading(page, title),
    ...entries.flatMap((entry, index) => labelled(page, `${index + 1}.`, entry, undefined, 3)),
  ]
}
