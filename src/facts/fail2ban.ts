/** fail2ban and its jail for sshd: whether it runs, what it reads, and what it would ban. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { sshSession } from './ssh-session.ts'

export interface Fail2ban {
  readonly installed: boolean
  /** systemd's word: `active`, `inactive`, `failed` … */
  readonly state: string
  /** systemd starts it with the server. */
  readonly enabled: boolean
  /** It answered `ping`. */
  readonly answers: boolean
  /** What it said when it did not, or the last error in its unit's journal. */
  readonly complaint: string
}

export interface SshdJail {
  /** Fields of journald that it reads, like `_SYSTEMD_UNIT=ssh.service + _COMM=sshd`; empty when it reads files. */
  readonly journalMatch: string
  readonly files: readonly string[]
  /** Failed logins before a ban. */
  readonly maxRetry: number
  /** Seconds in which they count. */
  readonly findTime: number
  /** Seconds that a ban lasts; -1 for ever. */
  readonly banTime: number
  /** Per action, the ports that it closes: numbers, names, ranges; empty when the action names none. */
  readonly ports: readonly string[]
  readonly actions: readonly string[]
  readonly banned: number
}

/** @throws Unreadable when it could not be asked. */
export const fail2ban = fact('fail2ban', async context => {
  const result = await context.run(
    sh`
      export LC_ALL=C
      command -v fail2ban-client >/dev/null || { echo installed=no; exit 0; }
      echo installed=yes
      echo "state=$(systemctl is-active fail2ban.service 2>/dev/null)"
      echo "enabled=$(systemctl is-enabled fail2ban.service 2>/dev/null)"
      echo "ping=$(fail2ban-client ping 2>&1 | tail -n 1)"
      echo "error=$(journalctl -q -o cat -u fail2ban.service -n 50 2>/dev/null | grep -E 'ERROR|CRITICAL' | tail -n 1)"
    `,
    { as: 'root' },
  )
  return parseFail2ban(outputOf(result, 'the state of fail2ban'))
})

/** Reads `key=value` lines. @throws Unreadable when they do not say whether it is installed. */
export function parseFail2ban(text: string): Fail2ban {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
  if (value('installed') === '') throw new Unreadable('the state of fail2ban could not be read')
  const ping = value('ping')
  const answers = /pong$/.test(ping)
  return {
    installed: value('installed') === 'yes',
    state: value('state'),
    enabled: value('enabled') === 'enabled',
    answers,
    complaint: answers ? '' : value('error') || ping,
  }
}

/** The jail, or null when fail2ban runs without it. @throws Unreadable when it does not answer. */
export const sshdJail = fact('fail2ban/sshd', async (context): Promise<SshdJail | null> => {
  const result = await context.run(
    sh`
      export LC_ALL=C
      fail2ban-client status || exit 1
      fail2ban-client status sshd 2>/dev/null || exit 0
      for key in maxretry findtime bantime; do
        echo "$key=$(fail2ban-client get sshd $key)"
      done
      fail2ban-client get sshd actions | tail -n +2 | tr ',' '\\n' | while read -r action; do
        [ -n "$action" ] || continue
        echo "action=$action"
        ports=$(fail2ban-client get sshd action "$action" port 2>/dev/null) && echo "port=$ports"
      done
      exit 0
    `,
    { as: 'root' },
  )
  return parseJail(outputOf(result, 'fail2ban’s jail for sshd'))
})

/** Reads what {@link sshdJail} asks for. @throws Unreadable when the jail is there but incomplete. */
export function parseJail(text: string): SshdJail | null {
  if (!/^Status for the jail: sshd$/m.test(text)) return null
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(match => (match[1] ?? '').trim())
  const number = (key: string) => {
    const value = Number(all(new RegExp(`^${key}=(.*)$`, 'gm'))[0] || Number.NaN)
    if (Number.isNaN(value)) throw new Unreadable(`fail2ban’s jail for sshd names no ${key}`)
    return value
  }
  return {
    journalMatch: all(/Journal matches:\s*(.*)$/gm)[0] ?? '',
    files: (all(/File list:\s*(.*)$/gm)[0] ?? '').split(/\s+/).filter(Boolean),
    maxRetry: number('maxretry'),
    findTime: number('findtime'),
    banTime: number('bantime'),
    actions: all(/^action=(.*)$/gm),
    ports: all(/^port=(.*)$/gm)
      .flatMap(value => value.split(/[\s,]+/))
      .filter(Boolean),
    banned: Number(all(/Currently banned:\s*(\d+)/gm)[0] ?? 0),
  }
}

/**
 * Whether sshd's own words arrive where the jail reads: looked for is the line about our own login, which
 * every running sshd wrote minutes ago.
 *
 * @returns `yes`, `no`, or null where there is no SSH login to look for.
 * @throws Unreadable when the log could not be searched.
 */
export const jailHearsSshd = fact(
  'fail2ban/hears',
  async (context, journalMatch: string, files: string): Promise<'yes' | 'no' | null> => {
    const { client } = await context.read(sshSession)
    if (client === null) return null
    const words = `Accepted .* from ${client.address.replaceAll('.', '\\.')} port ${client.port}( |$)`
    const script =
      journalMatch === ''
        ? sh`grep -Eqs -- ${words} ${files.split(' ')} && echo yes || echo no`
        : sh`journalctl -q --since=-24h -o cat --no-pager ${journalMatch.split(/\s+/)} | grep -Eq -- ${words} && echo yes || echo no`
    const answer = outputOf(await context.run(script, { as: 'root' }), 'what the jail reads').trim()
    if (answer !== 'yes' && answer !== 'no') throw new Unreadable('what the jail reads could not be searched')
    return answer
  },
)
