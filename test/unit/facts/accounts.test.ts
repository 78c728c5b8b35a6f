import { describe, expect, test } from 'vitest'
import { parsePasswd, parseStanding } from '../../../src/facts/accounts.ts'
import { parseAuthorizedKeys, plainLine } from '../../../src/facts/authorized-keys.ts'
import { chainTo, keysFileOf } from '../../../src/facts/login-keys.ts'
import { parseStates } from '../../../src/facts/path-state.ts'
import { Unreadable } from '../../../src/model/command.ts'

const NOW = new Date('2026-11-21T09:00:00Z')
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINHbcq+mfWFfukL5jpPb16sFRE01Uga3mTPIY83IsLlO'
const LOCK_IN =
  'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo \'Please login as the user \\"debian\\" rather than the user \\"root\\".\';echo;sleep 10;exit 142"'
const flaws = (text: string) => parseAuthorizedKeys(text, NOW).keys.map(({ flaw }) => flaw)

describe('an account', () => {
  const standing = (status: string, expires: string, password: string, shell = 'runs') =>
    parseStanding(
      [
        shell,
        'deploy',
        'deploy sudo users',
        '2026-11-21',
        `deploy ${status} 2026-11-21 0 99999 7 -1`,
        'Last password change\t\t\t\t\t: Nov 21, 2026',
        `Password expires\t\t\t\t\t: ${password}`,
        'Password inactive\t\t\t\t\t: never',
        `Account expires\t\t\t\t\t\t: ${expires}`,
      ].join('\n'),
    )

  test('without an end and with a locked password is in good standing', () => {
    expect(standing('L', 'never', 'never')).toEqual({
      shellRuns: true,
      group: 'deploy',
      groups: ['deploy', 'sudo', 'users'],
      password: 'locked',
      expired: false,
      passwordExpired: false,
    })
  })

  test('ends on its day, and not before', () => {
    expect(standing('P', 'Nov 22, 2026', 'never').expired).toBe(false)
    expect(standing('P', 'Nov 21, 2026', 'never').expired).toBe(true)
    expect(standing('P', 'Jan 02, 2026', 'never').expired).toBe(true)
    expect(standing('P', 'Jan 01, 1970', 'never').expired).toBe(true)
  })

  test('whose password must be changed is stopped', () => {
    expect(standing('L', 'never', 'password must be changed').passwordExpired).toBe(true)
    expect(standing('P', 'never', 'Jan 31, 2020').passwordExpired).toBe(true)
  })

  test('has a usable password, a locked one, or none', () => {
    expect(['P', 'L', 'NP'].map(letter => standing(letter, 'never', 'never').password)).toEqual([
      'usable',
      'locked',
      'none',
    ])
  })

  test('of which nothing is said is unreadable', () => {
    expect(() => parseStanding('runs\ndeploy\ndeploy\n2026-11-21\n')).toThrow(Unreadable)
    expect(() => parsePasswd('')).toThrow(Unreadable)
  })

  test('without a shell has /bin/sh', () => {
    expect(parsePasswd('deploy:x:1000:1000:,,,:/home/deploy:\n')).toEqual({
      name: 'deploy',
      uid: 1000,
      home: '/home/deploy',
      shell: '/bin/sh',
    })
  })
})

