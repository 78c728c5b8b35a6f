/** The time on the screen: ticks once a second while something on it counts. */

import { useAnimation } from 'ink'
import { useTheme } from './theme.ts'

/** Milliseconds since the epoch. */
export function useNow(isActive = true): number {
  const { now, motion } = useTheme()
  useAnimation({ interval: 1000, isActive: isActive && motion })
  return now()
}
