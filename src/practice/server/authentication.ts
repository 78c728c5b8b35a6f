/** Whom the practice server lets in: asked of its sshd, as its files and its running state say. */

import ssh2, { type AuthContext, type ParsedKey, type PublicKeyAuthContext } from 'ssh2'
import { hashed } from '../commands/accounts/identity.ts'
import { findUser, type User } from '../world/accounts.ts'
import type { World } from '../world/world.ts'

export interface Client {
  readonly address: string
  readonly port: number
}

export interface Admitted {
  readonly user: User
  /** A command that runs instead of what is asked for; undefined without one. */
  readonly forced: string | undefined
}

/** The end of one attempt. `asked`: the key would do, and its proof is still to come. */
type Verdict =
  | { readonly end: 'refused'; readonly why?: string | undefined }
  | { readonly end: 'asked' }
  | { readonly end: 'accepted'; readonly how: string; readonly forced?: string | undefined }

/** Answers one attempt. `admit` is called when the client is in. */
export function authenticate(
  world: World,
  client: Client,
  context: AuthContext,
  admit: (who: Admitted) => void,
): void {
  const connection = { user: context.username, address: client.address }
  const methods = world.sshd.methods(connection) as ('publickey' | 'password' | 'keyboard-interactive')[]
  const user = findUser(world.files, context.username)
  const settle = (verdict: Verdict): void => {
    if (verdict.end === 'accepted' && user) {
      note(world, `Accepted ${verdict.how} for ${user.name} from ${client.address} port ${client.port} ssh2`)
      admit({ user, forced: verdict.forced })
      context.accept()
    } else if (verdict.end === 'asked') context.accept()
    else {
      if (verdict.end === 'refused' && verdict.why) note(world, verdict.why)
      context.reject(methods)
    }
  }
  if (context.method === 'none' || !methods.includes(context.method as 'publickey')) {
    settle({ end: 'refused' })
    return
  }
  const shutOut = world.sshd.shutOut(connection, context.method === 'publickey' ? 'publickey' : 'password')
  if (shutOut !== undefined || !user) settle({ end: 'refused', why: shutOut })
  else if (context.method === 'publickey')
    settle(judgeKey(context, world.sshd.authorizedKeys(user, connection)))
  else if (context.method === 'password')
    settle(
      proves(world, user, context.password)
        ? { end: 'accepted', how: 'password' }
        : {
            end: 'refused',
            why: `Failed password for ${user.name} from ${client.address} port ${client.port} ssh2`,
          },
    )
  else if (context.method === 'keyboard-interactive')
    context.prompt([{ prompt: 'Password: ', echo: false }], ([answer = '']) =>
      settle(
        proves(world, user, answer)
          ? { end: 'accepted', how: 'keyboard-interactive/pam' }
          : { end: 'refused' },
      ),
    )
}

function note(world: World, message: string): void {
  world.journal.add('ssh.service', 'sshd-session', message, { pid: 4000 })
}

function judgeKey(context: PublicKeyAuthContext, lines: readonly string[]): Verdict {
  const line = lines.find(each => holds(each, context.key.data))
  if (line === undefined) return { end: 'refused' }
  if (!context.signature || !context.blob) return { end: 'asked' }
  // ssh2 reads keys from bytes as well, whatever its types say.
  const parsed = ssh2.utils.parseKey(context.key.data as unknown as string)
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error | undefined
  const isProven =
    key !== undefined &&
    !(key instanceof Error) &&
    key.verify(context.blob, context.signature, context.hashAlgo) === true
  if (!isProven) return { end: 'refused' }
  const forced = /(?:^|,)command="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replaceAll('\\"', '"')
  return { end: 'accepted', how: 'publickey', forced }
}

function proves(world: World, user: User, password: string): boolean {
  const entry = world.files
    .text('/etc/shadow')
    .split('\n')
    .find(each => each.startsWith(`${user.name}:`))
  return entry?.split(':')[1] === hashed(password)
}

/** Whether a line of authorized_keys is about this key. */
function holds(line: string, key: Buffer): boolean {
  const [blob = ''] = /AAAA[A-Za-z0-9+/]+={0,2}/.exec(line) ?? []
  return blob !== '' && Buffer.from(blob, 'base64').equals(key)
}
