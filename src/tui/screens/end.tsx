/** The result of a run: what is left to do, what was changed, where the record is. */

import { useWindowSize } from 'ink'
import { useMemo } from 'react'
import { diagnose } from '../../engine/outcome.ts'
import type { RunState } from '../../engine/state.ts'
import { plainReport, UNICODE_MARKS } from '../../report/plain.ts'
import { copyKey, useClipboard } from '../clipboard.ts'
import type { Trail } from '../components/header.tsx'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { usePrompt } from '../components/prompt-row.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { resultPage } from '../documents/result.ts'
import { useExercise } from '../exercise-scope.ts'
import { keyTable, scrolling } from '../keys.ts'
import { askForNote, type RunActions, runKeys } from '../run-actions.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import type { RunOutcome } from '../services.ts'
import { useTheme } from '../theme.ts'
import { statusMark } from '../words.ts'

export const endKeys = keyTable({
  diagnosis: {
    keys: ['enter'],
    shown: '↵',
    hint: 'what is left',
    help: 'Causes with what they hold up, their evidence and their remedies',
  },
  debrief: {
    keys: ['b'],
    shown: 'b',
    hint: 'debrief',
    help: 'Practice: stop the clock, and see the score and what led to what',
  },
  checks: {
    keys: ['c'],
    shown: 'c',
    hint: 'all checks',
    help: 'Every check with its evidence, failures first',
  },
  allAgain: {
    keys: ['R'],
    shown: 'R',
    hint: 'look again',
    help: 'Make all checks again over the same connection',
  },
  again: {
    keys: ['r'],
    shown: 'r',
    hint: 'run again',
    help: 'The same runbook on the same server with the same values, as a new run',
  },
  export: { keys: ['e'], shown: 'e', hint: 'export', help: 'Write a report of this run into a file' },
  ...scrolling,
  note: runKeys.note,
  shell: runKeys.shell,
  copy: { ...copyKey, hint: '' },
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to where you came from' },
  quit: { keys: ['q'], shown: 'q', hint: 'leave', help: 'Leave Kneeboard' },
})

interface EndProps {
  readonly state: RunState | undefined
  readonly outcome: RunOutcome
  readonly trail: Trail
  readonly actions: RunActions
  readonly onChecks: () => void
  readonly onDiagnosis: () => void
  readonly onExport?: () => void
  readonly onAgain?: () => void
  readonly onBack: () => void
  readonly onQuit: () => void
}

/** Prose wider than this is hard to read; the rest of a wide screen stays calm. */
const WIDEST = 110

export function End(props: EndProps) {
  const { state, outcome, trail, actions, onChecks, onDiagnosis, onExport, onAgain, onBack, onQuit } = props
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const prompt = usePrompt(columns)
  const copy = useClipboard()
  const width = insideColumns(columns)
  const canMend = actions.mend !== undefined
  const lines = useMemo(
    () => resultPage({ width: Math.min(width, WIDEST), symbols }, state, outcome, canMend),
    [width, symbols, state, outcome, canMend],
  )
  const panelRows = rows - 2 - prompt.rows
  const visible = insideRows(panelRows)
  const scroll = useScroll(lines.length, visible)
  const foot = whereabouts(scroll.top, visible, lines.length)
  const mark = statusMark(outcome.status, symbols)
  const hasCauses = state !== undefined && diagnose(state).length > 0
  const { again, note, shell } = actions
  const exercise = useExercise(trail.target?.environment)
  return (
    <Screen
      trail={trail}
      status={{ text: `${mark.symbol} ${mark.word}`, tone: mark.tone }}
      keys={endKeys}
      handlers={{
        diagnosis: hasCauses ? onDiagnosis : undefined,
        debrief: exercise === undefined ? undefined : onQuit,
        checks: state === undefined ? undefined : onChecks,
        allAgain: again === undefined ? undefined : () => again([]),
        again: onAgain,
        export: onExport,
        ...(lines.length > visible ? scroll.handlers : {}),
        note: note === undefined ? undefined : askForNote(prompt, note),
        shell,
        copy: state === undefined ? undefined : () => copy(plainReport(state, UNICODE_MARKS)),
        back: onBack,
        quit: onQuit,
      }}
      prompt={prompt}
    >
      <Panel
        title={state?.title ?? 'Result'}
        aside={mark.word}
        asideTone={mark.tone}
        columns={columns}
        rows={panelRows}
        isFocused
        weight={weightOf(trail.target?.environment)}
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + visible)} width={width} />
      </Panel>
    </Screen>
  )
}
