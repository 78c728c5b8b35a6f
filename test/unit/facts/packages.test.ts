import { describe, expect, test } from 'vitest'
import { parseAptConfig, parseLists, parseLocks } from '../../../src/facts/apt.ts'
import { parsePhased, parseSimulation } from '../../../src/facts/packages.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { fixture } from './fixture.ts'

describe('a simulated upgrade', () => {
  const { waiting, keptBack } = parseSimulation(fixture('upgrade-held-bookworm.txt'))

  test('names what would be installed, and what of it is for security', () => {
    expect(waiting).toHaveLength(14)
    expect(waiting[1]).toEqual({ name: 'apt', from: '2.6.1', to: '2.6.2', security: true })
  })

  test('names what is kept back', () => {
    expect(keptBack).toEqual(['liblzma5', 'libperl5.36', 'perl', 'perl-base'])
  })

  test('tells security from the rest by the archive, in all its spellings', () => {
    const text = [
      'Inst linux-image-6.1.0-18-amd64 (6.1.76-1 Debian:12.5/stable [amd64])',
      'Inst libssl3 [3.0.2-0ubuntu1.14] (3.0.2-0ubuntu1.15 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])',
      'Inst bash [5.1-6ubuntu1] (5.1-6ubuntu1.1 Ubuntu:22.04/jammy-updates [amd64]) []',
      '2 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.',
    ].join('\n')
    expect(parseSimulation(text).waiting).toEqual([
      { name: 'linux-image-6.1.0-18-amd64', from: '', to: '6.1.76-1', security: false },
      { name: 'libssl3', from: '3.0.2-0ubuntu1.14', to: '3.0.2-0ubuntu1.15', security: true },
      { name: 'bash', from: '5.1-6ubuntu1', to: '5.1-6ubuntu1.1', security: false },
    ])
  })

  test('without its summary is unreadable, not "no updates"', () => {
    expect(() => parseSimulation('Reading package lists...\n')).toThrow(Unreadable)
    expect(() => parseSimulation('')).toThrow(Unreadable)
  })
})

test('a package counts as phased only when its candidate is', () => {
  // The shape that apt 2.4 of Ubuntu 22.04 prints.
  const policy = [
    'apt:',
    '  Installed: 2.4.6',
    '  Candidate: 2.4.7',
    '  Version table:',
    '     2.4.7 500 (phased 20%)',
    '        500 http://mirror.example/ubuntu jammy-updates/main amd64 Packages',
    ' *** 2.4.6 100',
    '        100 /var/lib/dpkg/status',
    'perl:',
    '  Installed: 5.34.0-3',
    '  Candidate: 5.34.0-4',
    '  Version table:',
    '     5.34.0-4 500',
    ' *** 5.34.0-3 500 (phased 40%)',
    '',
  ].join('\n')
  expect(parsePhased(policy)).toEqual(['apt'])
})

describe('the locks of apt', () => {
  test('are found by inode, in order of weight, without those of other files', () => {
    expect(parseLocks(fixture('locks-held.txt'))).toEqual([
      { path: '/var/lib/dpkg/lock-frontend', pid: 1278 },
      { path: '/var/lib/dpkg/lock', pid: 1278 },
      { path: '/var/lib/apt/lists/lock', pid: 1278 },
      { path: '/var/cache/apt/archives/lock', pid: 1278 },
    ])
  })

  test('are free when nobody holds them, waits for them, or holds them outside this system', () => {
    const files = 'file 7 /var/lib/dpkg/lock\n'
    expect(parseLocks(files)).toEqual([])
    expect(parseLocks(`${files}1: -> POSIX  ADVISORY  WRITE 12 00:11a:7 0 EOF\n`)).toEqual([])
    expect(parseLocks(`${files}1: POSIX  ADVISORY  WRITE -1 00:11a:7 0 EOF\n`)).toEqual([])
    expect(parseLocks(`${files}1: POSIX  ADVISORY  WRITE 12 00:11a:77 0 EOF\n`)).toEqual([])
  })
})

describe('the package lists', () => {
  const text = fixture('lists-bookworm.txt')

  test('have an age, and every source is there', () => {
    expect(parseLists(text)).toEqual({ ageHours: 14 / 3600, missing: [] })
  })

  test('a source that was never fetched is named', () => {
    const without = text.replace(/^mirror\.example_debian_dists_trixie_InRelease\n/m, '')
    expect(parseLists(without).missing).toEqual(['mirror.example_debian_dists_trixie_InRelease'])
  })

  test('an empty folder has no lists, however new it is', () => {
    expect(parseLists('auxfiles\nlock\npartial\nage 5\n').ageHours).toBeNull()
    expect(() => parseLists('lock\npartial\n')).toThrow(Unreadable)
  })
})

test('apt’s configuration keeps the members of a list together', () => {
  const config = parseAptConfig(
    [
      'APT::Periodic "";',
      'APT::Periodic::Unattended-Upgrade "1";',
      'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,label=Debian";',
      'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,label=Debian-Security";',
      '',
    ].join('\n'),
  )
  expect(config.get('APT::Periodic::Unattended-Upgrade')).toBe('1')
  expect(config.get('Unattended-Upgrade::Origins-Pattern::')).toBe(
    'origin=Debian,label=Debian\norigin=Debian,label=Debian-Security',
  )
  expect(config.get('APT::Periodic::Enable')).toBeUndefined()
})
