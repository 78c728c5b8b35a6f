/** The end of an exercise: the score by rule, what led to what, and the fastest way. */

import { useWindowSize } from 'ink'
import { useCallback, useState } from 'react'
import { debriefText } from '../../practice/training/debrief.ts'
import type { Exercise } from '../../practice/training/exercise.ts'
import { copyKey, useClipboard } from '../clipboard.ts'
import { insideColumns, insideRows, Panel } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { debriefPage } from '../documents/practice.ts'
import { keyTable, scrolling } from '../keys.ts'
import { useLoaded } from '../loaded.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import { useTheme } from '../theme.ts'

export const debriefKeys = keyTable({
  back: {
    keys: ['enter', 'escape'],
    shown: '↵',
    hint: 'other scenarios',
    help: 'Back to the scenarios (also Esc)',
  },
  again: { keys: ['a'], shown: 'a', hint: 'again', help: 'The same scenario once more, on a fresh server' },
  ...scrolling,
  copy: copyKey,
  quit: {
    keys: ['q'],
    shown: 'q',
    hint: 'leave',
    help: 'Leave Kneeboard; the debrief stays on the terminal',
  },
})

interface DebriefProps {
  readonly exercise: Exercise
  readonly onAgain: () => Promise<void>
  readonly onBack: () => void
  readonly onQuit: () => void
}

const WIDEST = 110

export function DebriefScreen({ exercise, onAgain, onBack, onQuit }: DebriefProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const copy = useClipboard()
  const [isStarting, setStarting] = useState(false)
  const { value: debrief } = useLoaded(
    useCallback(() => exercise.finish(), [exercise]),
    true,
  )
  const width = insideColumns(columns)
  const page = { width: Math.min(width, WIDEST), symbols }
  const lines = debrief === undefined ? [[{ text: 'Asking the server …' }]] : debriefPage(page, debrief)
  const visible = insideRows(rows - 2)
  const scroll = useScroll(lines.length, visible)
  const foot = whereabouts(scroll.top, visible, lines.length)
  const total = debrief?.score?.total
  const again = async () => {
    if (isStarting) return
    setStarting(true)
    await onAgain()
    setStarting(false)
  }
  return (
    <Screen
      trail={{ path: ['practice', exercise.task.name, 'debrief'] }}
      {...(isStarting
        ? { status: { text: `${symbols.running} making the server`, tone: 'accent' as const } }
        : {})}
      keys={debriefKeys}
      handlers={{
        back: onBack,
        again: () => void again(),
        ...(lines.length > visible ? scroll.handlers : {}),
        copy: debrief === undefined ? undefined : () => copy(debriefText(debrief)),
        quit: onQuit,
      }}
    >
      <Panel
        title={exercise.task.title}
        {...(total === undefined ? {} : { aside: `${total} of 100`, asideTone: 'accent' as const })}
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
