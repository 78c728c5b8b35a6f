import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { composeDropIn, withInclude } from '../../../checks/ssh/drop-in.ts'
import { putBack } from '../../../checks/ssh/harden-scripts.ts'
import { isStrictEnough, stricter } from '../../../checks/ssh/root-login-grades.ts'
import { parseEffective } from '../../../src/facts/sshd-effective.ts'
import type { SshdSources } from '../../../src/facts/sshd-sources.ts'

const bookworm = readFileSync(new URL('fixtures/sshd-T-bookworm.txt', import.meta.url), 'utf8')
const everyone = parseEffective(bookworm)
const STOCK = 'Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\n'

function sourcesOf(main: string, dropIns: Record<string, string> = {}): SshdSources {
  const file = (path: string, text: string) => ({
    path,
    text,
    sha256: '0'.repeat(64),
    mode: '0644',
    owner: 'root:root',
  })
  const files = Object.entries(dropIns).map(([name, text]) => file(`/etc/ssh/sshd_config.d/${name}`, text))
  const included = main.includes('Include') ? new Map([['/etc/ssh/sshd_config.d/*.conf', files]]) : new Map()
  return { main: file('/etc/ssh/sshd_config', main), included }
}
const settingsLines = (text: string) => text.split('\n').filter(line => line !== '' && !line.startsWith('#'))

describe('the drop-in', () => {
  test('on a stock server is three lines, and needs no Include', () => {
    const { text, needsInclude, overridden } = composeDropIn(sourcesOf(STOCK), everyone, 'key-only')
    expect(settingsLines(text)).toEqual([
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
    ])
    expect(needsInclude).toBe(false)
    expect(overridden).toEqual([])
  })
  test('never opens what is closed further than asked', () => {
    const closed = parseEffective(bookworm.replace(/^permitrootlogin .*$/m, 'permitrootlogin no'))
    expect(composeDropIn(sourcesOf(STOCK), closed, 'key-only').text).toContain('PermitRootLogin no')
  })
  test('is named in the main file where the Include is missing, comes too late, or another file sorts before', () => {
    const needs = (sources: SshdSources) => composeDropIn(sources, everyone, 'key-only').needsInclude
    expect(needs(sourcesOf('UsePAM yes\n'))).toBe(true)
    expect(needs(sourcesOf(`PasswordAuthentication yes\n${STOCK}`))).toBe(true)
    expect(needs(sourcesOf(STOCK, { '00-aaa.conf': 'PasswordAuthentication yes\n' }))).toBe(true)
    expect(needs(sourcesOf(STOCK, { '50-cloud-init.conf': 'PasswordAuthentication yes\n' }))).toBe(false)
    expect(withInclude('Port 22\n')).toMatch(
      /^#.*\nInclude \/etc\/ssh\/sshd_config\.d\/00-kneeboard\.conf\n\nPort 22\n$/,
    )
  })
  test('overrides Match blocks that let passwords in, and only for what they open', () => {
    const { text } = composeDropIn(
      sourcesOf(`${STOCK}Match User sftp\n  PasswordAuthentication yes\n`),
      everyone,
      'key-only',
    )
    expect(text).toContain('# /etc/ssh/sshd_config:5 (Match User sftp): PasswordAuthentication yes')
    expect(settingsLines(text).slice(3)).toEqual(['Match all', '    PasswordAuthentication no'])
  })
  test('leaves a second factor alone', () => {
    const { text } = composeDropIn(
      sourcesOf(`${STOCK}AuthenticationMethods publickey,keyboard-interactive\n`),
      everyone,
      'key-only',
    )
    expect(settingsLines(text)).toEqual(['PasswordAuthentication no', 'PermitRootLogin prohibit-password'])
    expect(text).toContain(
      '# keyboard-interactive is left as it is: /etc/ssh/sshd_config:4 asks for it after a key.',
    )
  })
  test('is refused where passwords are the only way in, or one override would open a stricter block', () => {
    const compose = (more: string) => () => composeDropIn(sourcesOf(`${STOCK}${more}`), everyone, 'key-only')
    expect(compose('AuthenticationMethods password\n')).toThrow('no login would be left')
    expect(
      compose('Match Address 10.0.0.0/8\nPermitRootLogin yes\nMatch Address *\nPermitRootLogin no\n'),
    ).toThrow('one override would undo both')
  })
})

test('putting back removes our own file only where there was none before', () => {
  const service = { unit: 'ssh.service', active: true, socketPorts: [] }
  const fresh = putBack(sourcesOf(STOCK), service, '/var/backups/kneeboard/sshd-1').text
  expect(fresh).toContain('rm -f -- /etc/ssh/sshd_config.d/00-kneeboard.conf')
  const second = putBack(sourcesOf(STOCK, { '00-kneeboard.conf': 'x' }), service, '/v').text
  expect(second).not.toContain('rm -f')
  expect(second).toContain('for file in /etc/ssh/sshd_config /etc/ssh/sshd_config.d/00-kneeboard.conf; do')
})

test('PermitRootLogin is compared by how much it closes', () => {
  expect(isStrictEnough('without-password', 'key-only')).toBe(true)
  expect(isStrictEnough('yes', 'key-only')).toBe(false)
  expect(isStrictEnough('prohibit-password', 'no')).toBe(false)
  expect(isStrictEnough('whatever', 'key-only')).toBe(false)
  expect(stricter('forced-commands-only', 'key-only')).toBe('forced-commands-only')
  expect(stricter('yes', 'no')).toBe('no')
})
