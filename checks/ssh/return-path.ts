/** Who could still log in once sshd is hardened: proven before anything is changed. */

import { account } from '../../src/facts/accounts.ts'
import { becameRoot, keyLogin } from '../../src/facts/fresh-login.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { exclusionOf } from '../../src/facts/sshd-access.ts'
import { setting, sshdEffectiveFor } from '../../src/facts/sshd-effective.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { RootLogin } from './root-login-grades.ts'

export interface ReturnPath {
  readonly user: string
  /** True when it is the user of the connection at hand. */
  readonly isOperator: boolean
}

/**
 * The first of the operator and the deploy user who can come back with a key and still become root.
 *
 * @throws Unreadable with each one's reason when neither can: then nothing may be closed.
 */
export async function returnPath(
  context: ReadContext,
  params: { deployUser: string; rootLogin: RootLogin },
): Promise<ReturnPath> {
  const { user, client } = await context.read(sshSession)
  if (client === null) return { user, isOperator: true }
  const obstacles: string[] = []
  for (const name of new Set([user, params.deployUser])) {
    const obstacle = await obstacleFor(context, name, name === user, params.rootLogin)
    if (obstacle === null) return { user: name, isOperator: name === user }
    obstacles.push(obstacle)
  }
  throw new Unreadable(
    `nobody would be able to log in again, so nothing is changed: ${obstacles.join('; ')}. Give one of them a key that works, then try again`,
  )
}

/** Null when the user would get in; otherwise why not. */
async function obstacleFor(
  context: ReadContext,
  user: string,
  isOperator: boolean,
  rootLogin: RootLogin,
): Promise<string | null> {
  if (user === 'root' && rootLogin === 'no') return 'root is to be shut out'
  const entry = await context.read(account, user)
  if (entry === null) return `there is no user ${user}`
  const { client } = await context.read(sshSession)
  const effective = await context.read(sshdEffectiveFor, user)
  const groups = entry.groups
  const exclusion = exclusionOf(effective, { user, groups, address: client?.address ?? null })
  if (exclusion) {
    return `${exclusion.keyword} ${exclusion.entries.join(' ')} turns ${user} away as soon as sshd reads its files again`
  }
  if (setting(effective, 'pubkeyauthentication') !== 'yes') return `sshd takes no keys from ${user}`
  const login = await context.read(keyLogin, user)
  if (login.outcome !== 'accepted') return `${user} cannot log in with a key of yours (${login.reason})`
  if (isOperator || becameRoot(login)) return null
  const withPassword =
    entry.password === 'usable' && entry.groups.some(group => group === 'sudo' || group === 'wheel')
  return withPassword ? null : `${user} logs in but cannot become root`
}
