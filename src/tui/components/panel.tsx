/** A frame with its title in the upper border and a remark in the lower one. */

import { Box, Text } from 'ink'
import type { ReactNode } from 'react'
import type { Environment } from '../../model/target.ts'
import { cut, widthOf } from '../lines.ts'
import { type Theme, type Tone, useTheme } from '../theme.ts'

/**
 * `production` is drawn double, so that it never looks like anything else; `grave` is double and red: a change
 * in production, or one that cannot be undone.
 */
export type Weight = 'plain' | 'production' | 'grave'

interface PanelProps {
  readonly title: string
  /** At the right end of the upper border. */
  readonly aside?: string
  readonly asideTone?: Tone
  /** At the right end of the lower border: where one is in a long text. */
  readonly foot?: string
  readonly footTone?: Tone
  readonly columns: number
  readonly rows: number
  /** The pane that the movement keys go to. */
  readonly isFocused?: boolean
  readonly weight?: Weight
  readonly children: ReactNode
}

/** Cells inside a panel: its border and one blank cell at either side are not. */
export const insideColumns = (columns: number): number => Math.max(1, columns - 4)
/** Rows inside a panel. */
export const insideRows = (rows: number): number => Math.max(0, rows - 2)

interface Frame {
  readonly corners: readonly [string, string, string, string]
  readonly across: string
  readonly side: string
}

function frameOf({ ascii }: Theme, weight: Weight): Frame {
  const isDouble = weight !== 'plain'
  if (ascii) {
    return isDouble
      ? { corners: ['#', '#', '#', '#'], across: '=', side: '#' }
      : { corners: ['+', '+', '+', '+'], across: '-', side: '|' }
  }
  return isDouble
    ? { corners: ['╔', '╗', '╚', '╝'], across: '═', side: '║' }
    : { corners: ['╭', '╮', '╰', '╯'], across: '─', side: '│' }
}

export function Panel(props: PanelProps) {
  const {
    title,
    aside,
    asideTone,
    foot,
    footTone = 'muted',
    columns,
    rows,
    isFocused = false,
    weight = 'plain',
    children,
  } = props
  const theme = useTheme()
  const { tones, symbols } = theme
  if (theme.linear)
    return (
      <Box flexDirection="column" flexShrink={0}>
        <Text>{`${title}${aside === undefined ? '' : `, ${aside}`}`}</Text>
        {children}
      </Box>
    )
  const frame = frameOf(theme, weight)
  const border = tones[weight === 'grave' ? 'bad' : isFocused ? 'accent' : 'muted']
  const asideText = aside === undefined ? '' : ` ${aside} `
  const titleText = ` ${cut(title, Math.max(1, columns - widthOf(asideText) - 8), symbols.ellipsis)} `
  const fill = Math.max(0, columns - widthOf(titleText) - widthOf(asideText) - 4)
  const footText = foot === undefined ? '' : ` ${foot} `
  const footFill = Math.max(0, columns - widthOf(footText) - 3)
  const [topLeft, topRight, bottomLeft, bottomRight] = frame.corners
  const sides = Array.from({ length: insideRows(rows) }, () => frame.side).join('\n')
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0} overflow="hidden">
      <Box height={1} flexShrink={0}>
        <Text wrap="truncate">
          <Text {...border}>{topLeft + frame.across}</Text>
          <Text {...tones[weight === 'grave' ? 'bad' : 'strong']}>{titleText}</Text>
          <Text {...border}>{frame.across.repeat(fill)}</Text>
          <Text {...tones[asideTone ?? 'plain']}>{asideText}</Text>
          <Text {...border}>{frame.across + topRight}</Text>
        </Text>
      </Box>
      <Box height={insideRows(rows)} flexShrink={0}>
        <Box width={2} flexShrink={0}>
          <Text {...border}>{sides}</Text>
        </Box>
        <Box
          width={insideColumns(columns)}
          height={insideRows(rows)}
          flexShrink={0}
          flexDirection="column"
          overflow="hidden"
        >
          {children}
        </Box>
        <Box width={2} flexShrink={0} justifyContent="flex-end">
          <Text {...border}>{sides}</Text>
        </Box>
      </Box>
      <Box height={1} flexShrink={0}>
        <Text wrap="truncate">
          <Text {...border}>{bottomLeft + frame.across.repeat(footFill)}</Text>
          <Text {...tones[footTone]}>{footText}</Text>
          <Text {...border}>{frame.across + bottomRight}</Text>
        </Text>
      </Box>
    </Box>
  )
}

/** The weight of what is only looked at on a server of this kind. */
export const weightOf = (environment: Environment | undefined): Weight =>
  environment === 'production' ? 'production' : 'plain'
