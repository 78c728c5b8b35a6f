/** What sudo lets a user do, by trying it. */

import { Unreadable, whyNot } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/**
 * Null when the user becomes root without a password, else what sudo said instead. Tried as that user, with the
 * groups it has on disk now; `-k` so that a password typed a minute ago does not count.
 *
 * @throws Unreadable when nothing could be run as that user, or sudo is missing.
 */
export const sudoWithoutPassword = fact(
  'sudo-without-password',
  async (context, user: string): Promise<string | null> => {
    const result = await context.run(sh`sudo -k -n true`, { as: `user:${user}` })
    if (result.ending === 'exited' && result.exitCode === 0) return null
    if (result.ending !== 'exited' || result.exitCode !== 1)
      throw new Unreadable(`sudo could not be tried as ${user}: ${whyNot(result)}`)
    return result.stderr.trim().split('\n').at(-1) ?? ''
  },
)
