/** A remedy at work as rows: its actions with their states, and its guard. */

import type { ActionState, GuardState, RemedyState } from '../../engine/state.ts'
import { type Line, spread } from '../lines.ts'
import { clock, duration } from '../words.ts'
import { type Page, prose } from './build.ts'
import { sentence } from './check.ts'

/** The action whose output is worth showing: the running one, else the last that said something. */
export function currentAction(remedy: RemedyState): ActionState | undefined {
  return (
    remedy.actions.find(action => action.progress === 'running') ??
    remedy.actions.findLast(action => action.progress !== 'waiting')
  )
}

/** One row for each action; the running one with its clock and what is usual. */
export function actionLines(page: Page, remedy: RemedyState, now: number): Line[] {
  const usual = remedy.plan?.expectedSeconds
  const rows = remedy.actions.flatMap((action): Line[] => {
    const { symbol, word, tone } = actionMark(action, page)
    const elapsed =
      action.progress === 'running' && action.startedAt !== undefined
        ? `${clock(now - Date.parse(action.startedAt))}  `
        : ''
    const row = spread(
      [
        { text: `${symbol} `, tone },
        action.progress === 'waiting' ? { text: action.title, tone: 'muted' } : { text: action.title },
      ],
      [{ text: elapsed }, { text: word, tone }],
      page.width,
      page.symbols.ellipsis,
    )
    const said =
      action.progress === 'failed' && action.summary !== ''
        ? prose(page, sentence(action.summary), 'bad', 2)
        : []
    return [row, ...said]
  })
  const isChecking = remedy.actions.length > 0 && remedy.actions.every(action => action.progress === 'done')
  return [
    ...rows,
    ...(isChecking
      ? [[{ text: `${page.symbols.running} Proving it: the check runs again.`, tone: 'accent' as const }]]
      : []),
    ...(usual === undefined || isChecking
      ? []
      : prose(page, `Usually takes about ${duration(usual * 1000)}.`, 'muted')),
  ]
}

function actionMark(action: ActionState, { symbols }: Page) {
  switch (action.progress) {
    case 'running':
      return { symbol: symbols.running, word: 'running', tone: 'accent' } as const
    case 'done':
      return { symbol: symbols.pass, word: 'done', tone: 'good' } as const
    case 'failed':
      return { symbol: symbols.fail, word: 'failed', tone: 'bad' } as const
    case 'waiting':
      return { symbol: symbols.waiting, word: 'waiting', tone: 'muted' } as const
  }
}

/** The revert that the server carries out by itself: how long until then, or how it ended. */
export function guardLines(page: Page, guard: GuardState | undefined, now: number): Line[] {
  if (guard === undefined) return []
  switch (guard.state) {
    case 'armed': {
      const left = Math.max(0, Math.ceil((Date.parse(guard.firesAt) - now) / 1000))
      const words =
        left > 0
          ? `The server puts the old state back in ${left} s unless the new login works.`
          : 'The time is up: the server is putting the old state back.'
      return [[], ...prose(page, words, 'warning')]
    }
    case 'called-off':
      return [
        [],
        ...prose(
          page,
          `The new login works, the revert is called off: ${sentence(guard.words ?? '')}`,
          'good',
        ),
      ]
    case 'fired':
      return [[], ...prose(page, `The server put the old state back: ${sentence(guard.words ?? '')}`, 'bad')]
  }
}

/**
 * Live output as a terminal would show it: a carriage return, which arrives as its picture, means that the row
 * is written anew (the progress of apt, docker pull, curl). The stored evidence keeps all of it.
 */
export function asOverwritten(output: string): string {
  if (!/[\r␍]/.test(output)) return output.replace(/\n$/, '')
  return output
    .replace(/\n$/, '')
    .split('\n')
    .map(row => row.split(/[\r␍]/).findLast(part => part !== '') ?? '')
    .join('\n')
}
