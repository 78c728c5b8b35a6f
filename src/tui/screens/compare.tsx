/** Two runs compared: a page to read. */

import { useWindowSize } from 'ink'
import type { RunState } from '../../engine/state.ts'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { usePrompt } from '../components/prompt-row.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { comparePage } from '../documents/compare.ts'
import { keyTable, scrolling } from '../keys.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import { searchKeys, useSearch } from '../search.ts'
import { useTheme } from '../theme.ts'

export const compareKeys = keyTable({
  ...scrolling,
  ...searchKeys,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to the past runs' },
})

interface CompareProps {
  readonly before: RunState
  readonly after: RunState
  readonly onBack: () => void
}

export function Compare({ before, after, onBack }: CompareProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const prompt = usePrompt(columns)
  const width = insideColumns(columns)
  const lines = comparePage({ width: Math.min(width, 110), symbols }, before, after)
  const panelRows = rows - 2 - prompt.rows
  const visible = insideRows(panelRows)
  const scroll = useScroll(lines.length, visible)
  const search = useSearch(prompt, lines, visible, scroll.to)
  const foot = search.where ?? whereabouts(scroll.top, visible, lines.length)
  return (
    <Screen
      trail={{ target: after.target, path: ['past runs', 'compared'] }}
      keys={compareKeys}
      handlers={{ ...(lines.length > visible ? scroll.handlers : {}), ...search.handlers, back: onBack }}
      prompt={prompt}
    >
      <Panel
        title="Two runs"
        columns={columns}
        rows={panelRows}
        isFocused
        weight={weightOf(after.target.environment)}
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + visible)} width={width} marked={search.words} />
      </Panel>
    </Screen>
  )
}
