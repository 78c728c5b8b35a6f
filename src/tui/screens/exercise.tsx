/** An exercise between its runbooks: what was noticed, how it stands, and the ways on. */

import { useWindowSize } from 'ink'
import { useSyncExternalStore } from 'react'
import type { Exercise } from '../../practice/training/exercise.ts'
import { insideColumns, insideRows, Panel } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { exercisePage } from '../documents/practice.ts'
import { keyTable, scrolling } from '../keys.ts'
import { useNow } from '../now.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import type { RunbookSummary } from '../services.ts'
import { useTheme } from '../theme.ts'

export const exerciseKeys = keyTable({
  runbook: {
    keys: ['enter'],
    shown: '↵',
    hint: 'runbook',
    help: 'Open the runbook for this; nothing runs yet',
  },
  others: { keys: ['r'], shown: 'r', hint: 'other runbooks', help: 'Choose another runbook for the server' },
  debrief: {
    keys: ['b'],
    shown: 'b',
    hint: 'debrief',
    help: 'Stop the clock, have the server asked whether it works, and see the score and what led to what',
  },
  ...scrolling,
  back: { keys: ['escape'], shown: 'Esc', hint: 'give up', help: 'Back to the scenarios, without a score' },
})

interface ExerciseProps {
  readonly exercise: Exercise
  readonly runbook: RunbookSummary | undefined
  readonly onRunbook: () => void
  readonly onOthers: () => void
  readonly onDebrief: () => void
  readonly onBack: () => void
}

const WIDEST = 90

export function ExerciseScreen({ exercise, runbook, onRunbook, onOthers, onDebrief, onBack }: ExerciseProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const view = useSyncExternalStore(exercise.subscribe, exercise.getSnapshot)
  const now = useNow()
  const width = insideColumns(columns)
  const lines = exercisePage({ width: Math.min(width, WIDEST), symbols }, exercise, view, runbook, now)
  const visible = insideRows(rows - 2)
  const scroll = useScroll(lines.length, visible)
  const foot = whereabouts(scroll.top, visible, lines.length)
  const { target, task } = exercise
  return (
    <Screen
      trail={{ target, path: [task.name] }}
      status={{ text: 'nothing here is real', tone: 'muted' }}
      keys={exerciseKeys}
      handlers={{
        runbook: onRunbook,
        others: onOthers,
        debrief: onDebrief,
        ...(lines.length > visible ? scroll.handlers : {}),
        back: onBack,
      }}
    >
      <Panel
        title={task.title}
        aside="practice"
        asideTone="accent"
        columns={columns}
        rows={rows - 2}
        isFocused
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + visible)} width={width} />
      </Panel>
    </Screen>
  )
}
