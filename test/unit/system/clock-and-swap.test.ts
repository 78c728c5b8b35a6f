import { describe, expect, test } from 'vitest'
import { clockRight, synchroniseTime, timeSynchronised } from '../../../checks/system/clock.ts'
import { addSwapFile, swap } from '../../../checks/system/swap.ts'
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

describe('the clock', () => {
  const probe = (seconds: number, uncertainty: number) =>
    clockRight.probe(
      given({}, { facts: { 'clock-offset': { seconds, uncertainty }, 'container-kind': null } }),
    )

  test('is right or wrong only as far as the round trip lets tell', async () => {
    expect(await probe(0.2, 0.05)).toMatchObject({ status: 'pass' })
    expect(await probe(-3, 0.05)).toMatchObject({ status: 'warn' })
    expect(await probe(61, 0.5)).toMatchObject({ status: 'fail' })
    expect(await probe(0.2, 2)).toMatchObject({ status: 'unknown' })
    expect(await probe(1.5, 1)).toMatchObject({ status: 'unknown' })
    expect(await probe(59, 2)).toMatchObject({ status: 'warn' })
  })

  test('that is wrong gets a time service', async () => {
    expect(ids((await probe(-3, 0.05)).remedies)).toEqual(['system/synchronise-time'])
  })

  const service = (enabled: boolean, synchronised: boolean, container: string | null = null) =>
    timeSynchronised.probe(
      given(
        {},
        {
          facts: {
            'container-kind': container,
            'time-service': { available: true, enabled, synchronised },
          },
        },
      ),
    )

  test('is synchronised, or it is not; a container’s is its host’s', async () => {
    expect(await service(true, true)).toMatchObject({ status: 'pass' })
    expect(await service(true, false)).toMatchObject({ status: 'fail' })
    expect(await service(false, false)).toMatchObject({ status: 'fail' })
    expect(await service(true, true, 'lxc')).toMatchObject({ status: 'not-applicable' })
  })

  const plan = (installed: string | null, container: string | null = null) =>
    synchroniseTime.plan(
      given(
        {},
        {
          facts: {
            'container-kind': container,
            'package-version': null,
            ...(installed === null ? {} : { [`package-version(${installed})`]: '4.3' }),
          },
        },
      ),
    )

  test('gets systemd-timesyncd where nothing is there, and keeps chrony where it is', async () => {
    expect((await plan(null)).actions.map(({ title }) => title)).toEqual([
      'Install systemd-timesyncd',
      'Switch synchronisation on',
      'Wait until the clock is synchronised',
    ])
    expect((await plan('chrony')).actions.map(({ title }) => title)).toEqual([
      'Switch synchronisation on',
      'Wait until the clock is synchronised',
    ])
    await expect(plan(null, 'docker')).rejects.toThrow(Unreadable)
  })
})

describe('swap', () => {
  const facts = (gibibytes: number, areas: object[], fstab = '', container: string | null = null) => ({
    'container-kind': container,
    memory: { totalBytes: gibibytes * GIB, availableBytes: 0, processors: 2 },
    'swap-areas': areas,
    'text-file(/etc/fstab)': fstab,
    'disk-space': [disk(10)],
  })
  const probe = (...state: Parameters<typeof facts>) => swap.probe(given({}, { facts: facts(...state) }))
  const file = { path: '/swapfile', kind: 'file', bytes: 2 * GIB }

  test('is wanted on a small server only', async () => {
    expect(await probe(7.6, [])).toMatchObject({ status: 'pass' })
    const verdict = await probe(3.8, [])
    expect(verdict.status).toBe('warn')
    expect(ids(verdict.remedies)).toEqual(['system/add-swap-file'])
    expect(await probe(3.8, [], '', 'lxc')).toMatchObject({ status: 'not-applicable' })
  })

  test('has to be there after the next boot', async () => {
    expect(await probe(3.8, [file], '/swapfile none swap sw 0 0\n')).toMatchObject({ status: 'pass' })
    expect(await probe(3.8, [file], '# nothing\n')).toMatchObject({ status: 'warn' })
    expect(await probe(3.8, [{ ...file, path: '/dev/vda2', kind: 'partition' }])).toMatchObject({
      status: 'pass',
    })
  })

  const plan = (over: object, there = '') =>
    addSwapFile.plan(
      given(
        {},
        { facts: { ...facts(3.8, [], 'UUID=1 / ext4 defaults 0 1'), ...over }, run: { stdout: there } },
      ),
    )

  test('is planned as a file of its own, and fstab keeps every line', async () => {
    const { actions } = await plan({})
    expect(actions).toMatchObject([
      { type: 'run', lasting: true, script: expect.stringContaining('count=2048') },
      { type: 'run', script: 'swapon /swapfile' },
      {
        type: 'write-file',
        path: '/etc/fstab',
        content: 'UUID=1 / ext4 defaults 0 1\n/swapfile none swap sw 0 0\n',
      },
    ])
  })

  test('is not planned where it could do harm', async () => {
    await expect(plan({ 'container-kind': 'docker' })).rejects.toThrow('container')
    await expect(plan({ 'disk-space': [disk(10, '/', 'btrfs')] })).rejects.toThrow('btrfs')
    await expect(plan({ 'disk-space': [disk(92)] })).rejects.toThrow('too little')
    await expect(plan({}, 'yes\n')).rejects.toThrow('exists')
    await expect(plan({ 'text-file(/etc/fstab)': '/dev/vdb none swap sw 0 0\n' })).rejects.toThrow('fstab')
  })
})
