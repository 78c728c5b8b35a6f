/** Where sshd looks for a user's keys, and whether it would trust what lies there (StrictModes). */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { account } from './accounts.ts'
import { type AuthorizedKeys, parseAuthorizedKeys } from './authorized-keys.ts'
import { type PathState, parseStates } from './path-state.ts'
import { setting, sshdEffectiveFor } from './sshd-effective.ts'

export interface LoginKeys {
  /** The first file that sshd reads for the user; a new one is written here. */
  readonly file: string
  /** The home folder, then each folder down to the file, then the file. */
  readonly chain: readonly PathState[]
  /** Whether sshd refuses keys in files that others could have changed. */
  readonly strictModes: boolean
  /** The file's text; empty when it is missing. */
  readonly text: string
  readonly keys: AuthorizedKeys
}

/** @throws Unreadable when the user does not exist, or sshd's effective settings cannot be read. */
export const loginKeys = fact('login-keys', async (context, user: string): Promise<LoginKeys> => {
  const owner = await context.read(account, user)
  if (owner === null) throw new Unreadable(`there is no user ${user}`)
  const effective = await context.read(sshdEffectiveFor, user)
  const file = keysFileOf(setting(effective, 'authorizedkeysfile'), user, owner.home)
  const chain = chainTo(file, owner.home)
  const states = await context.run(
    sh`
      for path in ${chain}; do
        stat -c '%f %U %n' -- "$path" 2>/dev/null || echo "missing - $path"
      done
    `,
    { as: 'root' },
  )
  const content = await context.run(
    sh`
      date -u +%s
      if [ -f ${file} ]; then cat -- ${file}; fi
    `,
    { as: 'root' },
  )
  if (content.omittedBytes > 0) throw new Unreadable(`${file} is too large to be read whole`)
  const [seconds = '', ...lines] = outputOf(content, file).split('\n')
  const text = lines.join('\n')
  return {
    file,
    chain: parseStates(outputOf(states, `the modes of ${file}`)),
    strictModes: setting(effective, 'strictmodes') !== 'no',
    text,
    keys: parseAuthorizedKeys(text, new Date(Number(seconds) * 1000)),
  }
})

/** The first of `AuthorizedKeysFile`, with `%h`, `%u` and `%%` filled in; a relative one lies in the home folder. */
export function keysFileOf(setting: string, user: string, home: string): string {
  const [value = ''] = setting.split(' ')
  if (value === '' || value === 'none')
    throw new Unreadable('sshd is set to read no authorized_keys file (AuthorizedKeysFile none)')
  const filled = value.replace(/%[hu%]/g, token => (token === '%h' ? home : token === '%u' ? user : '%'))
  return filled.startsWith('/') ? filled : `${home}/${filled}`
}

/** From the home folder down to the file; from the file's own folder when it lies elsewhere. */
export function chainTo(file: string, home: string): string[] {
  const top = file.startsWith(`${home}/`) ? home : file.slice(0, file.lastIndexOf('/')) || '/'
  const rest = file.slice(top.length).split('/').filter(Boolean)
  return [top, ...rest.map((_, index) => `${top}/${rest.slice(0, index + 1).join('/')}`)]
}
