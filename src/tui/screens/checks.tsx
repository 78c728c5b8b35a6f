/** A run's checks: the list with their states, and the page of the selected one. Live, and afterwards. */

import { Box, useWindowSize } from 'ink'
import { useMemo, useState } from 'react'
import { countVerdicts } from '../../engine/outcome.ts'
import type { CheckState, RunState } from '../../engine/state.ts'
import { copyKey, useClipboard } from '../clipboard.ts'
import { connectionStatus } from '../components/header.tsx'
import { entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail, type Pane } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, weightOf } from '../components/panel.tsx'
import { Progress } from '../components/progress.tsx'
import { type Prompt, usePrompt } from '../components/prompt-row.tsx'
import { Screen } from '../components/screen.tsx'
import { checkPage, checkText } from '../documents/check.ts'
import { checkEntries, checkGroups } from '../documents/check-list.ts'
import { useExercise } from '../exercise-scope.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { askForNote, checkActionKeys, type RunActions, runKeys } from '../run-actions.ts'
import { useScroll } from '../scroll.ts'
import { searchKeys, useSearch } from '../search.ts'
import type { RunOutcome } from '../services.ts'
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
  back: {
    keys: ['escape', 'left', 'h'],
    shown: 'Esc',
    hint: 'back',
    help: 'Back to the list, or to where you came from',
  },
  output: { keys: ['o'], shown: 'o', hint: 'live output', help: 'Back to the output of the running remedy' },
  mend: checkActionKeys.mend,
  follow: { keys: ['f'], shown: 'f', hint: 'follow', help: 'Go along with the check that runs now' },
  ...searchKeys,
  nextProblem: { keys: ['p'], shown: 'p', hint: 'next problem', help: 'To the next check that did not pass' },
  skip: checkActionKeys.skip,
  hold: runKeys.hold,
  again: checkActionKeys.again,
  allAgain: checkActionKeys.allAgain,
  note: runKeys.note,
  shell: runKeys.shell,
  copy: copyKey,
})

interface ChecksProps {
  readonly state: RunState
  /** Failures first, once nothing moves any more. */
  readonly order: 'steps' | 'failures-first'
  /** How it ended; absent while it goes on. */
  readonly status?: RunOutcome['status']
  readonly actions: RunActions
  readonly onBack?: () => void
  readonly onOutput?: () => void
}

export function Checks({ state, order, status, actions, onBack, onOutput }: ChecksProps) {
  const isLive = status === undefined
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const { symbols } = theme
  const [focus, setFocus] = useState<Pane>('list')
  const groups = useMemo(() => checkGroups(state, order), [state, order])
  const prompt = usePrompt(columns)
  const copy = useClipboard()
  const place = layout(columns, rows, (isLive ? 1 : 0) + prompt.rows)
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
  const search = useSearch(prompt, lines, insideRows(size.rows), scroll.to)
  const exercise = useExercise(state.target.environment)
  const isAway = isLive && selection.selected !== follow
  return (
    <Screen
      trail={{ target: state.target, path: [state.runbook] }}
      status={
        status === undefined ? connectionStatus(state.connection, theme, columns) : endStatus(status, theme)
      }
      keys={checksKeys}
      handlers={{
        ...(focus === 'list' ? selection.handlers : scroll.handlers),
        open:
          focus === 'list'
            ? () => {
                if (check !== undefined) exercise?.look(state, check.id)
                setFocus('detail')
              }
            : undefined,
        ...checkHandlers(check, actions, prompt),
        hold: actions.hold,
        note: actions.note === undefined ? undefined : askForNote(prompt, actions.note, check?.id),
        shell: actions.shell,
        ...(focus === 'detail' ? search.handlers : {}),
        copy: check === undefined ? undefined : () => copy(checkText(check)),
        follow: isAway && follow !== undefined ? () => selection.select(undefined) : undefined,
        nextProblem: problems.length > 0 ? nextProblem : undefined,
        output: onOutput,
        back: focus === 'detail' ? () => setFocus('list') : onBack,
      }}
      prompt={prompt}
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
          marked: search.words,
          foot: search.where,
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

/** What can be done to the selected check: only what makes sense for how it stands. */
function checkHandlers(check: CheckState | undefined, actions: RunActions, prompt: Prompt) {
  if (check === undefined) return {}
  const { id, verdict } = check
  const { mend, again, skip } = actions
  const isSettled = verdict?.status === 'pass' || verdict?.status === 'not-applicable'
  return {
    mend: mend !== undefined && (verdict?.remedies.length ?? 0) > 0 ? () => mend(id) : undefined,
    again: again !== undefined && verdict !== undefined ? () => again([id]) : undefined,
    allAgain: again === undefined ? undefined : () => again([]),
    skip:
      skip === undefined || isSettled || verdict?.status === 'skipped'
        ? undefined
        : () =>
            prompt.ask({
              label: 'Skip it, because:',
              placeholder: 'the reason',
              done: text => skip(id, text),
            }),
  }
}

function endStatus(status: RunOutcome['status'], { symbols }: Theme) {
  const { symbol, word, tone } = statusMark(status, symbols)
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
