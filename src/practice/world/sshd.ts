/** sshd: what its files make of it, what the running one has read, and whom it lets in. */

import { type SshdSetting, settingsOf } from '../../facts/sshd-syntax.ts'
import { glob } from '../shell/pattern.ts'
import type { FileSystem } from '../system/file-system.ts'
import type { Machine } from '../system/machine.ts'
import { findUser, groupName, type User } from './accounts.ts'

/** Values that Debian's OpenSSH 10.0 has without any file (`sshd -T`). */
const DEFAULTS: Readonly<Record<string, string>> = {
  port: '22',
  addressfamily: 'any',
  listenaddress: '[::]:22\nlistenaddress 0.0.0.0:22',
  usepam: 'no',
  logingracetime: '120',
  x11displayoffset: '10',
  maxauthtries: '6',
  maxsessions: '10',
  clientaliveinterval: '0',
  clientalivecountmax: '3',
  permitrootlogin: 'prohibit-password',
  ignorerhosts: 'yes',
  hostbasedauthentication: 'no',
  pubkeyauthentication: 'yes',
  kerberosauthentication: 'no',
  gssapiauthentication: 'no',
  passwordauthentication: 'yes',
  kbdinteractiveauthentication: 'yes',
  printmotd: 'yes',
  printlastlog: 'yes',
  x11forwarding: 'no',
  permittty: 'yes',
  permituserrc: 'yes',
  strictmodes: 'yes',
  tcpkeepalive: 'yes',
  permitemptypasswords: 'no',
  compression: 'yes',
  gatewayports: 'no',
  usedns: 'no',
  allowtcpforwarding: 'yes',
  allowagentforwarding: 'yes',
  disableforwarding: 'no',
  pidfile: '/run/sshd.pid',
  banner: 'none',
  forcecommand: 'none',
  chrootdirectory: 'none',
  trustedusercakeys: 'none',
  loglevel: 'INFO',
  syslogfacility: 'AUTH',
  authorizedkeysfile: '.ssh/authorized_keys .ssh/authorized_keys2',
  hostkey: '/etc/ssh/ssh_host_ed25519_key',
  authenticationmethods: 'any',
  subsystem: 'sftp /usr/lib/openssh/sftp-server',
  maxstartups: '10:30:100',
  permittunnel: 'no',
  permituserenvironment: 'no',
  persourcepenalties: 'crash:90 authfail:5 noauth:1 grace-exceeded:10 max:600 min:15',
}

/** Keywords whose every mention counts, each a line of `sshd -T`. */
const LISTS = new Set(['allowusers', 'denyusers', 'allowgroups', 'denygroups', 'acceptenv', 'port'])
const OTHERS = new Set([
  'ciphers',
  'macs',
  'kexalgorithms',
  'hostkeyalgorithms',
  'setenv',
  'versionaddendum',
  'ipqos',
  'rekeylimit',
  'permitopen',
  'exposeauthinfo',
  'authorizedkeyscommand',
  'authorizedkeyscommanduser',
  'requiredrsasize',
  'pubkeyacceptedalgorithms',
  'casignaturealgorithms',
  'debianbanner',
  'allowstreamlocalforwarding',
  'x11uselocalhost',
  'listenaddress',
  'persourcemaxstartups',
  'unusedconnectiontimeout',
])
const SWITCHES = new Set([
  'passwordauthentication',
  'kbdinteractiveauthentication',
  'pubkeyauthentication',
  'usepam',
  'strictmodes',
  'permitemptypasswords',
  'x11forwarding',
  'printmotd',
])

export interface Connection {
  readonly user: string
  readonly address: string
}

/** What sshd has read, or `error`. */
export interface Reading {
  readonly settings: readonly SshdSetting[]
  readonly error: string | undefined
}

export class Sshd {
  readonly #machine: Machine
  readonly #files: FileSystem
  /** What the running service has read. */
  #running: Reading = { settings: [], error: undefined }

  constructor(machine: Machine, files: FileSystem) {
    this.#machine = machine
    this.#files = files
  }

