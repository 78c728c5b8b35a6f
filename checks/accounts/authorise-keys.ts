import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import {
  type AuthorizedKey,
  isCloudLockIn,
  parseAuthorizedKeys,
  plainLine,
} from '../../src/facts/authorized-keys.ts'
import { loginKeys } from '../../src/facts/login-keys.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { runAction, writeFile } from '../../src/model/action.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { deployKey, deployUser } from '../parameters.ts'

const params = z.object({ deployUser, deployKey })

/** Adds keys to those that are there; a line that locks one of them in is replaced. */
export const authoriseKeys = remedy({
  id: 'accounts/authorise-keys',
  title: 'Authorise your keys for the deploy user',
  why: 'The keys that let you in now shall let you in as this user, before the login as root is closed.',
  risk: 'Whoever holds one of these keys can log in as this user. Keys that are there stay. The options of cloud images that lock a key in are left out; a forced command of any other kind is not opened, its key is not copied.',
  grade: 'reversible',
  params,
  async plan(context) {
    const name = context.params.deployUser
    const user = await context.read(account, name)
    if (user === null) throw new Unreadable(`there is no user ${name}`)
    const login = await context.read(loginKeys, name)
    const odd = login.chain.find(({ kind }) => kind === 'link' || kind === 'other')
    if (odd !== undefined)
      throw new Unreadable(`${odd.path} is a link: look where it leads before keys are written`)
    if (login.text.includes('\uFFFD'))
      throw new Unreadable(`${login.file} is not UTF-8: change it by hand, so that nothing in it is lost`)
    const wanted = await wantedKeys(context)
    const owner = `${name}:${user.group}`
    const folder = login.file.slice(0, login.file.lastIndexOf('/'))
    const own = login.file.startsWith(`${user.home}/`)
    return {
      actions: [
        ...(own
          ? [runAction(`Make ${folder}`, sh`install -d -m 0700 -o ${name} -g ${user.group} -- ${folder}`)]
          : []),
        writeFile(login.file, withKeys(login.text, wanted), {
          title: `Authorise ${wanted.length === 1 ? '1 key' : `${wanted.length} keys`}`,
          mode: '0600',
          owner,
          validate: sh`ssh-keygen -l -f "$candidate"`,
        }),
      ],
      touches: [
        login.file,
        ...wanted.map(({ type, comment, blob }) => `${type} …${blob.slice(-8)} ${comment}`.trim()),
      ],
      undo: `Put the kept copy of ${login.file} back, or delete the lines of these keys from it.`,
      expectedSeconds: 1,
    }
  },
})

/**
 * The key that was given, else those of the user that Kneeboard logged in as.
 *
 * @throws Unreadable when there are none to give: the login was made by password, say.
 */
async function wantedKeys(context: ProbeContext<z.infer<typeof params>>): Promise<readonly AuthorizedKey[]> {
  const given = context.params.deployKey
  if (given !== '') {
    const { keys } = parseAuthorizedKeys(given, new Date(0))
    if (keys.length === 0) throw new Unreadable('the key that was given is not a complete public key')
    return keys
  }
  const { user } = await context.read(sshSession)
  const { keys, file } = await context.read(loginKeys, user)
  const own = keys.keys.filter(key => key.flaw === null || isCloudLockIn(key))
  if (own.length === 0)
    throw new Unreadable(
      `${file} holds no key that could be copied: give the public key to authorise as deployKey`,
    )
  return own
}

/**
 * The file with these keys in it: lines of the same key are replaced where they stand when they lock it in, and
 * all others stay as they are, but for Windows line ends.
 */
export function withKeys(text: string, wanted: readonly AuthorizedKey[]): string {
  const normal = text.replaceAll('\r', '')
  const lines = normal === '' ? [] : normal.replace(/\n$/, '').split('\n')
  const there = parseAuthorizedKeys(normal, new Date(0)).keys
  for (const key of wanted) {
    const same = there.filter(({ blob }) => blob === key.blob)
    const [first] = same
    if (first === undefined) lines.push(plainLine(key))
    else if (first.flaw !== null) lines[first.line - 1] = plainLine(key)
  }
  return `${lines.join('\n')}\n`
}
