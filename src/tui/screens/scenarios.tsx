/** What can be practised: what was noticed, and the best score so far. */

import { useWindowSize } from 'ink'
import { useState } from 'react'
import type { ScenarioSummary } from '../../practice/training/desk.ts'
import { type Entry, entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows } from '../components/panel.tsx'
import { Screen } from '../components/screen.tsx'
import { scenarioPage } from '../documents/practice.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { type Line, spread } from '../lines.ts'
import { useScroll } from '../scroll.ts'
import { useTheme } from '../theme.ts'

export const scenariosKeys = keyTable({
  begin: {
    keys: ['enter', 'right', 'l'],
    shown: '↵',
    hint: 'begin',
    help: 'Make a server for the scenario and open its runbook; the clock starts, and nothing has run yet',
  },
  ...movement,
  back: { keys: ['escape', 'left', 'h'], shown: 'Esc', hint: 'back', help: 'Back to the servers' },
})

interface ScenariosProps {
  readonly scenarios: readonly ScenarioSummary[]
  /** The scenario to stand on first. */
  readonly selected?: string
  /** Settles when its server has started, or could not. */
  readonly onBegin: (scenario: string) => Promise<void>
  readonly onBack: () => void
}

export function Scenarios({ scenarios, selected, onBegin, onBack }: ScenariosProps) {
  const { columns, rows } = useWindowSize()
  const { symbols } = useTheme()
  const [isStarting, setStarting] = useState(false)
  // The page has to be read whole: the list gives way, and scrolls.
  const place = layout(columns, rows, 0, Math.min(scenarios.length + 2, rows - 16))
  const width = entryColumns(insideColumns(place.list.columns))
  const entries = scenarios.map(
    (scenario): Entry => ({
      id: scenario.name,
      line: spread([{ text: scenario.title }], bestOf(scenario), width, symbols.ellipsis),
    }),
  )
  const selection = useSelection(entries, insideRows(place.list.rows), selected)
  const chosen = scenarios.find(({ name }) => name === selection.selected)
  const size = detailSize(place, 'list')
  const page = { width: insideColumns(size.columns), symbols }
  const lines = chosen === undefined ? [] : scenarioPage(page, chosen)
  const scroll = useScroll(lines.length, insideRows(size.rows), selection.selected)
  const begin = async () => {
    if (chosen === undefined || isStarting) return
    setStarting(true)
    await onBegin(chosen.name)
    setStarting(false)
  }
  return (
    <Screen
      trail={{ path: ['practice'] }}
      status={
        isStarting
          ? { text: `${symbols.running} making the server`, tone: 'accent' }
          : { text: 'nothing here is real', tone: 'muted' }
      }
      keys={scenariosKeys}
      handlers={{
        begin: chosen === undefined ? undefined : () => void begin(),
        ...(entries.length > 1 ? selection.handlers : {}),
        back: onBack,
      }}
    >
      <ListAndDetail
        layout={place}
        focus="list"
        list={{ title: 'What would you like to practise?', entries, selected: selection.selected }}
        detail={{ title: chosen?.title ?? '', lines, scroll }}
      />
    </Screen>
  )
}

function bestOf({ best, isScored }: ScenarioSummary): Line {
  if (!isScored) return [{ text: 'no score', tone: 'muted' }]
  return best === undefined ? [{ text: 'not yet', tone: 'muted' }] : [{ text: `best ${best}`, tone: 'good' }]
}