  /** Reads the files as they are now. */
  read(main = '/etc/ssh/sshd_config'): Reading {
    const text = this.#files.text(main)
    const settings = settingsOf({ path: main, text }, pattern =>
      (
        glob([{ text: pattern, literal: false }], this.#machine.init) ??
        (this.#files.exists(pattern) ? [pattern] : [])
      ).map(path => ({
        path,
        text: this.#files.text(path),
      })),
    )
    return { settings, error: firstError(settings, main, text) }
  }

  /** What happens when the service starts or reloads. @returns the error that stops it. */
  reload(): string | undefined {
    const reading = this.read()
    if (reading.error === undefined) this.#running = reading
    return reading.error
  }

  /** The value in force for a connection, in the running daemon. */
  running(keyword: string, connection?: Connection): string {
    return this.effective(this.#running, connection).get(keyword)?.join(' ') ?? ''
  }

  /** All keywords with their values: `sshd -T`, with `-C` for a connection. */
  effective({ settings }: Reading, connection?: Connection): Map<string, string[]> {
    const found = new Map<string, string[]>()
    const applying = settings.filter(({ conditions }) =>
      conditions.every(condition => this.#fits(condition, connection)),
    )
    // Settings under Match win over those outside, and of each kind the first.
    const ordered = [
      ...applying.filter(({ conditions }) => conditions.length > 0),
      ...applying.filter(({ conditions }) => conditions.length === 0),
    ]
    for (const { keyword, value, conditions } of ordered) {
      const words = LISTS.has(keyword) ? value.split(/\s+/) : [value]
      const before = found.get(keyword)
      if (!before) found.set(keyword, words)
      else if (LISTS.has(keyword) && conditions.length === 0) found.set(keyword, [...before, ...words])
    }
    for (const [keyword, value] of Object.entries(DEFAULTS))
      if (!found.has(keyword)) found.set(keyword, [value])
    const root = found.get('permitrootlogin')
    if (root?.[0] === 'prohibit-password') found.set('permitrootlogin', ['without-password'])
    return found
  }

  #fits(condition: string, connection: Connection | undefined): boolean {
    const words = condition.split(/\s+/)
    if (words[0]?.toLowerCase() === 'all') return connection !== undefined
    if (!connection) return false
    const user = findUser(this.#files, connection.user)
    for (let at = 0; at + 1 < words.length; at += 2) {
      const patterns = (words[at + 1] ?? '').split(',')
      const values = {
        user: [connection.user],
        group: (user?.groups ?? []).map(gid => groupName(this.#files, gid)),
        address: [connection.address],
        host: [connection.address],
      }[(words[at] ?? '').toLowerCase()] ?? ['']
      if (!values.some(value => inPatterns(value, patterns))) return false
    }
    return true
  }

  /** Methods that are offered to a user, as RFC 4252 names them. */
  methods(connection: Connection): string[] {
    const value = (keyword: string): string => this.running(keyword, connection)
    const methods: string[] = []
    if (value('pubkeyauthentication') === 'yes') methods.push('publickey')
    if (value('passwordauthentication') === 'yes') methods.push('password')
    if (value('kbdinteractiveauthentication') === 'yes' && value('usepam') === 'yes')
      methods.push('keyboard-interactive')
    return methods
  }

  /** Why nobody of that name gets in whatever is offered; undefined when the proof of identity decides. */
  shutOut(connection: Connection, method: 'publickey' | 'password'): string | undefined {
    const user = findUser(this.#files, connection.user)
    if (!user) return `Invalid user ${connection.user}`
    const list = (keyword: string): string[] =>
      this.effective(this.#running, connection).get(keyword)?.filter(Boolean) ?? []
    const groups = user.groups.map(gid => groupName(this.#files, gid))
    const allowed = list('allowusers')
    if (list('denyusers').includes(user.name))
      return `User ${user.name} from ${connection.address} not allowed because listed in DenyUsers`
    if (allowed.length > 0 && !allowed.some(entry => inPatterns(user.name, [entry.split('@')[0] ?? ''])))
      return `User ${user.name} from ${connection.address} not allowed because not listed in AllowUsers`
    const allowedGroups = list('allowgroups')
    if (allowedGroups.length > 0 && !groups.some(group => inPatterns(group, allowedGroups)))
      return `User ${user.name} from ${connection.address} not allowed because none of user's groups are listed in AllowGroups`
    if (!shellRuns(this.#files, user))
      return `User ${user.name} not allowed because shell ${user.shell} does not exist`
    if (user.uid !== 0) return undefined
    const root = this.running('permitrootlogin', connection)
    if (root === 'no') return `ROOT LOGIN REFUSED FROM ${connection.address} port 0`
    if (method === 'password' && root !== 'yes') return 'root may not log in with a password'
    return undefined
  }

  /** The lines of authorized_keys that count for a user: none where StrictModes does not trust the file. */
  authorizedKeys(user: User, connection: Connection): string[] {
    const [file = ''] = this.running('authorizedkeysfile', connection).split(' ')
    const path = file.replaceAll('%h', user.home).replaceAll('%u', user.name)
    const absolute = path.startsWith('/') ? path : `${user.home}/${path}`
    if (this.running('strictmodes', connection) !== 'no' && !this.#trusted(absolute, user)) return []
    return this.#files
      .text(absolute)
      .split('\n')
      .filter(line => line.trim() !== '' && !line.startsWith('#'))
  }

  #trusted(path: string, user: User): boolean {
    let at = path
    while (at.startsWith(user.home)) {
      const node = this.#files.maybe(at)
      if (!node || (node.uid !== user.uid && node.uid !== 0) || (node.mode & 0o022) !== 0) return false
      at = at.slice(0, at.lastIndexOf('/'))
    }
    return true
  }
}

function shellRuns(files: FileSystem, user: User): boolean {
  const node = files.maybe(user.shell)
  return node?.kind === 'file' && (node.mode & 0o111) !== 0
}

function inPatterns(value: string, patterns: readonly string[]): boolean {
  let found = false
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!')
    const source = (negated ? pattern.slice(1) : pattern)
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    if (!new RegExp(`^${source}$`).test(value)) continue
    if (negated) return false
    found = true
  }
  return found
}

function firstError(settings: readonly SshdSetting[], main: string, text: string): string | undefined {
  if (text === '') return `${main}: No such file or directory`
  for (const { keyword, value, file, line, text: whole } of settings) {
    const known = keyword in DEFAULTS || LISTS.has(keyword) || OTHERS.has(keyword)
    if (!known)
      return `${file}: line ${line}: Bad configuration option: ${whole.trim().split(/\s+/)[0]}\n${file}: terminating, 1 bad configuration options`
    if (value === '') return `${file} line ${line}: Missing argument.`
    if (SWITCHES.has(keyword) && !/^(yes|no)$/i.test(value))
      return `${file} line ${line}: unsupported option "${value}".`
    if (
      keyword === 'permitrootlogin' &&
      !/^(yes|no|prohibit-password|without-password|forced-commands-only)$/.test(value)
    )
      return `${file} line ${line}: unsupported option "${value}".`
    if (keyword === 'port' && !/^\d+$/.test(value))
      return `${file} line ${line}: Badly formatted port number.`
  }
  return undefined
}
