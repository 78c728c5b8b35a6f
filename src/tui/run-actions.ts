/** What an operator can do to a run unasked, and the keys for it: one table for every screen of a run. */

import type { Prompt } from './components/prompt-row.tsx'
import { keyTable } from './keys.ts'
import type { RunStore } from './store.ts'

/** Each is absent where it cannot be done. What comes back is said in the footer. */
export interface RunActions {
  note?(text: string, check?: string): string
  skip?(check: string, reason: string): string
  /** Without checks: all of them. */
  again?(checks: readonly string[]): string | undefined
  /** Offers a check's remedies once more. */
  mend?(check: string): void
  hold?(): void
  shell?(): Promise<string | undefined>
}

export const runKeys = keyTable({
  hold: {
    keys: ['!'],
    shown: '!',
    hint: 'hold',
    help: 'Hold everything: nothing new starts until ! is pressed again',
  },
  note: { keys: ['w'], shown: 'w', hint: 'note', help: 'Write a note into the journal' },
  shell: { keys: ['$'], shown: '$', hint: 'shell', help: 'Open a shell on the server, and come back' },
})

export const checkActionKeys = keyTable({
  mend: { keys: ['m'], shown: 'm', hint: 'remedy', help: 'See the remedy of this check once more' },
  again: { keys: ['r'], shown: 'r', hint: 'look again', help: 'Make this check again' },
  skip: {
    keys: ['s'],
    shown: 's',
    hint: 'skip',
    help: 'Leave this check out, with a reason; it then counts as unproven',
  },
  allAgain: { keys: ['R'], shown: 'R', hint: '', help: 'Make all checks again' },
})

/** Asks for a note's words, and writes it. */
export const askForNote =
  (prompt: Prompt, note: NonNullable<RunActions['note']>, check?: string) => (): void =>
    prompt.ask({ label: 'Note:', placeholder: 'for the journal', done: text => note(text, check) })

/** @param openShell hands the terminal to a shell on the run's server, and settles when it is back. */
export function runActions(store: RunStore, openShell: () => Promise<void>): RunActions {
  const { question, state, outcome } = store.getSnapshot()
  if (outcome !== undefined || state === undefined) return {}
  const review = question?.kind === 'review' ? question : undefined
  const all = Object.keys(state.checks)
  return {
    note(text, check) {
      store.say({ type: 'note', text, ...(check === undefined ? {} : { check }) })
      return 'Written into the journal.'
    },
    skip(check, reason) {
      store.say({ type: 'skip', check, reason })
      return 'Left out. It counts as unproven.'
    },
    again(checks) {
      if (review !== undefined) {
        review.answer({ do: 'again', checks })
        return undefined
      }
      store.say({ type: 'again', checks: checks.length === 0 ? all : checks })
      return 'It is looked at again as soon as nothing is being changed.'
    },
    ...(review === undefined || state.mode === 'check'
      ? {}
      : { mend: (check: string) => review.answer({ do: 'mend', check }) }),
    ...(review === undefined ? { hold: () => store.say({ type: state.frozen ? 'release' : 'freeze' }) } : {}),
    async shell() {
      store.say({ type: 'note', text: 'A shell was opened on the server.' })
      try {
        await openShell()
        return undefined
      } finally {
        store.say({ type: 'note', text: 'The shell was left.' })
      }
    },
  }
}
