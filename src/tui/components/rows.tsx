/** Draws ready-made rows: one `Text` a row, cut to the width, never wrapped by the terminal. */

import { Box, Text } from 'ink'
import { cutLine, type Line } from '../lines.ts'
import { markMatches } from '../search.ts'
import { useTheme } from '../theme.ts'

interface RowsProps {
  readonly lines: readonly Line[]
  readonly width: number
  /** Words to mark wherever they stand. */
  readonly marked?: string
}

export function Rows({ lines, width, marked = '' }: RowsProps) {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place on the screen, not its content
        <Row key={index} line={markMatches(line, marked)} width={width} />
      ))}
    </Box>
  )
}

interface RowProps {
  readonly line: Line
  readonly width: number
}

export function Row({ line, width }: RowProps) {
  const { symbols, tones, linear } = useTheme()
  const shown = linear ? closedUp(line) : cutLine(line, width, symbols.ellipsis)
  return (
    <Box height={1} flexShrink={0} {...(linear ? {} : { width })}>
      <Text wrap="truncate">
        {shown.length === 0 ? ' ' : null}
        {shown.map((span, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: spans have no identity of their own
          <Text key={index} {...tones[span.tone ?? 'plain']}>
            {span.text}
          </Text>
        ))}
      </Text>
    </Box>
  )
}

/** What is read aloud needs no columns. */
const closedUp = (line: Line): Line =>
  line.map(span => ({ ...span, text: span.text.replace(/ {3,}/g, '  ') }))
