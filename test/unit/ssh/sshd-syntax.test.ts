import { describe, expect, test } from 'vitest'
import { matchesGlob, matchesPattern } from '../../../src/facts/name-pattern.ts'
import { parseFiles, type SshdFile, settingsIn, withFile } from '../../../src/facts/sshd-sources.ts'
import {
  globalSetting,
  includesOf,
  liveMatchSettings,
  parseLine,
  placeOf,
  settingsOf,
} from '../../../src/facts/sshd-syntax.ts'

const file = (path: string, text: string): SshdFile => ({
  path,
  text,
  sha256: '',
  mode: '0644',
  owner: 'root:root',
})

describe('a line of sshd_config', () => {
  test.each([
    ['PasswordAuthentication no', 'passwordauthentication', ['no']],
    ['  PasswordAuthentication=no', 'passwordauthentication', ['no']],
    ['AllowUsers "anna" deploy@10.0.0.0/8 # the team', 'allowusers', ['anna', 'deploy@10.0.0.0/8']],
    ['Match User bob', 'match', ['User', 'bob']],
  ])('%s', (line, keyword, args) => {
    expect(parseLine(line)).toEqual({ keyword, args })
  })
  test.each(['', '#PasswordAuthentication yes', '   # no'])('%j says nothing', line => {
    expect(parseLine(line)).toBeNull()
  })
})

describe('which line decides', () => {
  const cloud = file('/etc/ssh/sshd_config.d/50-cloud-init.conf', 'PasswordAuthentication yes\n')
  const main = file(
    '/etc/ssh/sshd_config',
    'Include /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication no\nMatch User bob\n  PasswordAuthentication yes\n',
  )
  const pattern = '/etc/ssh/sshd_config.d/*.conf'
  const sources = { main, included: new Map([[pattern, [cloud]]]) }

  test('is the first one, so that an included file overrules the main one', () => {
    const decider = globalSetting(settingsIn(sources), 'passwordauthentication')
    expect(decider && placeOf(decider)).toBe('/etc/ssh/sshd_config.d/50-cloud-init.conf:1')
  })

  test('is a new drop-in’s only where its name sorts before the others', () => {
    const early = settingsIn(
      withFile(sources, '/etc/ssh/sshd_config.d/00-kneeboard.conf', 'PasswordAuthentication no\n'),
    )
    const late = settingsIn(
      withFile(sources, '/etc/ssh/sshd_config.d/60-mine.conf', 'PasswordAuthentication no\n'),
    )
    expect(globalSetting(early, 'passwordauthentication')?.value).toBe('no')
    expect(globalSetting(late, 'passwordauthentication')?.value).toBe('yes')
  })

  test('a Match block of an included file ends with that file', () => {
    const settings = settingsOf({ path: 'main', text: 'Include a\nPermitRootLogin no' }, () => [
      { path: 'a', text: 'Match User x\nPasswordAuthentication no' },
    ])
    expect(settings.map(({ conditions }) => conditions)).toEqual([['User x'], []])
  })

  test('a file included from within a Match block stands under its condition', () => {
    const settings = settingsOf({ path: 'main', text: 'Match Group sftp\nInclude a' }, () => [
      { path: 'a', text: 'PasswordAuthentication yes' },
    ])
    expect(settings[0]?.conditions).toEqual(['Group sftp'])
    expect(settings[0] && placeOf(settings[0])).toBe('a:1 (Match Group sftp)')
  })

  test('the old name ChallengeResponseAuthentication means the same as the new one', () => {
    const settings = settingsOf({ path: 'main', text: 'ChallengeResponseAuthentication yes' }, () => [])
    expect(globalSetting(settings, 'kbdinteractiveauthentication')?.value).toBe('yes')
  })

  test('a Match block counts unless an earlier “Match all” or the same condition comes first', () => {
    const yes = (text: string) =>
      liveMatchSettings(
        settingsOf({ path: 'm', text }, () => []),
        'passwordauthentication',
      )
        .filter(({ value }) => value === 'yes')
        .map(placeOf)
    const bob = 'Match User bob\nPasswordAuthentication yes\n'
    expect(yes(bob)).toEqual(['m:2 (Match User bob)'])
    expect(yes(`Match all\nPasswordAuthentication no\n${bob}`)).toEqual([])
    expect(yes(`Match User bob\nPasswordAuthentication no\n${bob}`)).toEqual([])
    expect(yes(`Match User eve\nPasswordAuthentication no\n${bob}`)).toEqual(['m:4 (Match User bob)'])
  })

  test('an Include loop ends', () => {
    const loop = { path: 'main', text: 'Include main\nPort 22' }
    expect(settingsOf(loop, () => [loop]).length).toBeLessThan(20)
  })
})

test('relative Include patterns lie in /etc/ssh', () => {
  expect(includesOf('Include sshd_config.d/*.conf /opt/x.conf\n#Include no')).toEqual([
    '/etc/ssh/sshd_config.d/*.conf',
    '/opt/x.conf',
  ])
})

describe('files as the server sends them', () => {
  const sum = 'a'.repeat(64)
  test('keep an unended last line, empty lines and lines that look like a header', () => {
    const text = `@644 root:root ${sum} /etc/a\n|one\n|\n|@600 x:y\n\n@600 root:root ${sum} /etc/b\n|unended\n@644 root:root ${sum} /etc/c\n\n`
    expect(parseFiles(text).map(({ path, text, mode }) => [path, text, mode])).toEqual([
      ['/etc/a', 'one\n\n@600 x:y\n', '0644'],
      ['/etc/b', 'unended', '0600'],
      ['/etc/c', '', '0644'],
    ])
  })
  test('a header of another shape is not guessed at', () => {
    expect(() => parseFiles('@what is this\n|x\n')).toThrow('is not their header')
  })
})

test('patterns match whole names', () => {
  expect(matchesPattern('dep*', 'deploy')).toBe(true)
  expect(matchesPattern('dep?oy', 'deploy')).toBe(true)
  expect(matchesPattern('dep', 'deploy')).toBe(false)
  expect(matchesPattern('a.c', 'abc')).toBe(false)
  expect(matchesGlob('/etc/ssh/*.conf', '/etc/ssh/a.conf')).toBe(true)
  expect(matchesGlob('/etc/ssh/*.conf', '/etc/ssh/.a.conf')).toBe(false)
  expect(matchesGlob('/etc/*', '/etc/ssh/a')).toBe(false)
  expect(matchesGlob('/etc/[!0]*', '/etc/00-x')).toBe(false)
  expect(matchesGlob('/etc/[0-4]*', '/etc/00-x')).toBe(true)
})
