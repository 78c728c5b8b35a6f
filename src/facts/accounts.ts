/** User accounts of the server: who exists, with what shell, groups and standing. No password hash is ever read. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface Account {
  readonly name: string
  readonly uid: number
  /** Name of the primary group. */
  readonly group: string
  readonly home: string
  readonly shell: string
  /** Whether the shell is there and may be executed. */
  readonly shellRuns: boolean
  /** All groups as they are on disk now, the primary one included. */
  readonly groups: readonly string[]
  /** `usable`, `locked` (with `!` or `*`: no password fits) or `none` (anyone gets in without one). */
  readonly password: 'usable' | 'locked' | 'none'
  /** The account's end has passed: every login is refused, by key too. */
  readonly expired: boolean
  /** The password must be changed before anything else: PAM stops a login by key for that, too. */
  readonly passwordExpired: boolean
}

/** The account, or null when there is none of that name. */
export const account = fact('account', async (context, name: string): Promise<Account | null> => {
  const entry = await context.run(sh`getent passwd -- ${name}`)
  // getent(1): exit status 2 means that the key is not in the database.
  if (entry.ending === 'exited' && entry.exitCode === 2) return null
  const passwd = parsePasswd(outputOf(entry, `the account ${name}`))
  const standing = await context.run(
    sh`
      if [ -x ${passwd.shell} ]; then echo runs; else echo missing; fi
      id -gn -- ${name}
      id -Gn -- ${name}
      date -u +%Y-%m-%d
      passwd -S ${name}
      chage -l ${name}
    `,
    { as: 'root' },
  )
  return { ...passwd, ...parseStanding(outputOf(standing, `the standing of the account ${name}`)) }
})

/** Whether a group of that name exists. */
export const groupExists = fact('group-exists', async (context, name: string): Promise<boolean> => {
  const result = await context.run(sh`getent group -- ${name}`)
  if (result.ending === 'exited' && result.exitCode === 2) return false
  outputOf(result, `the group ${name}`)
  return true
})

/** One line of passwd(5). @throws Unreadable when it is none. */
export function parsePasswd(line: string): Pick<Account, 'name' | 'uid' | 'home' | 'shell'> {
  const [name = '', , uid = '', , , home = '', shell = ''] = line.trim().split(':')
  if (name === '' || !/^\d+$/.test(uid)) throw new Unreadable('getent printed no account')
  // passwd(5): an empty shell means /bin/sh.
  return { name, uid: Number(uid), home, shell: shell || '/bin/sh' }
}

/** Shell, groups, today's date, `passwd -S`, `chage -l`, in this order, in the C locale. */
export function parseStanding(text: string): Omit<Account, 'name' | 'uid' | 'home' | 'shell'> {
  const [shell, group = '', groups = '', today = '', status = '', ...aging] = text.split('\n')
  const letter = status.split(' ')[1] ?? ''
  if (!/^(P|L|NP)/.test(letter)) throw new Unreadable('passwd -S printed no status')
  const value = (label: string) =>
    aging
      .find(line => line.startsWith(label))
      ?.split(':')[1]
      ?.trim()
  const expires = value('Account expires')
  const passwordExpires = value('Password expires')
  if (expires === undefined || passwordExpires === undefined)
    throw new Unreadable('chage -l printed no expiry dates')
  return {
    shellRuns: shell === 'runs',
    group,
    groups: groups.split(' ').filter(Boolean),
    password: letter.startsWith('P') ? 'usable' : letter === 'NP' ? 'none' : 'locked',
    expired: isPast(expires, today),
    passwordExpired: passwordExpires === 'password must be changed' || isPast(passwordExpires, today),
  }
}

/** `never`, `Jan 02, 2026` or (shadow 4.13 and newer with `-i`) `2026-01-02`, against today as `2026-11-21`. */
function isPast(date: string, today: string): boolean {
  const at = Date.parse(/^\d{4}-/.test(date) ? date : `${date} UTC`)
  return !Number.isNaN(at) && at <= Date.parse(today)
}
