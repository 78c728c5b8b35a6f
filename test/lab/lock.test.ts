import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startJob, stopJob } from '../../src/host/job.ts'
import {
  type HeldLock,
  type LockRequest,
  readLock,
  releaseLock,
  renewLock,
  takeLock,
  takeOverLock,
} from '../../src/host/lock.ts'
import type { Machine } from '../../src/model/machine.ts'
import { verbatim } from '../../src/model/script.ts'
import { labIsPossible } from './index.ts'
import type { LabServer } from './server.ts'
import { type Lab, openLab } from './session.ts'
import { connectToLab } from './walk.ts'

const request = (run: string): LockRequest => ({
  run,
  holder: `${run}@laptop`,
  what: 'Upgrade the packages',
  leaseSeconds: 60,
})

describe.skipIf(!(await labIsPossible()).possible)('the lock on a real server', () => {
  let lab: Lab
  let server: LabServer
  let machines: Machine[]
  beforeAll(async () => {
    lab = await openLab()
    server = await lab.startServer({ name: 'lock' })
    await server.must(`
      useradd -m -s /bin/bash anna && install -d -m 700 -o anna /home/anna/.ssh
      install -m 600 -o anna /root/.ssh/authorized_keys /home/anna/.ssh/authorized_keys
      command -v sudo >/dev/null || apt-get install -qqy sudo >/dev/null
      echo 'anna ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/anna`)
    machines = await Promise.all(
      ['root', 'anna', 'root', 'anna', 'root'].map(user => connectToLab(server, user)),
    )
  })
  afterAll(async () => {
    await Promise.all((machines ?? []).map(machine => machine.close()))
    await lab?.close()
  })
  beforeEach(() => server.must('rm -f /var/lib/kneeboard/lock'))

  const machine = (n: number): Machine => {
    const found = machines[n % machines.length]
    if (!found) throw new Error('there are five connections')
    return found
  }
  const shown = async (): Promise<HeldLock> => {
    const lock = await readLock(machine(0))
    if (lock === null) throw new Error('nobody holds the lock')
    return lock
  }
  const tenTimes = <T>(ask: (machine: Machine, run: string) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: 10 }, (_, n) => ask(machine(n), `run-${n}`)))

  test('goes to one of ten takers on five connections of two users, five times over', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await tenTimes((taker, run) => takeLock(taker, request(run)))
      const winner = answers.findIndex(answer => answer.state === 'taken')
      expect(answers.filter(answer => answer.state === 'taken')).toHaveLength(1)
      expect(
        answers.filter(answer => answer.state === 'held' && answer.by.run === `run-${winner}`),
      ).toHaveLength(9)
      expect(await releaseLock(machine(round), `run-${winner}`)).toBe('released')
    }
  })

  test('survives a reboot: it is shown as stale, its holder may go on, or exactly one of ten takes it over', async () => {
    await takeLock(machine(0), request('ann'))
    await server.reboot()
    const held = await shown()
    expect(held).toMatchObject({
      run: 'ann',
      holder: 'ann@laptop',
      what: 'Upgrade the packages',
      stale: 'rebooted',
    })
    expect(await takeLock(machine(1), request('bob'))).toMatchObject({
      state: 'held',
      by: { stale: 'rebooted' },
    })
    expect(await renewLock(machine(0), request('ann'))).toEqual({ state: 'renewed' })
    expect(await takeOverLock(machine(1), request('bob'), held)).toMatchObject({
      state: 'held',
      by: { run: 'ann', stale: false },
    })
    await server.powerCycle()
    const again = await shown()
    const answers = await tenTimes((taker, run) => takeOverLock(taker, request(run), again))
    expect(answers.filter(answer => answer.state === 'taken')).toHaveLength(1)
    expect(await renewLock(machine(0), request('ann'))).toMatchObject({ state: 'lost' })
  })

  test('is kept from everybody while a job of its run goes on, lease or no lease', async () => {
    await takeLock(machine(0), request('ann'))
    const job = { id: 'ann-upgrade', as: 'root' } as const
    await startJob(machine(0), { ...job, script: verbatim('sleep 600'), timeoutSeconds: 700 })
    await server.must("sed -i '8s/.*/another-boot/' /var/lib/kneeboard/lock")
    const held = await shown()
    expect(held).toMatchObject({ stale: false, runningJobs: ['ann-upgrade'] })
    expect(await takeOverLock(machine(1), request('bob'), held, { evenIfFresh: true })).toMatchObject({
      state: 'held',
    })
    await stopJob(machine(1), { ...job, as: 'root' })
    expect(await takeOverLock(machine(1), request('bob'), await shown())).toEqual({ state: 'taken' })
  })

  test('is not blocked by a command that was killed in the middle of a change to it', async () => {
    await server.must('cd /var/lib/kneeboard && ( flock 9; kill -9 $BASHPID ) 9>lock.mutex || :')
    expect(await takeLock(machine(0), request('ann'))).toEqual({ state: 'taken' })
  })
})
