import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isPublic, isWithin } from '../../../src/facts/address.ts'
import { parseContainers, publishedBy } from '../../../src/facts/containers.ts'
import { parseSettings, parseStatus } from '../../../src/facts/ufw.ts'
import { holdsPort, parseTuples, ruleFor } from '../../../src/facts/ufw-rules.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')

describe('ufw’s rules, as Debian 13 writes them', () => {
  const rules = parseTuples(fixture('user-rules-trixie.txt'))
  const of = (
    port: number,
    family: 4 | 6 = 4,
    client: string | null = null,
    protocol: 'tcp' | 'udp' = 'tcp',
  ) => ruleFor(rules, { family, port, protocol }, client)

  test('are read on both families, with profiles, comments, lists and logging', () => {
    expect(of(22).action).toBe('allow')
    expect(of(22, 6).action).toBe('allow')
    expect(of(2222).action).toBe('limit')
    expect(of(443).action).toBe('allow')
    expect(of(25).action).toBe('deny')
    expect(of(53, 4, null, 'udp').action).toBe('allow')
  })
  test('for some addresses are for those alone', () => {
    expect(of(5432, 4, '10.1.2.3')).toMatchObject({ action: 'allow', restricted: true })
    expect(of(5432, 4, '203.0.113.5')).toMatchObject({ action: 'none', elsewhere: 1 })
    expect(of(5432, 6, '10.1.2.3')).toMatchObject({ action: 'none', elsewhere: 0 })
  })
  test('for one interface, or for what is passed on, say nothing of everybody', () => {
    expect(of(9005).action).toBe('none')
    expect(of(8080).action).toBe('none')
  })
  test('for TCP say nothing of UDP', () => expect(of(22, 4, null, 'udp').action).toBe('none'))
  test('decide in their order', () => {
    const text = 'deny tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\nallow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'
    const both = parseTuples(text.replace(/^/gm, '/etc/ufw/user.rules:### tuple ### '))
    expect(ruleFor(both, { family: 4, port: 22, protocol: 'tcp' }, null).action).toBe('deny')
  })
  test('of an unknown shape are not passed over', () => {
    expect(() => parseTuples('/etc/ufw/user.rules:### tuple ### perhaps tcp 22\n')).toThrow(
      'could not be read',
    )
  })
})

test('port lists and ranges', () => {
  expect(holdsPort('80,443', 443)).toBe(true)
  expect(holdsPort('9000:9010', 9005)).toBe(true)
  expect(holdsPort('9000:9010', 9011)).toBe(false)
  expect(holdsPort('any', 1)).toBe(true)
})

describe('ufw’s status', () => {
  test('while it is on', () => {
    expect(parseStatus(fixture('status-verbose-trixie.txt'))).toEqual({
      active: true,
      incoming: 'deny',
      outgoing: 'allow',
      line: 'Default: deny (incoming), allow (outgoing), disabled (routed)',
    })
  })
  test('while it is off, and when it says neither', () => {
    expect(parseStatus('Status: inactive\n')).toMatchObject({ active: false, incoming: null })
    expect(() => parseStatus('ERROR: problem running\n')).toThrow('ufw names none')
    expect(() => parseStatus('Status: active\n')).toThrow('names no default')
  })
  test('its settings, with Debian’s quotes', () => {
    const text =
      'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nENABLED=no\n\nUNIT=enabled\n'
    expect(parseSettings(text)).toEqual({
      ipv6: true,
      incoming: 'deny',
      outgoing: 'allow',
      enabled: false,
      unit: 'enabled',
    })
    expect(() => parseSettings('IPV6=yes\n')).toThrow('names no default policy')
  })
})

describe('what Docker publishes', () => {
  test('is one entry a binding, and none for a port that is only exposed', () => {
    const bindings = [
      { HostIp: '0.0.0.0', HostPort: '5433' },
      { HostIp: '::', HostPort: '5433' },
    ]
    expect(publishedBy('db', { '5432/tcp': bindings, '80/tcp': null })).toEqual([
      { container: 'db', address: '0.0.0.0', port: 5433, protocol: 'tcp', inside: 5432 },
      { container: 'db', address: '::', port: 5433, protocol: 'tcp', inside: 5432 },
    ])
  })
  test.each([
    ['running', 1],
    ['restarting', 1],
    ['paused', 1],
    // It ended with the machine: Docker keeps saying what it published, and nothing listens.
    ['exited', 0],
  ])('of a container that is %s', (status, count) => {
    const container = {
      ...{ id: 'a1', name: '/pgadmin', image: 'pgadmin', imageId: 'sha256:b2', user: '', created: '' },
      ...{ restarts: 0, logPath: '', health: null, networks: null, mounts: null },
      labels: { project: '', service: '', oneOff: '', hash: '' },
      state: { status, exitCode: 0, oom: false, error: '', started: '', finished: '', pid: 0 },
      host: {
        restart: 'no',
        memory: 0,
        privileged: false,
        readOnly: false,
        capDrop: null,
        log: { Type: 'json-file' },
      },
      ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '5050' }] },
    }
    expect(parseContainers(JSON.stringify(container))[0]?.published).toHaveLength(count)
  })
  test('and cannot be read is not “nothing”', () => {
    expect(() => parseContainers('{"name":"/db","ports":<no value>}\n')).toThrow('could not be read')
  })
})

test('what the world can reach', () => {
  for (const address of ['0.0.0.0', '::', '*', '203.0.113.5', '2001:db8::1'])
    expect(isPublic(address)).toBe(true)
  for (const address of ['127.0.0.53', '::1', '10.0.0.1', '172.17.0.1', 'fe80::1%eth0', 'fd00::1']) {
    expect(isPublic(address)).toBe(false)
  }
  expect(isWithin('203.0.113.5', '203.0.113.0/24')).toBe(true)
  expect(isWithin('203.0.113.5', '203.0.113.6')).toBe(false)
  expect(isWithin('2001:db8::5', '2001:db8::/32')).toBe(true)
  expect(isWithin('203.0.113.5', 'nonsense/99')).toBe(false)
})
