/** The one moving thing on a screen: says that something is at work. Stands still where motion is not wanted. */

import { Text, useAnimation } from 'ink'
import { useTheme } from '../theme.ts'

/** Four per cent of a processor at 80 ms, three at 120 ms (tui.md §2.2). */
const INTERVAL = 120

export function Spinner() {
  const { symbols, tones, motion, live } = useTheme()
  const { frame } = useAnimation({ interval: INTERVAL, isActive: motion && live })
  return <Text {...tones.accent}>{symbols.spinner[frame % symbols.spinner.length]}</Text>
}
