/** Tells the redactor every secret that the operator types, before it can appear in anybody's output. */

import type { Prompter } from './prompter.ts'
import type { Redactor } from './redact.ts'

/** A prompter that answers as the given one does. Answers that are echoed while typing are no secrets. */
export function learningPrompter(prompter: Prompter, redactor: Redactor): Prompter {
  const learnt = (name: string, value: string | null): string | null => {
    if (value !== null) redactor.learn(name, value)
    return value
  }
  return {
    interactive: prompter.interactive,
    hostKey: question => prompter.hostKey(question),
    passphrase: async question => learnt('passphrase', await prompter.passphrase(question)),
    password: async question => learnt('password', await prompter.password(question)),
    sudoPassword: async question => learnt('sudo-password', await prompter.sudoPassword(question)),
    async keyboardInteractive(question) {
      const answers = await prompter.keyboardInteractive(question)
      for (const [index, answer] of (answers ?? []).entries()) {
        if (question.prompts[index]?.echo === false) redactor.learn('answer', answer)
      }
      return answers
    },
  }
}
