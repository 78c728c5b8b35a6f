import { describe, expect, test, vi } from 'vitest'
import { startJob, stopJob } from '../../../src/host/job.ts'
import {
  type HeldLock,
  type LockRequest,
  parseLock,
  readLock,
  releaseLock,
  renewLock,
  takeLock,
  takeOverLock,
} from '../../../src/host/lock.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { verbatim } from '../../../src/model/script.ts'
import { SHELLS, ShellMachine } from './shell-machine.ts'

vi.setConfig({ testTimeout: 60_000, maxConcurrency: 6 })

const request = (run: string): LockRequest => ({
  run,
  holder: `${run}@laptop`,
  what: 'Turn password login off',
  leaseSeconds: 60,
})

async function shown(machine: ShellMachine): Promise<HeldLock> {
  const lock = await readLock(machine)
  if (lock === null) throw new Error('nobody holds the lock')
  return lock
}

/** The nine lines of the lock file, with some of them replaced. */
const edit = (machine: ShellMachine, script: string): Promise<string> =>
  machine.shell(`sed -i '${script}' ${machine.state}/lock`)
const OTHER_BOOT = '8s/.*/00000000-0000-4000-8000-000000000000/'

describe.concurrent.for(SHELLS)('the lock under %s', shell => {
  test('is had by one run at a time, which may take it again; the other learns who has it', async () => {
    const machine = new ShellMachine(shell)
    const odd = { ...request('ann'), holder: "Ann O'Neil $(id) `id` \\n@laptop", what: 'a\nb; rm -rf /' }
    expect(await takeLock(machine, odd)).toEqual({ state: 'taken' })
    expect(await takeLock(machine, odd)).toEqual({ state: 'taken' })
    const answer = await takeLock(machine, request('bob'))
    const by = {
      run: 'ann',
      holder: odd.holder,
      what: 'a b; rm -rf /',
      stale: false,
      leaseSeconds: 60,
      runningJobs: [],
    }
    expect(answer).toMatchObject({ state: 'held', by })
    expect(await renewLock(machine, request('bob'))).toMatchObject({ state: 'lost', by })
    expect(await releaseLock(machine, 'bob')).toBe('not-held')
    expect(await releaseLock(machine, 'ann')).toBe('released')
    expect(await takeLock(machine, request('bob'))).toEqual({ state: 'taken' })
    expect(await renewLock(machine, request('ann'))).toMatchObject({ state: 'lost', by: { run: 'bob' } })
  })

  test('goes to one of ten who want it at once', async () => {
    const machine = new ShellMachine(shell)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => takeLock(machine, request(`run-${n}`))),
    )
    expect(answers.filter(answer => answer.state === 'taken')).toHaveLength(1)
    const winner = answers.findIndex(answer => answer.state === 'taken')
    expect(
      answers.every(
        (answer, n) => n === winner || (answer.state === 'held' && answer.by.run === `run-${winner}`),
      ),
    ).toBe(true)
  })

  test('that is stale goes to one of ten who take it over at once, and its holder learns it', async () => {
    const machine = new ShellMachine(shell)
    await takeLock(machine, request('gone'))
    await edit(machine, OTHER_BOOT)
    const held = await shown(machine)
    expect(held).toMatchObject({ run: 'gone', stale: 'rebooted' })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => takeOverLock(machine, request(`run-${n}`), held)),
    )
    expect(answers.filter(answer => answer.state === 'taken')).toHaveLength(1)
    expect(await renewLock(machine, request('gone'))).toMatchObject({ state: 'lost' })
  })

  test('goes stale when its lease is over, by the time the server is up and not by its clock', async () => {
    const machine = new ShellMachine(shell)
    await takeLock(machine, request('ann'))
    await edit(machine, '5s/.*/1000000000/')
    expect(await shown(machine)).toMatchObject({ stale: false, since: '2001-09-09T01:46:40.000Z' })
    const beat = Number((await machine.shell(`sed -n 9p ${machine.state}/lock`)).trim())
    await edit(machine, `9s/.*/${beat - 61}/`)
    expect(await shown(machine)).toMatchObject({ stale: 'lease' })
    expect(await renewLock(machine, request('ann'))).toEqual({ state: 'renewed' })
    expect(await shown(machine)).toMatchObject({ stale: false })
  })

  test('is not taken over from a holder who was heard of since it was shown', async () => {
    const machine = new ShellMachine(shell)
    await takeLock(machine, request('ann'))
    await edit(machine, OTHER_BOOT)
    const held = await shown(machine)
    await renewLock(machine, request('ann'))
    expect(await takeOverLock(machine, request('bob'), held)).toMatchObject({
      state: 'held',
      by: { run: 'ann', stale: false },
    })
  })

  test('is never stale while a job runs on the server, and is not taken over then', async () => {
    const machine = new ShellMachine(shell)
    machine.missing.add('systemd-run')
    await takeLock(machine, request('ann'))
    const held = await shown(machine)
    const job = { id: 'ann-upgrade-1', as: 'root' } as const
    await startJob(machine, { ...job, script: verbatim('sleep 391'), timeoutSeconds: 60 })
    await edit(machine, OTHER_BOOT)
    expect(await shown(machine)).toMatchObject({ stale: false, runningJobs: ['ann-upgrade-1'] })
    expect(
      await takeOverLock(machine, request('bob'), await shown(machine), { evenIfFresh: true }),
    ).toMatchObject({ state: 'held' })
    await stopJob(machine, job)
    expect(await takeOverLock(machine, request('bob'), held, { evenIfFresh: true })).toMatchObject({
      state: 'held',
    })
    expect(await takeOverLock(machine, request('bob'), await shown(machine))).toEqual({ state: 'taken' })
  })
})

