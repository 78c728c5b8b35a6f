/** The end of a run: what is left to do, what was changed, where the record is. */

import { useWindowSize } from 'ink'
import { useMemo } from 'react'
import type { RunState } from '../../engine/state.ts'
import type { Trail } from '../components/header.tsx'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { resultPage } from '../documents/result.ts'
import { keyTable, scrolling } from '../keys.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import type { RunOutcome } from '../services.ts'
import { useTheme } from '../theme.ts'
import { statusMark } from '../words.ts'

export const endKeys = keyTable({
  checks: {
    keys: ['enter', 'c'],
    shown: '↵',
    hint: 'all checks',
    help: 'Every check with its evidence, failures first',
  },
  again: {
    keys: ['r'],
    shown: 'r',
    hint: 'run again',
    help: 'The same runbook on the same server with the same values',
  },
  ...scrolling,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to where you came from' },
  quit: { keys: ['q'], shown: 'q', hint: 'leave', help: 'Leave Kneeboard' },
})

interface EndProps {
  readonly state: RunState | undefined
  readonly outcome: RunOutcome
  readonly trail: Trail
  readonly onChecks: () => void
  readonly onAgain?: () => void
  readonly onBack: () => void
  readonly onQuit: () => void
}

/** Prose wider than this is hard to read; the rest of a wide screen stays calm. */
const WIDEST = 110

export function End({ state, outcome, trail, onChecks, onAgain, onBack, onQuit }: EndProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const width = insideColumns(columns)
  const lines = useMemo(
    () => resultPage({ width: Math.min(width, WIDEST), symbols }, state, outcome),
    [width, symbols, state, outcome],
  )
  const visible = insideRows(rows - 2)
  const scroll = useScroll(lines.length, visible)
  const foot = whereabouts(scroll.top, visible, lines.length)
  const mark = statusMark(outcome.status, symbols)
  return (
    <Screen
      trail={trail}
      status={{ text: `${mark.symbol} ${mark.word}`, tone: mark.tone }}
      keys={endKeys}
      handlers={{
        checks: state === undefined ? undefined : onChecks,
        again: onAgain,
        ...(lines.length > visible ? scroll.handlers : {}),
        back: onBack,
        quit: onQuit,
      }}
    >
      <Panel
        title={state?.title ?? 'Result'}
        aside={mark.word}
        asideTone={mark.tone}
        columns={columns}
        rows={rows - 2}
        isFocused
        weight={weightOf(trail.target?.environment)}
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + visible)} width={width} />
      </Panel>
    </Screen>
  )
}
