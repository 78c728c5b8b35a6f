import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import { loginKeys } from '../../src/facts/login-keys.ts'
import { runAction } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { deployUser } from '../parameters.ts'

/** Gives the keys and the folders above them to the user, and takes everybody else's write permission away. */
export const repairKeyModes = remedy({
  id: 'accounts/repair-key-modes',
  title: 'Correct the owner and modes of the keys',
  why: 'sshd trusts keys only where nobody but the user could have put them (StrictModes).',
  risk: 'None for logins: permissions only become narrower. A program of another user that writes into that home folder no longer can.',
  grade: 'reversible',
  params: z.object({ deployUser }),
  async plan({ read, params }) {
    const name = params.deployUser
    const user = await read(account, name)
    if (user === null) throw new Unreadable(`there is no user ${name}`)
    const { chain } = await read(loginKeys, name)
    const odd = chain.find(({ kind }) => kind === 'link' || kind === 'other')
    if (odd !== undefined)
      throw new Unreadable(`${odd.path} is a link: look at it before anything is changed`)
    const [home, ...inside] = chain.filter(({ kind }) => kind !== 'missing')
    if (home === undefined || !home.path.startsWith(user.home))
      throw new Unreadable(`the keys of ${name} lie outside ${user.home}: their folder is changed by hand`)
    const owner = `${name}:${user.group}`
    return {
      actions: [
        runAction(
          'Correct owner and modes',
          sh`
            set -eu
            chown -h ${owner} ${home.path}
            chmod go-w ${home.path}
            ${{
              text: inside
                .map(
                  ({ path, kind }) =>
                    sh`chown -h ${owner} ${path}\nchmod ${kind === 'folder' ? '0700' : '0600'} ${path}`.text,
                )
                .join('\n'),
            }}
          `,
        ),
      ],
      touches: chain
        .filter(({ kind }) => kind !== 'missing')
        .map(({ path, mode, owner: now }) => `${path} (now ${mode.toString(8).padStart(4, '0')} of ${now})`),
      undo: chain
        .filter(({ kind }) => kind !== 'missing')
        .map(({ path, mode, owner: now }) => `chown ${now} ${path} && chmod ${mode.toString(8)} ${path}`)
        .join('; '),
      expectedSeconds: 1,
    }
  },
})
