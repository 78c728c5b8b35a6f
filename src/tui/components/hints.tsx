/** The hints of an exercise, over the screen: what was noticed, what was shown so far, and what one more costs. */

import { Box, useWindowSize } from 'ink'
import { useSyncExternalStore } from 'react'
import type { Exercise } from '../../practice/training/exercise.ts'
import { hintsPage } from '../documents/practice.ts'
import { actionFor, type Handlers, type KeyTable, keyTable, scrolling } from '../keys.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import { useTheme } from '../theme.ts'
import { Footer } from './footer.tsx'
import { Header, type Trail } from './header.tsx'
import { useKeyTarget } from './key-scope.tsx'
import { insideColumns, insideRows, Panel } from './panel.tsx'
import { Rows } from './rows.tsx'

/** On every screen of an exercise. */
export const practiceKeys = keyTable({
  hint: {
    keys: ['i'],
    shown: 'i',
    hint: 'hint',
    help: 'Practice: what was noticed, and hints. A hint costs points, and says how many first',
  },
})

export const hintKeys = keyTable({
  take: { keys: ['enter'], shown: '↵', hint: 'show the next hint', help: 'Show one more hint, at its cost' },
  close: {
    keys: ['escape', 'i', 'q'],
    shown: 'Esc',
    hint: 'back',
    help: 'Back to the screen; costs nothing',
  },
  ...scrolling,
})

/** A screen's keys with the one for hints behind the first, so that a narrow footer still shows it. */
export function withHint<A extends string>(
  keys: KeyTable<A>,
  handlers: Handlers<A>,
  onHint: () => void,
): readonly [KeyTable, Handlers<string>] {
  const [first, ...rest] = Object.entries(keys)
  const table = Object.fromEntries([...(first ? [first] : []), ...Object.entries(practiceKeys), ...rest])
  return [table as KeyTable, { ...handlers, hint: onHint }]
}

interface HintsProps {
  readonly trail: Trail
  readonly exercise: Exercise
  readonly onClose: () => void
}

export function Hints({ trail, exercise, onClose }: HintsProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const view = useSyncExternalStore(exercise.subscribe, exercise.getSnapshot)
  const { nextHintCosts } = view
  const lines = hintsPage({ width: insideColumns(columns), symbols }, exercise, view)
  const height = insideRows(rows - 2)
  const scroll = useScroll(lines.length, height)
  const handlers: Handlers<keyof typeof hintKeys> = {
    ...scroll.handlers,
    take: nextHintCosts === undefined ? undefined : exercise.takeHint,
    close: onClose,
  }
  useKeyTarget({
    isTyping: false,
    press(press) {
      const handler = handlers[actionFor(hintKeys, press) ?? 'up']
      if (actionFor(hintKeys, press) !== undefined && typeof handler === 'function') handler()
    },
  })
  const foot = whereabouts(scroll.top, height, lines.length)
  return (
    <Box flexDirection="column" width="100%" height={rows}>
      <Header trail={{ ...trail, path: [...trail.path, 'hints'] }} columns={columns} />
      <Panel
        title={exercise.task.title}
        aside="practice"
        asideTone="accent"
        columns={columns}
        rows={rows - 2}
        isFocused
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + height)} width={insideColumns(columns)} />
      </Panel>
      <Footer
        columns={columns}
        hints={[
          ...(nextHintCosts === undefined
            ? []
            : [{ shown: '↵', hint: `show the next hint, for ${nextHintCosts} points`, isDisabled: false }]),
          { shown: 'Esc', hint: 'back', isDisabled: false },
        ]}
      />
    </Box>
  )
}
