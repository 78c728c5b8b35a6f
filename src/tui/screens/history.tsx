/** Every run there was, the newest first. */

import { useWindowSize } from 'ink'
import { useState } from 'react'
import { type Entry, entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, Panel } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { prose } from '../documents/build.ts'
import { pastRunPage } from '../documents/past-run.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { spread } from '../lines.ts'
import { useScroll } from '../scroll.ts'
import type { RunSummary } from '../services.ts'
import { useTheme } from '../theme.ts'
import { ago, count, statusMark } from '../words.ts'

export const historyKeys = keyTable({
  open: { keys: ['enter'], shown: '↵', hint: 'open', help: 'See what was found and changed' },
  resume: {
    keys: ['r'],
    shown: 'r',
    hint: 'go on with it',
    help: 'Go on with a run that was cut off, where its journal ends',
  },
  mark: { keys: [' '], shown: 'space', hint: 'mark', help: 'Mark the run, to compare another one with it' },
  compare: {
    keys: ['c'],
    shown: 'c',
    hint: 'compare',
    help: 'See what ended differently in this run and the marked one',
  },
  ...movement,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Back to the servers' },
})

interface HistoryProps {
  /** Undefined while they are being read. */
  readonly runs: readonly RunSummary[] | undefined
  readonly problem?: string
  readonly onOpen: (run: RunSummary) => void
  readonly onResume: (run: RunSummary) => void
  readonly onCompare: (one: RunSummary, other: RunSummary) => void
  readonly onBack: () => void
}

export function History({ runs, problem, onOpen, onResume, onCompare, onBack }: HistoryProps) {
  const [marked, mark] = useState<string>()
  const { columns, rows } = useWindowSize()
  const { symbols, now } = useTheme()
  const place = layout(columns, rows, 0, (runs?.length ?? 0) + 3)
  const width = entryColumns(insideColumns(place.list.columns))
  const entries = (runs ?? []).map((run): Entry => {
    const { symbol, tone, word } = statusMark(run.status, symbols)
    const name = `${run.runbook} on ${run.target.name}`
    return {
      id: run.run,
      line: spread(
        [
          { text: `${symbol} `, tone },
          run.run === marked ? { text: `${name} (marked)`, tone: 'accent' } : { text: name },
        ],
        [
          { text: word, tone },
          { text: `  ${ago(run.startedAt, now()).padStart(11)}`, tone: 'muted' },
        ],
        width,
        symbols.ellipsis,
      ),
    }
  })
  const selection = useSelection(entries, insideRows(place.list.rows))
  const chosen = runs?.find(({ run }) => run === selection.selected)
  const other = runs?.find(({ run }) => run === marked)
  const page = { width: insideColumns(detailSize(place, 'list').columns), symbols }
  const lines = chosen === undefined ? [] : pastRunPage(page, chosen, runs ?? [])
  const scroll = useScroll(lines.length, insideRows(place.detail.rows), selection.selected)
  const words =
    problem ??
    (runs === undefined ? '' : 'Nothing was run yet. Esc, then ↵ on a server, starts the first one.')
  return (
    <Screen
      trail={{ path: ['past runs'] }}
      status={{ text: runs === undefined ? '' : count(runs.length, 'run'), tone: 'muted' }}
      keys={historyKeys}
      handlers={{
        open: chosen === undefined ? undefined : () => onOpen(chosen),
        resume: chosen?.status === 'interrupted' ? () => onResume(chosen) : undefined,
        mark:
          chosen === undefined || entries.length < 2
            ? undefined
            : () => mark(chosen.run === marked ? undefined : chosen.run),
        compare:
          chosen === undefined || other === undefined || other.run === chosen.run
            ? undefined
            : () => onCompare(chosen, other),
        ...(entries.length > 1 ? selection.handlers : {}),
        back: onBack,
      }}
    >
      {entries.length === 0 ? (
        <Panel title="Past runs" columns={columns} rows={rows - 2} isFocused>
          <Rows
            lines={prose({ width: insideColumns(columns), symbols }, words.replace('↵', symbols.enter))}
            width={insideColumns(columns)}
          />
        </Panel>
      ) : (
        <ListAndDetail
          layout={place}
          focus="list"
          list={{ title: 'Past runs', entries, selected: selection.selected }}
          detail={{ title: chosen?.title ?? '', lines, scroll }}
        />
      )}
    </Screen>
  )
}
