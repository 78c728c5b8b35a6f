/** What sshd does, by its own word: `sshd -T`, for everyone and for one user from where the operator is. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { type Script, sh } from '../model/script.ts'
import { sshSession } from './ssh-session.ts'

/** Keywords in lower case with their values, in order; lists such as `allowusers` have one value an entry. */
export type SshdEffective = ReadonlyMap<string, readonly string[]>

/**
 * The configuration outside all Match blocks.
 *
 * @throws Unreadable when sshd is missing or refuses its configuration.
 */
export const sshdEffective = fact('sshd/effective', async context => {
  const result = await context.run(sshdTest(sh`-T`), { as: 'root' })
  return parseEffective(outputOf(result, 'sshd’s effective configuration'))
})

/**
 * The configuration that one user meets who comes from the operator's address: Match blocks included.
 *
 * @throws Unreadable when sshd is missing or refuses its configuration.
 */
export const sshdEffectiveFor = fact('sshd/effective-for', async (context, user: string) => {
  const { client, server } = await context.read(sshSession)
  const address = client?.address ?? '127.0.0.1'
  const connection = [
    `user=${user}`,
    `host=${address}`,
    `addr=${address}`,
    ...(server ? [`laddr=${server.address}`, `lport=${server.port}`] : []),
  ]
  const result = await context.run(sshdTest(sh`-T -C ${connection.join(',')}`), { as: 'root' })
  return parseEffective(outputOf(result, `sshd’s effective configuration for ${user}`))
})

/**
 * Runs sshd in a test mode. It refuses to while /run/sshd is missing, as it can be where systemd holds the
 * socket and no sshd runs; then it gets a /run of its own that nobody else sees, so that nothing is created.
 */
function sshdTest(mode: Script): Script {
  return sh`
    PATH=$PATH:/usr/sbin:/sbin
    if [ -d /run/sshd ] || ! command -v sshd >/dev/null; then
      sshd ${mode}
    else
      unshare --mount --propagation private \\
        sh -c 'mount -t tmpfs none /run && mkdir -m 0755 /run/sshd && exec sshd "$@"' sshd ${mode}
    fi
  `
}

/** Reads the lines of `sshd -T`. @throws Unreadable when what every sshd prints is not among them. */
export function parseEffective(text: string): SshdEffective {
  const settings = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = line.trim().split(' ')
    if (keyword === '') continue
    settings.set(keyword.toLowerCase(), [...(settings.get(keyword.toLowerCase()) ?? []), words.join(' ')])
  }
  for (const keyword of ['port', 'passwordauthentication', 'permitrootlogin']) {
    if (!settings.has(keyword)) {
      throw new Unreadable(`sshd’s effective configuration could not be read: sshd -T named no ${keyword}`)
    }
  }
  return settings
}

/** The one value of a keyword, in today's words: `without-password` is the old name of `prohibit-password`. */
export function setting(effective: SshdEffective, keyword: string): string {
  const value = effective.get(keyword)?.[0] ?? ''
  return value === 'without-password' ? 'prohibit-password' : value
}

export type PasswordMethod = 'password' | 'keyboard-interactive'

/** The keyword that turns each of the two methods on and off that end in a typed password. */
export const METHOD_KEYWORD = {
  password: 'passwordauthentication',
  'keyboard-interactive': 'kbdinteractiveauthentication',
} as const satisfies Record<PasswordMethod, string>

/** The lists of `AuthenticationMethods`, each a series that must all succeed; null for `any`. */
export function requiredMethods(effective: SshdEffective): string[][] | null {
  const value = setting(effective, 'authenticationmethods')
  if (value === '' || value === 'any') return null
  return value.split(/\s+/).map(list => list.split(',').map(method => method.split(':')[0] ?? method))
}

/** Whether a typed password alone lets somebody in by this method; as a second factor after a key it does not. */
export function acceptsAlone(effective: SshdEffective, method: PasswordMethod): boolean {
  if (!isOn(effective, method)) return false
  const lists = requiredMethods(effective)
  if (lists === null) return true
  const typed = ['password', 'keyboard-interactive']
  return lists.some(list => list.includes(method) && list.every(step => typed.includes(step)))
}

/** Whether the method is switched on at all. Before OpenSSH 8.7 `ChallengeResponseAuthentication` switched it on too. */
export function isOn(effective: SshdEffective, method: PasswordMethod): boolean {
  if (setting(effective, METHOD_KEYWORD[method]) === 'yes') return true
  return method === 'keyboard-interactive' && setting(effective, 'challengeresponseauthentication') === 'yes'
}
