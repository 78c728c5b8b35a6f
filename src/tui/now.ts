/** The time on the screen: ticks while something on it counts, slowly where no motion is wanted. */

import { useAnimation } from 'ink'
import { useTheme } from './theme.ts'

/** Milliseconds since the epoch. */
export function useNow(isActive = true): number {
  const { now, motion, live, linear } = useTheme()
  useAnimation({ interval: motion ? 1000 : 10_000, isActive: isActive && live && !linear })
  return now()
}
