/** Logins over new connections, each tried once in a round: servers count failed ones, and so do we. */

import { Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import type { LoginOutcome } from '../model/machine.ts'
import { sh } from '../model/script.ts'
import { sshSession } from './ssh-session.ts'
import { sshdService } from './sshd-service.ts'

/**
 * The methods that sshd offers to a stranger who claims to be this user.
 *
 * @throws Unreadable when the server did not answer, or said nothing of its methods.
 */
export const offeredMethods = fact('login/methods', async (context, user: string): Promise<LoginOutcome> => {
  const outcome = await context.login({ user, with: 'methods' })
  if (outcome.outcome === 'unreachable') {
    throw new Unreadable(`a fresh connection as ${user} could not be tried: ${outcome.reason}`)
  }
  if (outcome.outcome === 'refused' && outcome.methods.length === 0) {
    throw new Unreadable(
      `a fresh connection as ${user} was refused without a word of its methods: ${outcome.reason}`,
    )
  }
  return outcome
})

/** A login with the operator's own keys and agent, never a password. May be `unreachable`. */
export const keyLogin = fact('login/key-only', (context, user: string) =>
  context.login({ user, with: 'key-only', script: BECOMES_ROOT }),
)

/** A login with all that the operator has, as the user of the connection at hand. May be `unreachable`. */
export const returningLogin = fact('login/returning', context =>
  context.login({ with: 'credentials', script: sh`id -un` }),
)

/** Says whether the user is root, becomes root without a password, or may with one. */
const BECOMES_ROOT = sh`
  if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then echo root: at once
  else echo root: not without a password; fi
`

/** Whether a key login could also become root without a password. */
export function becameRoot(outcome: LoginOutcome): boolean {
  return outcome.outcome === 'accepted' && /^root: at once$/m.test(outcome.result?.stdout ?? '')
}

/**
 * The line in which the sshd that runs now refused root from our address, or null. Every further try would count
 * as an attack (fail2ban, PerSourcePenalties), and one since its last start or reload proves as much as two.
 */
export const rootRefusal = fact('login/root-refusal', async (context): Promise<string | null> => {
  const { client } = await context.read(sshSession)
  if (client === null) return null
  const { unit } = await context.read(sshdService)
  const result = await context.run(
    sh`journalctl -q -o cat --no-pager --since=-24h _SYSTEMD_UNIT=${unit} |
      grep -E 'Server listening on |Received SIGHUP|ROOT LOGIN REFUSED FROM |User root from .* not allowed because ' |
      tail -n 200`,
    { as: 'root' },
  )
  return result.ending === 'exited' ? refusalSinceReload(result.stdout, client.address) : null
})

/** The last refusal of root from one address that no start or reload of sshd came after. */
export function refusalSinceReload(log: string, address: string): string | null {
  let refusal: string | null = null
  for (const line of log.split('\n')) {
    if (/^Server listening on |^Received SIGHUP/.test(line)) refusal = null
    const [, from] = /^(?:ROOT LOGIN REFUSED FROM|User root from) (\S+) /.exec(line) ?? []
    if (from === address) refusal = line
  }
  return refusal
}