describe('authorized_keys', () => {
  test('a plain key lets in; comments and empty lines are no keys', () => {
    const { keys, malformed, carriageReturns } = parseAuthorizedKeys(`# mine\n\n${KEY} me@home\n`, NOW)
    expect(keys).toMatchObject([{ line: 3, type: 'ssh-ed25519', comment: 'me@home', flaw: null }])
    expect({ malformed, carriageReturns }).toEqual({ malformed: [], carriageReturns: false })
  })

  test('the lock-in of cloud images is recognised, and a plain line can be made of it', () => {
    const { keys } = parseAuthorizedKeys(`${LOCK_IN} ${KEY} me@home\n`, NOW)
    expect(keys).toMatchObject([{ flaw: expect.stringContaining('cloud image') }])
    expect(keys.map(plainLine)).toEqual([`${KEY} me@home`])
  })

  test('options that leave no shell are flaws', () => {
    expect(flaws(`command="/usr/bin/rrsync /srv" ${KEY}`)).toEqual([
      'a forced command runs instead of a shell',
    ])
    expect(flaws(`no-pty ${KEY}`)).toEqual(['it may not open a terminal'])
    expect(flaws(`restrict ${KEY}`)).toEqual(['it may not open a terminal'])
    expect(flaws(`restrict,pty ${KEY}`)).toEqual([null])
    expect(flaws(`cert-authority ${KEY}`)).toEqual([expect.stringContaining('authority')])
    expect(flaws(`from="10.0.0.0/8, 192.0.2.1",environment="A=b c" ${KEY}`)).toEqual([null])
  })

  test('a key that has expired does not let in', () => {
    expect(flaws(`expiry-time="20261120" ${KEY}`)).toEqual(['it expired at 20261120'])
    expect(flaws(`expiry-time="202611211000Z" ${KEY}`)).toEqual([null])
  })

  test('where a key stands twice, the first line counts', () => {
    expect(flaws(`no-pty ${KEY}\n${KEY}\n`)).toEqual([
      'it may not open a terminal',
      expect.stringContaining('further up'),
    ])
  })

  test('where a key may come from is kept when it is made plain', () => {
    const { keys } = parseAuthorizedKeys(`from="192.0.2.1",no-pty ${KEY} me`, NOW)
    expect(keys.map(plainLine)).toEqual([`from="192.0.2.1" ${KEY} me`])
  })

  test('broken lines are counted, Windows line ends are seen', () => {
    const text = `${KEY}\r\nssh-ed25519 AAAA\nssh-rsa ${KEY.split(' ')[1]}\nhello\ncommand="open ${KEY}\n`
    const { keys, malformed, carriageReturns } = parseAuthorizedKeys(text, NOW)
    expect(keys).toMatchObject([{ flaw: null }])
    expect({ malformed, carriageReturns }).toEqual({ malformed: [2, 3, 4, 5], carriageReturns: true })
  })
})

describe('where sshd looks', () => {
  test('is the first file of the setting, in the home folder unless it is absolute', () => {
    const file = (setting: string) => keysFileOf(setting, 'deploy', '/home/deploy')
    expect(file('.ssh/authorized_keys .ssh/authorized_keys2')).toBe('/home/deploy/.ssh/authorized_keys')
    expect(file('/etc/ssh/keys/%u')).toBe('/etc/ssh/keys/deploy')
    expect(file('%h/k%%')).toBe('/home/deploy/k%')
    expect(() => file('none')).toThrow(Unreadable)
  })

  test('the way there starts at the home folder, or at the file’s own', () => {
    expect(chainTo('/home/deploy/.ssh/authorized_keys', '/home/deploy')).toEqual([
      '/home/deploy',
      '/home/deploy/.ssh',
      '/home/deploy/.ssh/authorized_keys',
    ])
    expect(chainTo('/etc/ssh/keys/deploy', '/home/deploy')).toEqual(['/etc/ssh/keys', '/etc/ssh/keys/deploy'])
  })

  test('kinds and modes are read from stat', () => {
    expect(parseStates('41c0 deploy /h/.ssh\n8180 root /h/a b\na1ff root /h/l\nmissing - /h/x\n')).toEqual([
      { path: '/h/.ssh', kind: 'folder', mode: 0o700, owner: 'deploy' },
      { path: '/h/a b', kind: 'file', mode: 0o600, owner: 'root' },
      { path: '/h/l', kind: 'link', mode: 0o777, owner: 'root' },
      { path: '/h/x', kind: 'missing', mode: 0, owner: '' },
    ])
  })
})
