import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exclusionOf } from '../../../src/facts/sshd-access.ts'
import { acceptsAlone, isOn, parseEffective, setting } from '../../../src/facts/sshd-effective.ts'

/** `sshd -T` of the lab's bare Debian 12. */
const bookworm = readFileSync(new URL('fixtures/sshd-T-bookworm.txt', import.meta.url), 'utf8')
const changed = (...lines: string[]) => {
  const keys = lines.map(line => line.split(' ')[0])
  const rest = bookworm.split('\n').filter(line => !keys.includes(line.split(' ')[0]))
  return parseEffective([...rest, ...lines].join('\n'))
}

describe('what sshd -T says', () => {
  const effective = parseEffective(bookworm)
  test('stock Debian 12 takes passwords, and calls prohibit-password by its old name', () => {
    expect(acceptsAlone(effective, 'password')).toBe(true)
    expect(acceptsAlone(effective, 'keyboard-interactive')).toBe(false)
    expect(setting(effective, 'permitrootlogin')).toBe('prohibit-password')
    expect(setting(effective, 'nonsense')).toBe('')
  })
  test('output that is cut short or something else is not read as “no”', () => {
    expect(() => parseEffective('port 22\npasswordauthentication no\n')).toThrow('named no permitrootlogin')
    expect(() => parseEffective('')).toThrow('named no port')
  })
  test('a password after a key is not a password alone', () => {
    expect(acceptsAlone(changed('authenticationmethods publickey,password'), 'password')).toBe(false)
    expect(acceptsAlone(changed('authenticationmethods publickey password'), 'password')).toBe(true)
    expect(
      acceptsAlone(changed('authenticationmethods publickey,keyboard-interactive:pam'), 'password'),
    ).toBe(false)
  })
  test('before OpenSSH 8.7 the other keyword counts, too', () => {
    expect(isOn(changed('challengeresponseauthentication yes'), 'keyboard-interactive')).toBe(true)
  })
})

describe('who is turned away whatever they offer', () => {
  const root = { user: 'root', groups: ['root'], address: '203.0.113.5' }
  const by = (...lines: string[]) => exclusionOf(changed(...lines), root)
  test('nobody, without lists', () => expect(by()).toBeNull())
  test('whoever AllowUsers leaves out', () => {
    expect(by('allowusers deploy', 'allowusers anna')).toEqual({
      keyword: 'AllowUsers',
      entries: ['deploy', 'anna'],
      certain: true,
    })
    expect(by('allowusers r*')).toBeNull()
  })
  test('by the address, in both directions', () => {
    expect(by('allowusers root@203.0.113.0/24')).toBeNull()
    expect(by('allowusers root@203.0.113.*')).toBeNull()
    expect(by('allowusers root@198.51.100.0/24')?.keyword).toBe('AllowUsers')
    expect(by('denyusers root@203.0.113.5')?.keyword).toBe('DenyUsers')
  })
  test('by their groups; for certain only when these are known', () => {
    expect(by('allowgroups ssh')).toMatchObject({ keyword: 'AllowGroups', certain: true })
    expect(by('allowgroups ro*')).toBeNull()
    expect(by('denygroups root')?.keyword).toBe('DenyGroups')
    const stranger = { ...root, groups: null }
    expect(exclusionOf(changed('allowgroups root'), stranger)).toMatchObject({ certain: false })
  })
  test('DenyUsers is asked before AllowUsers', () => {
    expect(by('denyusers root', 'allowusers root')?.keyword).toBe('DenyUsers')
  })
})
