/** A prompter that answers from a list and remembers what it was asked. */

import type { Prompter } from '../../src/host/prompter.ts'

export interface Answers {
  readonly hostKey?: boolean
  /** One for each time it is asked; null declines, and so does the end of the list. */
  readonly passphrase?: readonly (string | null)[]
  readonly password?: readonly (string | null)[]
  readonly sudoPassword?: readonly (string | null)[]
  readonly keyboardInteractive?: readonly (readonly string[] | null)[]
}

export interface Asking extends Prompter {
  /** Every question with what it said, in order. */
  readonly asked: readonly { readonly kind: string; readonly question: unknown }[]
}

export function asking(answers: Answers = {}): Asking {
  const asked: { kind: string; question: unknown }[] = []
  const given = new Map<string, number>()
  const next = <T>(kind: keyof Answers, question: unknown, list: readonly (T | null)[] = []): T | null => {
    asked.push({ kind, question })
    const at = given.get(kind) ?? 0
    given.set(kind, at + 1)
    return list[at] ?? null
  }
  return {
    interactive: true,
    asked,
    hostKey: async question => {
      asked.push({ kind: 'hostKey', question })
      return answers.hostKey === true
    },
    passphrase: async question => next('passphrase', question, answers.passphrase),
    password: async question => next('password', question, answers.password),
    sudoPassword: async question => next('sudoPassword', question, answers.sudoPassword),
    keyboardInteractive: async question => next('keyboardInteractive', question, answers.keyboardInteractive),
  }
}
