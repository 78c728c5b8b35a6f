/** A server as a page, and the words for having none yet. */

import type { Line } from '../lines.ts'
import type { TargetSummary } from '../services.ts'
import { ago, count, inDays, statusMark } from '../words.ts'
import { bullets, labelled, type Page, prose } from './build.ts'
import { sentence } from './check.ts'

export function targetPage(
  page: Page,
  { target, lastRun, upcoming = [] }: TargetSummary,
  now: number,
): Line[] {
  const address = [
    target.user === undefined ? '' : `${target.user}@`,
    target.host,
    target.port === undefined ? '' : `, port ${target.port}`,
  ].join('')
  return [
    ...labelled(page, 'Address', address),
    ...(target.identity === undefined ? [] : labelled(page, 'Key', target.identity)),
    ...(target.hostKey === undefined ? [] : labelled(page, 'Host key', target.hostKey)),
    ...labelled(page, 'Kind', environmentWords[target.environment]),
    [],
    ...(lastRun === undefined ? neverRun(page) : lastRunRows(page, lastRun, now)),
    ...upcoming.flatMap(({ title, at }, index) =>
      labelled(page, index === 0 ? 'Next' : '', `${title} ${inDays(at, now)}, from ${at.slice(0, 10)} on`),
    ),
  ]
}

const environmentWords = {
  production: 'Production: people depend on it. Kneeboard asks more before it changes anything.',
  staging: 'Staging: for trying things; its data may be replaced.',
  practice: 'Practice: nothing here is real.',
} as const

function neverRun(page: Page): Line[] {
  return prose(page, `Nothing was run on it yet. Press ${page.symbols.enter} to choose a runbook.`)
}

function lastRunRows(page: Page, lastRun: NonNullable<TargetSummary['lastRun']>, now: number): Line[] {
  const mark = statusMark(lastRun.status, page.symbols)
  const { pass, fail, warn, unknown, skipped, waiting } = lastRun.counts
  const unproven = unknown + skipped + waiting
  const counts = [
    `${pass} passed`,
    fail > 0 ? `${fail} failed` : '',
    warn > 0 ? count(warn, 'warning') : '',
    unproven > 0 ? `${unproven} unproven` : '',
  ].filter(part => part !== '')
  return [
    ...labelled(
      page,
      'Last run',
      `${mark.symbol} ${lastRun.runbook}, ${mark.word}, ${ago(lastRun.at, now)}`,
      mark.tone,
    ),
    ...labelled(page, '', sentence(counts.join(', '))),
    ...(lastRun.status === 'interrupted'
      ? labelled(page, '', 'It waits for you at the top of this list, or press H for past runs.')
      : []),
  ]
}

/** Says what to do when there is nothing yet. */
export function emptyHome(page: Page, problem?: string, canPractise = false): Line[] {
  if (problem !== undefined)
    return [...prose(page, 'The servers could not be read.', 'bad'), ...prose(page, problem)]
  return [
    ...prose(page, 'There is no server here yet.', 'strong'),
    [],
    ...(canPractise
      ? [...prose(page, 'Press Enter to practise on a built-in one, where nothing is real.'), []]
      : []),
    ...prose(
      page,
      'Press n to add the first one, or i to take hosts over from your OpenSSH configuration. Kneeboard needs:',
    ),
    ...bullets(
      page,
      [
        'its address, or a Host of your OpenSSH configuration (~/.ssh/config)',
        'a login that is root, or may become root with sudo',
        'what it is for: production, staging or practice',
      ],
      { text: page.symbols.dot, tone: 'accent' },
      1,
    ),
    [],
    ...prose(
      page,
      'Adding a server only writes it down here. Checks change nothing, and every remedy asks first.',
      'muted',
    ),
  ]
}
