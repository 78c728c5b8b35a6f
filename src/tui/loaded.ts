/** Things that are read asynchronously, for screens that have to be drawn before they are there. */

import { useCallback, useEffect, useState } from 'react'

export interface Loaded<T> {
  /** Undefined while it is read for the first time, and when that failed. */
  readonly value?: T
  readonly problem?: string
  /** Reads it again. */
  load(): void
}

/** Something read asynchronously each time it is needed, kept while it is read again. */
export function useLoaded<T>(read: () => Promise<T>, isNeeded: boolean): Loaded<T> {
  const [state, setState] = useState<{ value?: T; problem?: string }>({})
  const load = useCallback(() => {
    read().then(
      value => setState({ value }),
      (error: unknown) => setState({ problem: wordsOf(error) }),
    )
  }, [read])
  useEffect(() => {
    if (isNeeded) load()
  }, [isNeeded, load])
  return { ...state, load }
}

/** What went wrong, and what to do next where the failure says so. */
export function wordsOf(error: unknown): string {
  const next = error instanceof Error && 'next' in error ? ` ${String(error.next)}` : ''
  return (error instanceof Error ? error.message : String(error)) + next
}
