import { describe, expect, test } from 'vitest'
import { newerKernel, parseCloudInit, parseRebootState } from '../../../src/facts/boot.ts'
import { offsetOf, parseTimedatectl } from '../../../src/facts/clock.ts'
import { parseDf } from '../../../src/facts/disks.ts'
import { parseAhosts } from '../../../src/facts/hostname.ts'
import { parseLimit, parseMeminfo, parseSwaps } from '../../../src/facts/memory.ts'
import { parseOsRelease } from '../../../src/facts/operating-system.ts'
import { parseTimer } from '../../../src/facts/timers.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { ended } from '../docker/given.ts'
import { fixture } from './fixture.ts'

describe('df', () => {
  test('of a container: its overlay root and real disks, without memory file systems', () => {
    expect(parseDf(fixture('df-space-container.txt'))).toEqual([
      {
        mountPoint: '/',
        type: 'overlay',
        total: 264212084,
        used: 36671232,
        available: 69719680,
        usedPercent: 35,
      },
      expect.objectContaining({ mountPoint: '/var/lib/docker', type: 'ext4', usedPercent: 35 }),
    ])
  })

  test('of a virtual machine: its one disk', () => {
    expect(parseDf(fixture('df-space-vm.txt'))).toEqual([
      expect.objectContaining({ mountPoint: '/', type: 'ext4', usedPercent: 24 }),
    ])
  })

  test('of inodes', () => {
    const [root] = parseDf(fixture('df-inodes-container.txt'))
    expect(root).toMatchObject({ total: 16777216, used: 697787, usedPercent: 5 })
  })

  test('keeps spaces in a mount point, and counts a file system without inodes as none', () => {
    const text = [
      'Filesystem     Type   Inodes  IUsed   IFree IUse% Mounted on',
      '/dev/vda1      btrfs       0      0       0     - /',
      '/dev/loop0     ext4      128     98      30   77% /mnt/full disk',
    ].join('\n')
    expect(parseDf(text)).toEqual([
      expect.objectContaining({ mountPoint: '/', total: 0, usedPercent: 0 }),
      expect.objectContaining({ mountPoint: '/mnt/full disk', usedPercent: 77 }),
    ])
  })

  test('without a table or without a root is unreadable, not empty', () => {
    expect(() => parseDf('df: command failed')).toThrow(Unreadable)
    expect(() => parseDf(fixture('df-space-vm.txt').replace('/\n', '/data\n'))).toThrow(Unreadable)
  })
})

describe('memory', () => {
  test('is read from meminfo', () => {
    const text = 'MemTotal:       24684096 kB\nMemFree:         9289328 kB\nMemAvailable:   19722888 kB\n'
    expect(parseMeminfo(text)).toEqual({ totalBytes: 24684096 * 1024, availableBytes: 19722888 * 1024 })
    expect(() => parseMeminfo('')).toThrow(Unreadable)
  })

  test('is limited by the smallest control group', () => {
    expect(parseLimit('4294967296\n')).toBe(4294967296)
    expect(parseLimit('max\n9223372036854771712\n')).toBeGreaterThan(2 ** 60)
    expect(parseLimit('')).toBe(Infinity)
  })

  test('swap areas are listed; a heading alone means none', () => {
    const heading = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
    expect(parseSwaps(heading)).toEqual([])
    expect(parseSwaps(`${heading}/swap\\040file file\t\t2097148\t\t0\t\t-2\n`)).toEqual([
      { path: '/swap file', kind: 'file', bytes: 2097148 * 1024 },
    ])
    expect(() => parseSwaps('')).toThrow(Unreadable)
  })
})

