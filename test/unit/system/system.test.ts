import { describe, expect, test } from 'vitest'
import { diskHasSpace, inodesLeft } from '../../../checks/system/disk-space.ts'
import { parseUnits } from '../../../checks/system/failed-units.ts'
import { firstBootFinished } from '../../../checks/system/first-boot-finished.ts'
import { hostname, nameInHosts, withOwnName } from '../../../checks/system/hostname.ts'
import { osSupported } from '../../../checks/system/os-supported.ts'
import { size } from '../../../checks/system/size.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { given } from '../docker/given.ts'

const GIB = 1024 ** 3
const ids = (remedies: readonly { id: string }[] | undefined) => (remedies ?? []).map(({ id }) => id)
const disk = (usedPercent: number, mountPoint = '/', type = 'ext4', gibibytes = 40) => ({
  mountPoint,
  type,
  total: gibibytes * 1024 ** 2,
  used: 0,
  available: gibibytes * 1024 ** 2 * (1 - usedPercent / 100),
  usedPercent,
})

describe('the operating system', () => {
  const system = { kernelName: 'Linux', architecture: 'amd64', hasApt: true, hasSystemd: true, codename: '' }
  const probe = (over: object) =>
    osSupported.probe(given({}, { facts: { 'operating-system': { ...system, name: 'It', ...over } } }))

  test('is one of four releases', async () => {
    for (const [id, version] of [
      ['debian', '12'],
      ['debian', '13'],
      ['ubuntu', '22.04'],
      ['ubuntu', '24.04'],
    ])
      expect(await probe({ id, version })).toMatchObject({ status: 'pass' })
  })

  test('of another release is a warning; without apt, systemd or Linux it is a failure', async () => {
    expect(await probe({ id: 'debian', version: '11' })).toMatchObject({ status: 'warn' })
    expect(await probe({ id: 'ubuntu', version: '12' })).toMatchObject({ status: 'warn' })
    expect(await probe({ id: 'alpine', version: '3.20', hasApt: false })).toMatchObject({ status: 'fail' })
    expect(await probe({ id: 'debian', version: '12', hasSystemd: false })).toMatchObject({ status: 'fail' })
    expect(await probe({ id: 'debian', version: '12', kernelName: 'FreeBSD' })).toMatchObject({
      status: 'fail',
    })
  })
})

describe('the size', () => {
  const probe = (gibibytes: number, environment: 'production' | 'staging', processors = 2, diskGiB = 40) => {
    const facts = {
      memory: { totalBytes: gibibytes * GIB, availableBytes: 0, processors },
      'disk-space': [disk(10, '/', 'ext4', diskGiB)],
    }
    const context = given({}, { facts })
    return size.probe({ ...context, target: { ...context.target, environment } })
  }

  test('that staging needs is too small for production', async () => {
    expect(await probe(3.8, 'staging', 1)).toMatchObject({ status: 'pass' })
    expect(await probe(3.8, 'production')).toMatchObject({ status: 'warn' })
    expect(await probe(7.6, 'production')).toMatchObject({ status: 'pass' })
    expect(await probe(7.6, 'production', 1)).toMatchObject({ status: 'warn' })
  })

  test('in which the services do not fit is a failure everywhere', async () => {
    expect(await probe(0.9, 'staging')).toMatchObject({ status: 'fail' })
    expect(await probe(7.6, 'production', 2, 9)).toMatchObject({ status: 'fail' })
  })
})

describe('disks', () => {
  const space = (...systems: object[]) => diskHasSpace.probe(given({}, { facts: { 'disk-space': systems } }))

  test('are judged by the fullest one', async () => {
    expect(await space(disk(20), disk(79, '/srv'))).toMatchObject({ status: 'pass' })
    expect(await space(disk(20), disk(80, '/srv'))).toMatchObject({ status: 'warn' })
    expect(await space(disk(90), disk(20, '/srv'))).toMatchObject({ status: 'fail' })
  })

  test('get the package cache deleted only where it lies on the full one', async () => {
    expect(ids((await space(disk(95), disk(20, '/srv'))).remedies)).toEqual(['system/clean-package-cache'])
    expect(ids((await space(disk(20), disk(95, '/srv'))).remedies)).toEqual([])
    expect(ids((await space(disk(20), disk(95, '/var'))).remedies)).toEqual(['system/clean-package-cache'])
  })

  test('that make inodes as they go cannot run out of them', async () => {
    expect(await inodesLeft.probe(given({}, { facts: { inodes: [] } }))).toMatchObject({ status: 'pass' })
    expect(await inodesLeft.probe(given({}, { facts: { inodes: [disk(99)] } }))).toMatchObject({
      status: 'fail',
    })
  })
})

