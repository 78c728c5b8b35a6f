/** The runbooks, grouped as one reaches for them, and found by typing. */

import { Box, Text, useWindowSize } from 'ink'
import { useState } from 'react'
import type { Target } from '../../model/target.ts'
import { type Entry, entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, weightOf } from '../components/panel.tsx'
import { type Field, Screen } from '../components/screen.tsx'
import { TextInput } from '../components/text-input.tsx'
import { runbookPage } from '../documents/runbook.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { type Span, spread } from '../lines.ts'
import { useScroll } from '../scroll.ts'
import type { RunbookSummary, RunSummary } from '../services.ts'
import { insert, textValue, typeKey } from '../text-field.ts'
import { useTheme } from '../theme.ts'
import { count, statusMark } from '../words.ts'

export const runbooksKeys = keyTable({
  open: { keys: ['enter'], shown: '↵', hint: 'open', help: 'Go on with this runbook; nothing runs yet' },
  filter: { keys: ['/'], shown: '/', hint: 'filter', help: 'Type words to find a runbook' },
  ...movement,
  back: { keys: ['escape'], shown: 'Esc', hint: 'back', help: 'Give up the filter, or back to the servers' },
})

interface RunbooksProps {
  readonly target: Target
  readonly runbooks: readonly RunbookSummary[]
  /** Earlier runs, newest first; undefined while they are read. */
  readonly runs: readonly RunSummary[] | undefined
  readonly onOpen: (runbook: RunbookSummary) => void
  readonly onBack: () => void
}

/** Every word of the filter is somewhere in the runbook's names and purpose. */
export function matchesFilter(runbook: RunbookSummary, filter: string): boolean {
  const text = `${runbook.id} ${runbook.title} ${runbook.purpose} ${runbook.group}`.toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word))
}

export function Runbooks({ target, runbooks, runs = [], onOpen, onBack }: RunbooksProps) {
  const { columns, rows } = useWindowSize()
  const { symbols, tones, now } = useTheme()
  const [filter, setFilter] = useState(textValue(''))
  const [isTyping, setTyping] = useState(false)
  const isFilterShown = isTyping || filter.text !== ''
  const place = layout(columns, rows, isFilterShown ? 1 : 0)
  const shown = runbooks.filter(runbook => matchesFilter(runbook, filter.text))
  const lastOf = (id: string) =>
    runs.find(({ runbook, target: { name } }) => runbook === id && name === target.name)
  const lastMark = (last: RunSummary | undefined): Span[] => {
    if (last === undefined) return []
    const { symbol, word, tone } = statusMark(last.status, symbols)
    return [{ text: `${symbol} ${word}`, tone }]
  }
  const groups = [...new Set(shown.map(({ group }) => group))]
  const width = entryColumns(insideColumns(place.list.columns))
  const entries = groups.flatMap((group): Entry[] => [
    { id: `group ${group}`, isHeading: true, line: [{ text: group, tone: 'muted' }] },
    ...shown
      .filter(runbook => runbook.group === group)
      .map(({ id, title, minutes }) => ({
        id,
        line: spread(
          [{ text: title }],
          [...lastMark(lastOf(id)), { text: `${minutes} min`.padStart(7), tone: 'muted' }],
          width,
          symbols.ellipsis,
        ),
      })),
  ])
  const selection = useSelection(entries, insideRows(place.list.rows))
  const chosen = shown.find(({ id }) => id === selection.selected)
  const size = detailSize(place, 'list')
  const lines =
    chosen === undefined
      ? [[{ text: 'No runbook has all of these words. Esc shows them all again.' }]]
      : runbookPage({ width: insideColumns(size.columns), symbols }, chosen, lastOf(chosen.id), now())
  const scroll = useScroll(lines.length, insideRows(size.rows), selection.selected)
  const field: Field = {
    press(press) {
      const next = press.name === 'ctrl+u' || press.name === 'ctrl+d' ? undefined : typeKey(filter, press)
      if (next !== undefined) setFilter(next)
      return next !== undefined
    },
    paste: text => setFilter(insert(filter, text)),
  }
  return (
    <Screen
      trail={{ target, path: ['runbooks'] }}
      status={{
        text:
          filter.text === '' ? count(runbooks.length, 'runbook') : `${shown.length} of ${runbooks.length}`,
        tone: 'muted',
      }}
      keys={runbooksKeys}
      handlers={{
        open: chosen === undefined ? undefined : () => onOpen(chosen),
        filter: isTyping ? undefined : () => setTyping(true),
        ...(entries.length > 2 ? selection.handlers : {}),
        back: isFilterShown
          ? () => {
              setFilter(textValue(''))
              setTyping(false)
            }
          : onBack,
      }}
      field={isTyping ? field : undefined}
    >
      <ListAndDetail
        layout={place}
        focus="list"
        weight={weightOf(target.environment)}
        list={{ title: 'Runbooks', entries, selected: selection.selected }}
        detail={{ title: chosen?.id ?? 'Nothing found', lines, scroll }}
      />
      {isFilterShown ? (
        <Box height={1} flexShrink={0} paddingX={1}>
          <Text {...tones.accent}>{'/ '}</Text>
          <TextInput
            value={filter}
            columns={columns - 6}
            isFocused={isTyping}
            placeholder="words of its name or purpose"
          />
        </Box>
      ) : null}
    </Screen>
  )
}