describe('the clock', () => {
  const at = Date.parse('2026-11-21T09:00:00.000Z') / 1000

  test('is compared in the middle of the round trip, and no better than half of it', () => {
    const offset = offsetOf(ended({ stdout: `${at + 3}.100000000\n`, durationMs: 200 }))
    expect(offset.seconds).toBeCloseTo(3, 6)
    expect(offset.uncertainty).toBeCloseTo(0.101, 6)
  })

  test('that says whole seconds only is half a second less sure', () => {
    const offset = offsetOf(ended({ stdout: `${at}.%N\n`, durationMs: 200 }))
    expect(offset.seconds).toBeCloseTo(0.4, 6)
    expect(offset.uncertainty).toBeCloseTo(0.6, 6)
  })

  test('that says no time is unreadable', () => {
    expect(() => offsetOf(ended({ stdout: 'noon\n' }))).toThrow(Unreadable)
    expect(() => offsetOf(ended({ exitCode: 1 }))).toThrow(Unreadable)
  })

  test('timedatectl tells service and state', () => {
    const text = 'Timezone=Etc/UTC\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=no\n'
    expect(parseTimedatectl(text)).toEqual({ available: true, enabled: true, synchronised: false })
    expect(() => parseTimedatectl('Timezone=Etc/UTC\n')).toThrow(Unreadable)
  })
})

describe('the system', () => {
  test('os-release is read with its quotes', () => {
    const values = parseOsRelease(
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\nX=\'a b\'\nY="a\\"b"\n# c\n',
    )
    expect(Object.fromEntries(values)).toEqual({
      PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)',
      VERSION_ID: '12',
      ID: 'debian',
      X: 'a b',
      Y: 'a"b',
    })
  })

  test('getent names each address once', () => {
    const text = '127.0.1.1       STREAM cap\n127.0.1.1       DGRAM  \n127.0.1.1       RAW    \n'
    expect(parseAhosts(text)).toEqual(['127.0.1.1'])
  })

  test('a timer that does not exist is neither active nor started at boot', () => {
    expect(parseTimer('a.timer', 'ActiveState=active\nUnitFileState=enabled\n')).toMatchObject({
      active: true,
      startsAtBoot: true,
    })
    expect(parseTimer('a.timer', 'ActiveState=inactive\nUnitFileState=\n')).toMatchObject({
      active: false,
      startsAtBoot: false,
    })
  })

  test('cloud-init says its state on one line', () => {
    expect(parseCloudInit('\nstatus: degraded done\n')).toBe('degraded done')
    expect(parseCloudInit('Traceback')).toBeNull()
  })
})

describe('the kernel after the next boot', () => {
  const state = (release: string, build: string, version: string, installed: string[], flags = '') =>
    parseRebootState(
      `${release}\n${build}\n${version}\n${installed.map(name => `kernel ${name}\n`).join('')}${flags}`,
    )

  test('is a higher release of the same flavour', () => {
    const debian = state('6.1.0-9-amd64', '#1 SMP Debian 6.1.27-1 (2023-05-08)', '6.1.27-1', [
      '6.1.0-9-amd64',
      '6.1.0-18-amd64',
      '6.1.0-30-rt-amd64',
    ])
    expect(newerKernel(debian)).toBe('6.1.0-18-amd64')
  })

  test('is a newer build of the same release', () => {
    const rebuilt = state('6.1.0-18-amd64', '#1 SMP Debian 6.1.76-1 (2024-02-01)', '6.1.90-1', [
      '6.1.0-18-amd64',
    ])
    expect(newerKernel(rebuilt)).toBe('6.1.0-18-amd64, build 6.1.90-1')
  })

  test('is the one that runs, when it is the newest', () => {
    const ubuntu = state('5.15.0-101-generic', '#111-Ubuntu SMP', '5.15.0-101.111', [
      '5.15.0-91-generic',
      '5.15.0-101-generic',
    ])
    expect(newerKernel(ubuntu)).toBeNull()
    expect(newerKernel(state('6.18.44-fc-v595', '#1 SMP PREEMPT_DYNAMIC @0', '', []))).toBeNull()
  })

  test('who asked for a reboot is named once each', () => {
    expect(state('6.1', '', '', [], 'requested\nby libc6\nby libc6\nby dbus\n').requestedBy).toEqual([
      'libc6',
      'dbus',
    ])
    expect(state('6.1', '', '', [], 'requested\n').requestedBy).toEqual([])
    expect(state('6.1', '', '', []).requestedBy).toBeNull()
  })
})