describe('the first boot', () => {
  const probe = (systemState: string, cloudInit: string | null) =>
    firstBootFinished.probe(given({}, { facts: { 'first-boot': { systemState, cloudInit } } }))

  test('has finished when systemd has started and cloud-init is done, off, or not there', async () => {
    expect(await probe('running', null)).toMatchObject({ status: 'pass' })
    expect(await probe('degraded', 'done')).toMatchObject({ status: 'pass' })
    expect(await probe('running', 'disabled')).toMatchObject({ status: 'pass' })
  })

  test('that goes on is waited for', async () => {
    for (const [system, cloud] of [
      ['starting', null],
      ['running', 'running'],
      ['running', 'not started'],
    ] as const) {
      const verdict = await probe(system, cloud)
      expect(verdict.status).toBe('fail')
      expect(ids(verdict.remedies)).toEqual(['system/wait-for-first-boot'])
    }
  })

  test('that ended badly, or cannot be read, is not called good', async () => {
    expect(await probe('running', 'error')).toMatchObject({ status: 'warn' })
    expect(await probe('running', 'degraded done')).toMatchObject({ status: 'warn' })
    expect(await probe('running', 'unreadable: x')).toMatchObject({ status: 'unknown' })
    expect(await probe('offline', null)).toMatchObject({ status: 'unknown' })
  })
})

describe('the server’s name', () => {
  const probe = (name: string, addresses: string[]) =>
    hostname.probe(
      given(
        {},
        { facts: { 'host-identity': { name, addresses, ownAddresses: ['192.0.2.7', '2001:db8::7'] } } },
      ),
    )

  test('resolves to the server itself', async () => {
    expect(await probe('shop', ['127.0.1.1'])).toMatchObject({ status: 'pass' })
    expect(await probe('shop', ['2001:db8::7', '192.0.2.7'])).toMatchObject({ status: 'pass' })
    expect(await probe('shop', [])).toMatchObject({ status: 'fail' })
    expect(await probe('shop', ['203.0.113.9'])).toMatchObject({ status: 'warn' })
    expect(await probe('localhost', ['127.0.0.1'])).toMatchObject({ status: 'warn' })
  })

  test('gets one line, and everything else stays', () => {
    const hosts = '127.0.0.1\tlocalhost\n\n# IPv6\n::1\tlocalhost ip6-localhost\n'
    expect(withOwnName(hosts, 'shop.example.test', [])).toBe(
      '127.0.0.1\tlocalhost\n127.0.1.1\tshop.example.test shop\n\n# IPv6\n::1\tlocalhost ip6-localhost\n',
    )
    expect(withOwnName('', 'shop', [])).toBe('127.0.1.1\tshop\n')
  })

  test('keeps other names on its line, and leaves foreign addresses', () => {
    const hosts = '127.0.0.1 localhost\n127.0.1.1 old\n203.0.113.9 shop db # moved\n203.0.113.9 cache\n'
    expect(withOwnName(hosts, 'shop', ['203.0.113.9'])).toBe(
      '127.0.0.1 localhost\n127.0.1.1\tshop old\n203.0.113.9\tdb\n203.0.113.9 cache\n',
    )
  })

  test('is not written down when it is none', async () => {
    const facts = { 'host-identity': { name: 'localhost', addresses: [], ownAddresses: [] } }
    await expect(nameInHosts.plan(given({}, { facts }))).rejects.toThrow(Unreadable)
  })
})

test('failed units are the first words of systemctl’s lines', () => {
  expect(parseUnits('knee-bad.service loaded failed failed /bin/false\n')).toEqual(['knee-bad.service'])
  expect(parseUnits('\n')).toEqual([])
})
