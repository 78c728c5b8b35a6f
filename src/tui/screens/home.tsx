/** The servers: which, of what kind, how the last run ended. Where everything starts. */

import { useWindowSize } from 'ink'
import { useState } from 'react'
import { environmentTone } from '../components/header.tsx'
import { type Entry, entryColumns, useSelection } from '../components/list.tsx'
import { detailSize, ListAndDetail } from '../components/list-and-detail.tsx'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import { dueEntries, duePage } from '../documents/due.ts'
import { emptyHome, targetPage } from '../documents/target.ts'
import { keyTable, movement } from '../keys.ts'
import { layout } from '../layout.ts'
import { fill, type Line, spread } from '../lines.ts'
import { useScroll } from '../scroll.ts'
import type { DueItem, TargetSummary } from '../services.ts'
import type { Symbols } from '../symbols.ts'
import { useTheme } from '../theme.ts'
import { ago, count, statusMark } from '../words.ts'

export const homeKeys = keyTable({
  open: {
    keys: ['enter', 'right', 'l'],
    shown: '↵',
    hint: 'runbooks',
    help: 'Choose a runbook for the server',
  },
  add: { keys: ['n', 'a'], shown: 'n', hint: 'add a server', help: 'Add a server' },
  remove: {
    keys: ['d', 'delete'],
    shown: 'd',
    hint: 'remove',
    help: 'Take the server off this list; nothing happens on it',
  },
  try: { keys: ['t'], shown: 't', hint: 'try', help: 'Try the connection to the server; nothing is run' },
  import: {
    keys: ['i'],
    shown: 'i',
    hint: 'import',
    help: 'Add servers from your OpenSSH configuration',
  },
  history: { keys: ['H'], shown: 'H', hint: 'past runs', help: 'Every run, the newest first' },
  practise: {
    keys: ['p'],
    shown: 'p',
    hint: 'practise',
    help: 'Practise on the built-in server: nothing there is real',
  },
  ...movement,
  quit: { keys: ['q'], shown: 'q', hint: 'leave', help: 'Leave Kneeboard' },
})

/** While something due is marked. */
export const dueKeys: typeof homeKeys = {
  ...homeKeys,
  open: {
    keys: ['enter', 'right', 'l'],
    shown: '↵',
    hint: 'go on with it',
    help: 'Go on with what waits for you',
  },
}

/** While there is no server yet. */
export const emptyKeys: typeof homeKeys = {
  ...homeKeys,
  open: {
    keys: ['enter', 'right', 'l'],
    shown: '↵',
    hint: 'practise',
    help: 'Practise on the built-in server: nothing there is real',
  },
}

export const removeKeys = keyTable({
  remove: { keys: ['y'], shown: 'y', hint: 'remove it from the list', help: 'Take it off this list' },
  keep: { keys: ['n', 'escape'], shown: 'n', hint: 'keep it', help: 'Leave the list as it is' },
})

interface HomeProps {
  /** Undefined while they are being read. */
  readonly targets: readonly TargetSummary[] | undefined
  /** The target to stand on first. */
  readonly selected?: string
  /** Set when a runbook waits for its server. */
  readonly forRunbook?: string
  /** Why the targets could not be read. */
  readonly problem?: string
  readonly onOpen: (target: TargetSummary) => void
  /** What waits for the operator, the most pressing first. */
  readonly due?: readonly DueItem[]
  readonly onDue: (item: DueItem) => void
  /** Opens the built-in server; left out where there is none. */
  readonly onPractise?: (() => void) | undefined
  readonly onTry: (target: TargetSummary) => void
  readonly onAdd: () => void
  readonly onImport: () => void
  readonly onRemove: (name: string) => void
  readonly onHistory: () => void
  readonly onQuit: () => void
}

