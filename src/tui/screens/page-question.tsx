/** A question that is a page of words and a few keys: a manual step, a host key, a lock held by somebody. */

import { useWindowSize } from 'ink'
import type { ReactNode } from 'react'
import type { RunState } from '../../engine/state.ts'
import { connectionStatus, type Trail } from '../components/header.tsx'
import { insideColumns, insideRows, Panel, weightOf } from '../components/panel.tsx'
import { Rows } from '../components/rows.tsx'
import { Screen } from '../components/screen.tsx'
import type { Page } from '../documents/build.ts'
import type { Handlers, KeyTable, Movement } from '../keys.ts'
import type { Line } from '../lines.ts'
import { useScroll, whereabouts } from '../scroll.ts'
import { useTheme } from '../theme.ts'

interface PageQuestionProps<A extends string> {
  readonly title: string
  readonly trail: Trail
  readonly state: RunState | undefined
  /** Red: this may be an attack, or undo somebody's work. */
  readonly isGrave?: boolean
  readonly lines: (page: Page) => readonly Line[]
  readonly keys: KeyTable<A | Movement>
  readonly handlers: Handlers<A>
  readonly children?: ReactNode
}

export function PageQuestion<A extends string>(props: PageQuestionProps<A>) {
  const { title, trail, state, isGrave = false, lines: linesFor, keys, handlers } = props
  const { columns, rows } = useWindowSize()
  const theme = useTheme()
  const width = insideColumns(columns)
  const lines = linesFor({ width: Math.min(width, 100), symbols: theme.symbols })
  const panelRows = rows - 2
  const visible = insideRows(panelRows)
  const scroll = useScroll(lines.length, visible)
  const foot = whereabouts(scroll.top, visible, lines.length)
  const moving: Handlers<Movement> = lines.length > visible ? scroll.handlers : {}
  return (
    <Screen
      trail={trail}
      status={connectionStatus(state?.connection, theme, columns)}
      keys={keys}
      handlers={{ ...moving, ...handlers } as Handlers<A | Movement>}
    >
      <Panel
        title={title}
        columns={columns}
        rows={panelRows}
        isFocused
        weight={isGrave ? 'grave' : weightOf(trail.target?.environment)}
        {...(foot === undefined ? {} : { foot })}
      >
        <Rows lines={lines.slice(scroll.top, scroll.top + visible)} width={width} />
      </Panel>
    </Screen>
  )
}
