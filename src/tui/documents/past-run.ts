/** A past run as a page, with how its runbook went on that server before. */

import { type Figure, figureWords } from '../../model/figure.ts'
import type { Line } from '../lines.ts'
import type { RunSummary } from '../services.ts'
import { sparkline } from '../sparkline.ts'
import { clock, count, stamp, statusMark } from '../words.ts'
import { labelled, type Page } from './build.ts'
import { sentence } from './check.ts'

/** @param all every run known, newest first. */
export function pastRunPage(page: Page, run: RunSummary, all: readonly RunSummary[]): Line[] {
  const mark = statusMark(run.status, page.symbols)
  const took =
    run.finishedAt === undefined ? undefined : Date.parse(run.finishedAt) - Date.parse(run.startedAt)
  return [
    ...labelled(page, 'Result', `${mark.word}: ${sentence(run.summary)}`, mark.tone),
    ...labelled(page, 'Server', `${run.target.name} (${run.target.environment}), ${run.target.host}`),
    ...labelled(
      page,
      'Started',
      `${stamp(run.startedAt)}${took === undefined ? ', never finished' : `, took ${clock(took)}`}`,
    ),
    ...trend(page, run, all),
    ...(run.figures ?? []).flatMap(figure => figureRows(page, run, figure, all)),
    ...labelled(page, 'Run', run.run, 'muted'),
  ]
}

/** What was left to do, run after run; nothing until there is something to compare with. */
function trend(page: Page, run: RunSummary, all: readonly RunSummary[]): Line[] {
  const values = all
    .filter(other => other.runbook === run.runbook && other.target.name === run.target.name)
    .flatMap(({ counts }) =>
      counts === undefined ? [] : [counts.fail + counts.warn + counts.unknown + counts.skipped],
    )
    .reverse()
  if (values.length < 2) return []
  const line = sparkline(values, page.width - 30, page.symbols)
  return labelled(page, 'Left to do', `${line}  ${values.at(-1)} now, over ${count(values.length, 'run')}`)
}

/** A figure of this run, and how it went from run to run. */
function figureRows(page: Page, run: RunSummary, figure: Figure, all: readonly RunSummary[]): Line[] {
  const values = all
    .filter(other => other.runbook === run.runbook && other.target.name === run.target.name)
    .flatMap(({ figures = [] }) => figures.filter(({ name }) => name === figure.name))
    .map(({ value }) => value)
    .reverse()
  const line = values.length < 2 ? '' : `${sparkline(values, page.width - 45, page.symbols)}  `
  const isMissed = figure.target !== undefined && figure.value > figure.target
  return labelled(
    page,
    figure.name,
    `${line}${figureWords(figure)}`,
    isMissed ? 'bad' : undefined,
    Math.max(11, figure.name.length + 1),
  )
}
