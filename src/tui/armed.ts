/** A question that appears under the fingers must not be answered by a key that was meant for something else. */

import { useEffect, useState } from 'react'
import { useTheme } from './theme.ts'

/** Milliseconds after which an answer counts: longer than a double press, shorter than reading a line. */
export const ARMING = 350

/** False for the first moments of a question's life, and the footer shows no answer then. */
export function useArmed(milliseconds = ARMING): boolean {
  const { live } = useTheme()
  const [isArmed, setArmed] = useState(!live)
  useEffect(() => {
    if (!live) return
    const timer = setTimeout(() => setArmed(true), milliseconds)
    return () => clearTimeout(timer)
  }, [milliseconds, live])
  return isArmed
}
