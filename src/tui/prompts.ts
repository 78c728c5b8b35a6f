/** The connection's questions in the two shapes that the screen knows: trust a host key, type something. */

import type { HostKeyQuestion, Prompter } from '../host/prompter.ts'

export type { HostKeyQuestion }

export interface SecretQuestion {
  readonly title: string
  /** Why it is asked and what becomes of it. */
  readonly explanation: string
  /** Set when the answer before this one was wrong. */
  readonly correction?: string
  /** What the server said, not yet sanitised. */
  readonly said?: string
  readonly fields: readonly { readonly label: string; readonly isMasked: boolean }[]
}

interface Asker {
  hostKey(question: HostKeyQuestion): Promise<boolean>
  /** One answer for each field. */
  secret(question: SecretQuestion): Promise<readonly string[] | null>
}

const KEPT = 'It is kept in memory for this run only, and never written down.'

/** The `Prompter` port in terms of the two questions. */
export function createPrompter({ hostKey, secret }: Asker): Prompter {
  const one = async (question: Omit<SecretQuestion, 'fields'>, label: string): Promise<string | null> => {
    const answers = await secret({ ...question, fields: [{ label, isMasked: true }] })
    return answers?.[0] ?? null
  }
  return {
    interactive: true,
    hostKey,
    passphrase: ({ identity, attempt }) =>
      one(
        {
          title: 'Unlock your private key',
          explanation: `${identity} is encrypted. Its passphrase is used on this machine only. ${KEPT}`,
          ...wrong(attempt, 'That passphrase does not open the key.'),
        },
        'Passphrase',
      ),
    password: ({ user, host, attempt }) =>
      one(
        {
          title: `Log in as ${user} on ${host}`,
          explanation: `No key let you in, and the server takes a password. ${KEPT}`,
          ...wrong(attempt, 'The server refused that password.'),
        },
        'Password',
      ),
    sudoPassword: ({ user, host, attempt }) =>
      one(
        {
          title: `Become root on ${host}`,
          explanation: `sudo asks ${user} for their own password. It is sent on standard input only. ${KEPT}`,
          ...wrong(attempt, 'sudo refused that password.'),
        },
        'Password',
      ),
    async keyboardInteractive({ user, host, name, instructions, prompts }) {
      // RFC 4256 §3.2: a request without prompts only tells something, and is answered with nothing.
      if (prompts.length === 0) return []
      const said = [name, instructions].filter(text => text.trim() !== '').join('\n')
      return secret({
        title: `Log in as ${user} on ${host}`,
        explanation: `The server asks this. ${KEPT}`,
        ...(said === '' ? {} : { said }),
        fields: prompts.map(({ prompt, echo }) => ({ label: prompt, isMasked: !echo })),
      })
    },
  }
}

function wrong(attempt: number, correction: string): { correction?: string } {
  return attempt > 1 ? { correction } : {}
}
