/** Several remedies would do: which one to look at. Looking at one changes nothing yet. */

import { useWindowSize } from 'ink'
import type { ChoiceRequest } from '../../engine/operator.ts'
import type { RunState } from '../../engine/state.ts'
import { useArmed } from '../armed.ts'
import { connectionStatus } from '../components/header.tsx'
import { type Entry, entryColumns, List, useSelection } from '../components/list.tsx'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { prose } from '../documents/build.ts'
import { checkPage, sentence } from '../documents/check.ts'
import { keyTable, movement } from '../keys.ts'
import { spread } from '../lines.ts'
import { useTheme } from '../theme.ts'
import { gradeTone } from '../words.ts'

export const chooseKeys = keyTable({
  open: {
    keys: ['enter'],
    shown: '↵',
    hint: 'look at it',
    help: 'See exactly what it would do; nothing runs yet',
  },
  none: {
    keys: ['n', 'escape'],
    shown: 'n',
    hint: 'none of them',
    help: 'Leave it as it is and go on with the run',
  },
  ...movement,
})

interface ChooseProps {
  readonly request: ChoiceRequest
  readonly state: RunState | undefined
  readonly onAnswer: (remedy: string | null) => void
}

export function Choose({ request, state, onAnswer }: ChooseProps) {
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const isArmed = useArmed()
  const width = insideColumns(columns)
  const page = { width, symbols: theme.symbols }
  const entries = request.remedies.map(
    ({ id, title, grade }): Entry => ({
      id,
      line: spread(
        [{ text: title }],
        [{ text: grade, tone: gradeTone[grade] }],
        entryColumns(width),
        theme.symbols.ellipsis,
      ),
    }),
  )
  const head = [...prose(page, sentence(request.verdict.summary), 'strong'), []]
  const listRows = Math.min(entries.length, 10)
  const panelRows = head.length + listRows + 2
  const selection = useSelection(entries, listRows)
  const check = state?.checks[request.check]
  const detailRows = rows - 2 - panelRows
  const detail =
    check === undefined || state === undefined
      ? []
      : checkPage(page, { ...check, verdict: request.verdict }, state)
  const { selected } = selection
  const weight = weightOf(state?.target.environment)
  return (
    <Screen
      trail={state === undefined ? { path: [] } : { target: state.target, path: [state.runbook] }}
      status={connectionStatus(state?.connection, theme, columns)}
      keys={chooseKeys}
      handlers={{
        ...(entries.length > 1 ? selection.handlers : {}),
        open: isArmed && selected !== undefined ? () => onAnswer(selected) : undefined,
        none: isArmed ? () => onAnswer(null) : undefined,
      }}
    >
      <Panel
        title={request.title}
        aside="which remedy?"
        asideTone="accent"
        columns={columns}
        rows={panelRows}
        isFocused
        weight={weight}
      >
        <Rows lines={head} width={width} />
        <List entries={entries} selected={selected} columns={width} rows={listRows} isFocused />
      </Panel>
      {detailRows > 3 ? (
        <Panel title="What was found" columns={columns} rows={detailRows} weight={weight}>
          <Rows lines={detail.slice(0, insideRows(detailRows))} width={width} />
        </Panel>
      ) : null}
    </Screen>
  )
}
