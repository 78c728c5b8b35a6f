import { z } from 'zod'
import { account } from '../../src/facts/accounts.ts'
import { keyLogin, offeredMethods, rootRefusal } from '../../src/facts/fresh-login.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { exclusionOf } from '../../src/facts/sshd-access.ts'
import { sshdEffectiveFor } from '../../src/facts/sshd-effective.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { fail, pass, unknown } from '../../src/model/verdict.ts'
import { deployUser, rootLogin } from '../parameters.ts'
import { harden } from './harden.ts'

/** What sshd may not offer to a stranger (names of RFC 4252 and RFC 4256). */
const FORBIDDEN = ['password', 'keyboard-interactive']

export const forbiddenLoginRefused = check({
  id: 'ssh/forbidden-login-refused',
  title: 'What is forbidden is really refused, seen from outside',
  why: 'The configuration says what sshd should do; the daemon that runs may have read an older one, or another. Knocking on the door is the only proof.',
  params: z.object({ deployUser, rootLogin }),
  after: ['ssh/password-login-refused', 'ssh/keyboard-interactive-refused', 'ssh/root-login'],
  remedies: [harden],
  async probe({ params, read }) {
    const users = await knocking(read, params.deployUser)
    for (const user of users) {
      const { outcome, methods } = await read(offeredMethods, user)
      const offered =
        outcome === 'accepted'
          ? ['a login with nothing at all']
          : methods.filter(method => FORBIDDEN.includes(method))
      if (offered.length > 0) {
        return fail(
          `sshd offers ${user} ${offered.join(' and ')} on a fresh connection, whatever its files say`,
          {
            measured: methods.join(', '),
            expected: 'publickey alone',
            remedies: [harden],
          },
        )
      }
    }
    const tried = `sshd offers ${users.join(' and ')} no password on a fresh connection`
    if (params.rootLogin !== 'no') return pass(tried, { measured: 'publickey', expected: 'publickey alone' })
    const refusal = await read(rootRefusal)
    if (refusal) {
      return pass(`${tried}, and this sshd has refused root from your address`, {
        measured: 'refused',
        expected: 'refused',
        telling: refusal,
      })
    }
    const root = await read(keyLogin, 'root')
    if (root.outcome === 'unreachable') return unknown(`root’s login could not be tried: ${root.reason}`)
    if (root.outcome === 'accepted') {
      return fail('root gets in with your key, whatever the files say', {
        measured: 'accepted',
        expected: 'refused',
        remedies: [harden],
      })
    }
    return pass(`${tried}, and root is refused with your own keys`, {
      measured: 'refused',
      expected: 'refused',
    })
  },
})

/**
 * Those in whose names a stranger would knock. A name that does not exist, or that sshd's lists turn away, would
 * count as an attack in the server's log (fail2ban bans for it), and proves nothing.
 */
async function knocking(read: ReadContext['read'], deploy: string): Promise<string[]> {
  const { user, client } = await read(sshSession)
  const found: string[] = []
  for (const name of new Set([deploy, 'root', user])) {
    const entry = await read(account, name)
    if (entry === null) continue
    const caller = { user: name, groups: entry.groups, address: client?.address ?? null }
    if (exclusionOf(await read(sshdEffectiveFor, name), caller) === null) found.push(name)
  }
  return found.length > 0 ? found : [user]
}
