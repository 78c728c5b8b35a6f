/** A run's checks: the list with their states, and the page of the selected one. Live, and afterwards. */

import { Box, useWindowSize } from 'ink'
import { useMemo, useState } from 'react'
import { countVerdicts } from '../../engine/outcome.ts'
import type { RunState } from '../../engine/state.ts'
import { connectionStatus } from '../components/header.tsx'
import { entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail, type Pane } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, weightOf } from '../components/panel.tsx'
import { Progress } from '../components/progress.tsx'
import { Screen } from '../components/screen.tsx'
import { checkPage } from '../documents/check.ts'
import { checkEntries, checkGroups } from '../documents/check-list.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { useScroll } from '../scroll.ts'
import { type Theme, useTheme } from '../theme.ts'
import { checkMark, statusMark } from '../words.ts'

export const checksKeys = keyTable({
  ...movement,
  open: {
    keys: ['enter', 'tab', 'right', 'l'],
    shown: '↵',
    hint: 'evidence',
    help: 'Read the page of the check',
  },
  follow: { keys: ['f'], shown: 'f', hint: 'follow', help: 'Go along with the check that runs now' },
  nextProblem: { keys: ['n'], shown: 'n', hint: 'next problem', help: 'To the next check that did not pass' },
  remedy: { keys: ['o'], shown: 'o', hint: 'live output', help: 'Back to the output of the running remedy' },
  back: {
    keys: ['escape', 'left', 'h'],
    shown: 'Esc',
    hint: 'back',
    help: 'Back to the list, or to where you came from',
  },
})

interface ChecksProps {
  readonly state: RunState
  /** Failures first, once nothing moves any more. */
  readonly order: 'steps' | 'failures-first'
  readonly isLive: boolean
  readonly onBack?: () => void
  readonly onRemedy?: () => void
}

export function Checks({ state, order, isLive, onBack, onRemedy }: ChecksProps) {
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const { symbols } = theme
  const [focus, setFocus] = useState<Pane>('list')
  const groups = useMemo(() => checkGroups(state, order), [state, order])
  const place = layout(columns, rows, isLive ? 1 : 0)
  const entries = checkEntries(groups, state, symbols, entryColumns(insideColumns(place.list.columns)))
  const follow = newest(state)
  const selection = useSelection(entries, insideRows(place.list.rows), isLive ? follow : undefined)
  const check = selection.selected === undefined ? undefined : state.checks[selection.selected]
  const size = detailSize(place, focus)
  const page = { width: insideColumns(size.columns), symbols }
  const lines = useMemo(
    () => (check === undefined ? [] : checkPage({ width: page.width, symbols }, check, state)),
    [page.width, symbols, check, state],
  )
  const scroll = useScroll(lines.length, insideRows(size.rows), selection.selected)
  const mark = check === undefined ? undefined : checkMark(check, symbols)
  const problems = groups
    .flatMap(group => group.checks)
    .filter(id => ['fail', 'warn', 'unknown', 'skipped'].includes(state.checks[id]?.verdict?.status ?? ''))
  const nextProblem = () => {
    const order = groups.flatMap(group => group.checks)
    const from = order.indexOf(selection.selected ?? '')
    const next = problems.find(id => order.indexOf(id) > from) ?? problems[0]
    selection.select(next)
  }
  const isAway = isLive && selection.selected !== follow
  return (
    <Screen
      trail={{ target: state.target, path: [state.runbook] }}
      status={isLive ? connectionStatus(state.connection, theme, columns) : endStatus(state, theme)}
      keys={checksKeys}
      handlers={{
        ...(focus === 'list' ? selection.handlers : scroll.handlers),
        open: focus === 'list' ? () => setFocus('detail') : undefined,
        follow: isAway && follow !== undefined ? () => selection.select(undefined) : undefined,
        nextProblem: problems.length > 0 ? nextProblem : undefined,
        remedy: onRemedy,
        back: focus === 'detail' ? () => setFocus('list') : onBack,
      }}
    >
      <ListAndDetail
        layout={place}
        focus={focus}
        weight={weightOf(state.target.environment)}
        list={{
          title: state.title,
          aside: tally(state, theme),
          entries,
          selected: selection.selected,
        }}
        detail={{
          title: check?.title ?? 'Check',
          ...(mark === undefined ? {} : { aside: `${mark.symbol} ${mark.word}`, asideTone: mark.tone }),
          lines,
          scroll,
        }}
      />
      {isLive ? (
        <Box height={1} flexShrink={0}>
          <Progress state={state} columns={columns} />
        </Box>
      ) : null}
    </Screen>
  )
}

function endStatus(state: RunState, { symbols }: Theme) {
  const { symbol, word, tone } = statusMark(state.status ?? 'interrupted', symbols)
  return { text: `${symbol} ${word}`, tone }
}

/** The check that runs now, else the last one in order that has run. */
function newest(state: RunState): string | undefined {
  const all = state.steps.flatMap(step => step.checks).flatMap(id => state.checks[id] ?? [])
  const running = all.findLast(check => check.progress === 'running')
  return (running ?? all.findLast(check => check.verdict !== undefined))?.id
}

/** `✓ 12  ✗ 2  ? 1`: only what there is. */
export function tally(state: RunState, { symbols }: Theme): string {
  const counts = countVerdicts(state)
  const unproven = counts.unknown + counts.skipped
  return [
    counts.pass > 0 ? `${symbols.pass} ${counts.pass}` : '',
    counts.fail > 0 ? `${symbols.fail} ${counts.fail}` : '',
    counts.warn > 0 ? `${symbols.warn} ${counts.warn}` : '',
    unproven > 0 ? `${symbols.unknown} ${unproven}` : '',
    counts.waiting > 0 ? `${symbols.waiting} ${counts.waiting}` : '',
  ]
    .filter(part => part !== '')
    .join('  ')
}
