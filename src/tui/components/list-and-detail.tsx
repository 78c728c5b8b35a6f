/** A list and the page of its selected entry: side by side where there is room, else one under the other. */

import { Box } from 'ink'
import type { Layout } from '../layout.ts'
import type { Line } from '../lines.ts'
import { type Scroll, whereabouts } from '../scroll.ts'
import type { Tone } from '../theme.ts'
import { type Entry, List, listWhereabouts } from './list.tsx'
import { insideColumns, insideRows, Panel, type Weight } from './panel.tsx'
import { Rows } from './rows.tsx'

export type Pane = 'list' | 'detail'

interface ListAndDetailProps {
  readonly layout: Layout
  readonly focus: Pane
  readonly list: {
    readonly title: string
    readonly aside?: string
    readonly entries: readonly Entry[]
    readonly selected: string | undefined
  }
  readonly detail: {
    readonly title: string
    readonly aside?: string
    readonly asideTone?: Tone
    readonly lines: readonly Line[]
    readonly scroll: Scroll
    readonly foot?: string | undefined
    /** Words to mark wherever they stand. */
    readonly marked?: string
  }
  readonly weight?: Weight
}

/** Outer size of the detail's panel: all of the body when it has the focus and there is no room beside. */
export function detailSize(layout: Layout, focus: Pane): { columns: number; rows: number } {
  const isZoomed = layout.arrangement !== 'beside' && focus === 'detail'
  return isZoomed
    ? { columns: layout.columns, rows: layout.list.rows + layout.detail.rows }
    : { columns: layout.detail.columns, rows: layout.detail.rows }
}

export function ListAndDetail({ layout, focus, list, detail, weight = 'plain' }: ListAndDetailProps) {
  const isBeside = layout.arrangement === 'beside'
  const size = detailSize(layout, focus)
  const isListShown = isBeside || focus === 'list'
  const listRows = insideRows(layout.list.rows)
  const detailRows = insideRows(size.rows)
  const listFoot = listWhereabouts(list.entries, list.selected, listRows)
  const detailFoot = detail.foot ?? whereabouts(detail.scroll.top, detailRows, detail.lines.length)
  return (
    <Box flexDirection={isBeside ? 'row' : 'column'} flexShrink={0}>
      {isListShown ? (
        <Panel
          title={list.title}
          {...(list.aside === undefined ? {} : { aside: list.aside })}
          {...(listFoot === undefined ? {} : { foot: listFoot })}
          columns={layout.list.columns}
          rows={layout.list.rows}
          isFocused={focus === 'list'}
          weight={weight}
        >
          <List
            entries={list.entries}
            selected={list.selected}
            columns={insideColumns(layout.list.columns)}
            rows={listRows}
            isFocused={focus === 'list'}
          />
        </Panel>
      ) : null}
      <Panel
        title={detail.title}
        {...(detail.aside === undefined ? {} : { aside: detail.aside })}
        {...(detail.asideTone === undefined ? {} : { asideTone: detail.asideTone })}
        {...(detailFoot === undefined ? {} : { foot: detailFoot })}
        columns={size.columns}
        rows={size.rows}
        isFocused={focus === 'detail'}
        weight={weight}
      >
        <Rows
          marked={detail.marked ?? ''}
          lines={detail.lines.slice(detail.scroll.top, detail.scroll.top + detailRows)}
          width={insideColumns(size.columns)}
        />
      </Panel>
    </Box>
  )
}