export function Home(props: HomeProps) {
  const { targets = [], due = [], forRunbook, problem, onOpen, onDue, onTry, onAdd, onImport } = props
  const { onRemove, onHistory, onQuit } = props
  const { columns, rows } = useWindowSize()
  const { symbols, now } = useTheme()
  const [removing, setRemoving] = useState<string>()
  const waiting = forRunbook === undefined ? due : []
  const place = layout(columns, rows, 0, targets.length + (waiting.length === 0 ? 3 : waiting.length + 5))
  const width = entryColumns(insideColumns(place.list.columns))
  const entries = [
    ...dueEntries(waiting, width, symbols, now()),
    ...targets.map(summary => targetEntry(summary, width, symbols, now())),
  ]
  const selection = useSelection(entries, insideRows(place.list.rows), props.selected)
  const chosen = targets.find(({ target }) => target.name === selection.selected)
  const size = detailSize(place, 'list')
  const page = { width: insideColumns(size.columns), symbols }
  const item = waiting.find(({ id }) => id === selection.selected)
  const lines =
    item !== undefined ? duePage(page, item) : chosen === undefined ? [] : targetPage(page, chosen, now())
  const scroll = useScroll(lines.length, insideRows(size.rows), selection.selected)
  const trail = { path: [forRunbook === undefined ? 'servers' : `which server for ${forRunbook}?`] }
  const status = { text: targets.length === 0 ? '' : count(targets.length, 'server'), tone: 'muted' as const }
  if (removing !== undefined) {
    const words = `Remove ${removing} from this list? Nothing happens on the server, and its past runs are kept.`
    return (
      <Screen
        trail={trail}
        keys={removeKeys}
        handlers={{
          remove: () => {
            setRemoving(undefined)
            onRemove(removing)
          },
          keep: () => setRemoving(undefined),
        }}
      >
        <Panel title="Remove a server" columns={columns} rows={rows - 2} isFocused>
          <Rows lines={[[{ text: words }]]} width={insideColumns(columns)} />
        </Panel>
      </Screen>
    )
  }
  const isEmpty = targets.length === 0 && waiting.length === 0
  const practises =
    isEmpty && props.targets !== undefined && problem === undefined && props.onPractise !== undefined
  return (
    <Screen
      trail={trail}
      status={status}
      keys={item !== undefined ? dueKeys : practises ? emptyKeys : homeKeys}
      handlers={{
        open:
          item !== undefined
            ? () => onDue(item)
            : chosen !== undefined
              ? () => onOpen(chosen)
              : practises
                ? props.onPractise
                : undefined,
        add: onAdd,
        try: chosen === undefined ? undefined : () => onTry(chosen),
        import: onImport,
        remove: chosen === undefined ? undefined : () => setRemoving(chosen.target.name),
        history: onHistory,
        practise: practises || forRunbook !== undefined ? undefined : props.onPractise,
        ...(entries.length > 1 ? selection.handlers : {}),
        quit: onQuit,
      }}
    >
      {isEmpty ? (
        <Panel title="Servers" columns={columns} rows={rows - 2} isFocused>
          <Rows
            lines={
              props.targets === undefined && problem === undefined
                ? []
                : emptyHome({ width: insideColumns(columns), symbols }, problem, practises)
            }
            width={insideColumns(columns)}
          />
        </Panel>
      ) : (
        <ListAndDetail
          layout={place}
          focus="list"
          list={{ title: 'Servers', entries, selected: selection.selected }}
          detail={{ title: item?.title ?? chosen?.target.name ?? '', lines, scroll }}
          weight={weightOf((item ?? chosen)?.target.environment)}
        />
      )}
    </Screen>
  )
}

function targetEntry(
  { target, lastRun }: TargetSummary,
  columns: number,
  symbols: Symbols,
  now: number,
): Entry {
  const left: Line = [
    { text: fill(target.name, Math.min(20, Math.floor(columns * 0.3)), symbols.ellipsis) },
    { text: ' ' },
    { text: target.environment.toUpperCase().padEnd(12), tone: environmentTone[target.environment] },
  ]
  if (lastRun === undefined)
    return {
      id: target.name,
      line: spread(left, [{ text: 'never run', tone: 'muted' }], columns, symbols.ellipsis),
    }
  const mark = statusMark(lastRun.status, symbols)
  const right: Line = [
    { text: `${mark.symbol} ${mark.word}`, tone: mark.tone },
    { text: `  ${ago(lastRun.at, now).padStart(11)}`, tone: 'muted' },
  ]
  return { id: target.name, line: spread(left, right, columns, symbols.ellipsis) }
}
