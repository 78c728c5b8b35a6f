/** A short connection for one purpose, with the questions that it may bring: which host key, which passphrase. */

import { useEffect, useState } from 'react'
import { wordsOf } from './loaded.ts'
import { createQuestions, type Question } from './questions.ts'
import type { ConnectionPorts } from './services.ts'

/** At most one of the three is there; none while it is under way. */
export interface Visit<T> {
  readonly question?: Question
  readonly result?: T
  /** Why it came to nothing, as a sentence. */
  readonly problem?: string
}

/** One visit for each round; leaving the screen ends it. */
export function useVisit<T>(round: number, work: (ports: ConnectionPorts) => Promise<T>): Visit<T> {
  const [state, setState] = useState<{ round: number; visit: Visit<T> }>({ round, visit: {} })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a visit belongs to its round, not to what it closes over
  useEffect(() => {
    const leaving = new AbortController()
    const show = (visit: Visit<T>) => {
      if (!leaving.signal.aborted) setState({ round, visit })
    }
    const questions = createQuestions(
      () => 'operator',
      question => show(question === undefined ? {} : { question }),
    )
    work({ prompter: questions.prompter, signal: leaving.signal }).then(
      result => show({ result }),
      error => show({ problem: wordsOf(error) }),
    )
    return () => {
      leaving.abort()
      questions.close()
    }
  }, [round])
  return state.round === round ? state.visit : {}
}
