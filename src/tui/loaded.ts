/** Things that are read asynchronously, for screens that have to be drawn before they are there. */

import { useCallback, useState } from 'react'

/** Something read asynchronously, kept while it is read again. */
export function useLoaded<T>(read: () => Promise<T>): {
  value: T | undefined
  problem: string | undefined
  load: () => void
} {
  const [state, setState] = useState<{ value?: T; problem?: string }>({})
  const load = useCallback(() => {
    read().then(
      value => setState({ value }),
      (error: unknown) => setState({ problem: wordsOf(error) }),
    )
  }, [read])
  return { value: state.value, problem: state.problem, load }
}

/** What went wrong, and what to do next where the failure says so. */
export function wordsOf(error: unknown): string {
  const next = error instanceof Error && 'next' in error ? ` ${String(error.next)}` : ''
  return (error instanceof Error ? error.message : String(error)) + next
}