describe('the lock', () => {
  test('of a holder who is still there is not taken over without saying so', async () => {
    const machine = new ShellMachine('dash')
    await takeLock(machine, request('ann'))
    const held = await shown(machine)
    const before = machine.runs
    expect(await takeOverLock(machine, request('bob'), held)).toEqual({ state: 'held', by: held })
    expect(machine.runs).toBe(before)
    expect(await takeOverLock(machine, request('bob'), held, { evenIfFresh: true })).toEqual({
      state: 'taken',
    })
  })

  test('answers the same when an answer was lost', async () => {
    const machine = new ShellMachine('dash')
    machine.lostAnswers.add(1)
    expect(await takeLock(machine, request('ann'))).toEqual({ state: 'taken' })
    expect(machine.reconnects).toBe(1)
  })

  test('that cannot be kept is unreadable, never free', async () => {
    const full = new ShellMachine('dash')
    full.before = 'ulimit -f 0; trap "" XFSZ; '
    await expect(takeLock(full, request('ann'))).rejects.toThrow(/cannot be written/)
    const bare = new ShellMachine('dash')
    bare.missing.add('flock')
    await expect(takeLock(bare, request('ann'))).rejects.toThrow(/not installed: flock/)
    const whole = 'answer seen\nboot b\nuptime 5\nclock 6\nlock\na\nb\nc\n60\n1\nb\n2\nb\n3\njob x\nend\n'
    expect(parseLock(whole).lock).toMatchObject({
      run: 'a',
      ageSeconds: 3,
      quietSeconds: 2,
      runningJobs: ['x'],
    })
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => parseLock(whole.slice(0, length)), `cut at ${length}`).toThrow(Unreadable)
    }
  })

  test('needs a run, a holder and a lease that mean something', async () => {
    const machine = new ShellMachine('dash')
    await expect(takeLock(machine, { ...request('ann'), run: ' \n' })).rejects.toThrow(RangeError)
    await expect(takeLock(machine, { ...request('ann'), leaseSeconds: 1 })).rejects.toThrow(RangeError)
    await expect(releaseLock(machine, '')).rejects.toThrow(RangeError)
  })
})
