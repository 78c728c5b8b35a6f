import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { armRevert, callOffRevert, parseRevert, revertState } from '../../../src/host/revert.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { type Script, verbatim } from '../../../src/model/script.ts'
import { SHELLS, ShellMachine } from './shell-machine.ts'

vi.setConfig({ testTimeout: 60_000, maxConcurrency: 6 })

/** The setsid way is tested here, and runs on any machine; systemd's is proven on a real server in test/lab. */
function machineWithoutSystemd(shell: (typeof SHELLS)[number]): ShellMachine {
  const machine = new ShellMachine(shell)
  machine.missing.add('systemctl')
  return machine
}

const undo = (machine: ShellMachine, more = ''): Script =>
  verbatim(`echo undone | tee -a ${machine.home}/undone\n${more}`)

const runs = async (machine: ShellMachine): Promise<string> => machine.shell('cat ~/undone 2>/dev/null || :')

/** As if it had been armed the longest time ago that there is. */
const timePasses = (machine: ShellMachine): Promise<string> =>
  machine.shell(`sed -i 's/ [0-9]* / -99999 /' ${machine.state}/reverts/r/armed`)

async function untilFired(machine: ShellMachine, id: string): Promise<unknown> {
  for (;;) {
    const state = await revertState(machine, id)
    if (state.state === 'fired' && !state.running && state.exitCode !== null) return state
    if (state.state !== 'armed' && state.state !== 'fired') return state
    await pause(100)
  }
}

describe.concurrent.for(SHELLS)('a revert under %s', shell => {
  test('fires by itself when its time is up, once, and says how it went', async () => {
    const machine = machineWithoutSystemd(shell)
    const request = { id: 'r', revert: undo(machine, 'exit 3'), afterSeconds: 900 }
    expect(await armRevert(machine, request)).toMatchObject({ state: 'armed', survivesReboot: false })
    expect(await runs(machine)).toBe('')
    await timePasses(machine)
    const fired = await untilFired(machine, 'r')
    expect(fired).toMatchObject({ state: 'fired', exitCode: 3, output: 'undone\n' })
    expect(await callOffRevert(machine, 'r')).toEqual(fired)
    expect(await runs(machine)).toBe('undone\n')
  })

  test('that is called off never runs, and calling off twice says the same', async () => {
    const machine = machineWithoutSystemd(shell)
    await armRevert(machine, { id: 'r', revert: undo(machine), afterSeconds: 30 })
    expect(await callOffRevert(machine, 'r')).toEqual({ state: 'called-off' })
    expect(await callOffRevert(machine, 'r')).toEqual({ state: 'called-off' })
    // Its time has come all the same: what should fire it ends without doing so.
    await machine.shell(`sed -i 's/ 30 / 0 /' ${machine.state}/reverts/r/armed; read -r pid rest <${machine.state}/reverts/r/watcher
      while sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | grep -qv '^Z'; do sleep 0.1; done
      ${shell === 'busybox' ? 'busybox sh' : shell} ${machine.state}/reverts/r/fire`)
    expect(await revertState(machine, 'r')).toEqual({ state: 'called-off' })
    expect(await runs(machine)).toBe('')
  })

  test('is either called off or fired when both happen at once, never both, and both sides know which', async () => {
    const machine = machineWithoutSystemd(shell)
    await armRevert(machine, { id: 'r', revert: undo(machine), afterSeconds: 300 })
    const fire = machine.shell(
      `sed -i 's/ 300 / 0 /' ${machine.state}/reverts/r/armed; ${shell === 'busybox' ? 'busybox sh' : shell} ${machine.state}/reverts/r/fire`,
    )
    const [answer] = await Promise.all([callOffRevert(machine, 'r'), fire])
    const settled =
      answer.state === 'fired' ? await untilFired(machine, 'r') : await revertState(machine, 'r')
    expect(settled).toMatchObject({ state: answer.state })
    expect(await runs(machine)).toBe(answer.state === 'fired' ? 'undone\n' : '')
  })

  test('is armed once when the answer was lost, and gets no more time by it', async () => {
    const machine = machineWithoutSystemd(shell)
    machine.lostAnswers.add(1)
    const request = { id: 'r', revert: undo(machine), afterSeconds: 200 }
    expect(await armRevert(machine, request)).toMatchObject({ state: 'armed' })
    await machine.shell(`sed -i 's/ 200 / 100 /' ${machine.state}/reverts/r/armed`)
    expect(await armRevert(machine, request)).toMatchObject({
      state: 'armed',
      secondsLeft: expect.toSatisfy(left => left <= 100),
    })
    expect(await armRevert(machine, { ...request, afterSeconds: 300 })).toMatchObject({ state: 'not-armed' })
    await callOffRevert(machine, 'r')
    expect(await armRevert(machine, request)).toMatchObject({
      state: 'not-armed',
      reason: expect.stringContaining('called-off'),
    })
  })

  test('whose watcher is gone protects nothing, and says so', async () => {
    const machine = machineWithoutSystemd(shell)
    await armRevert(machine, { id: 'r', revert: undo(machine), afterSeconds: 300 })
    await machine.shell(`read -r pid rest <${machine.state}/reverts/r/watcher; kill -9 "$pid"; sleep 0.3`)
    expect(await revertState(machine, 'r')).toMatchObject({ state: 'unwatched' })
    expect(await callOffRevert(machine, 'r')).toEqual({ state: 'called-off' })
  })

  test('that was cut while it ran runs again, and one that ended does not', async () => {
    const machine = machineWithoutSystemd(shell)
    await armRevert(machine, {
      id: 'r',
      revert: undo(machine, `test -e ${machine.home}/second || kill -9 $PPID`),
      afterSeconds: 1,
    })
    await machine.shell(
      `until [ -s ~/undone ]; do sleep 0.1; done; touch ~/second; sleep 0.3; rm -f ${machine.state}/reverts/r/result`,
    )
    const again = `${shell === 'busybox' ? 'busybox sh' : shell} ${machine.state}/reverts/r/fire`
    await machine.shell(`${again}; ${again}`)
    expect(await runs(machine)).toBe('undone\nundone\n')
    expect(await revertState(machine, 'r')).toMatchObject({ state: 'fired', exitCode: 0 })
  })

  test('of an earlier boot is timed by the clock, or by the boot when the clock is wrong', async () => {
    const machine = machineWithoutSystemd(shell)
    const fire = `${shell === 'busybox' ? 'busybox sh' : shell} ${machine.state}/reverts/r/fire`
    const armedAt = (clock: string) =>
      `echo "old-boot 5 $((${clock})) 100 process yes" >${machine.state}/reverts/r/armed`
    await armRevert(machine, { id: 'r', revert: undo(machine), afterSeconds: 100 })
    await machine.shell(`read -r pid rest <${machine.state}/reverts/r/watcher; kill -9 "$pid"`)
    await machine.shell(`${armedAt('$(date +%s) - 50')}; ${fire}`)
    expect(await runs(machine)).toBe('')
    // The clock is a year back: after as many seconds since the boot was noticed it fires all the same.
    await machine.shell(`${armedAt('$(date +%s) + 31536000')}; ${fire}`)
    expect(await runs(machine)).toBe('')
    await machine.shell(
      `echo "$(cat /proc/sys/kernel/random/boot_id) $(($(cut -d. -f1 /proc/uptime) - 101))" >${machine.state}/reverts/r/seen; ${fire}`,
    )
    expect(await runs(machine)).toBe('undone\n')
  })
})

describe('a revert', () => {
  test('fires on a full disk too, as the decision needs no room', async () => {
    const machine = machineWithoutSystemd('dash')
    await armRevert(machine, { id: 'r', revert: verbatim(`touch ${machine.home}/undone`), afterSeconds: 300 })
    await machine.shell(
      `read -r pid rest <${machine.state}/reverts/r/watcher; kill -9 "$pid"; sed -i 's/ 300 / 0 /' ${machine.state}/reverts/r/armed`,
    )
    await machine.shell(`trap '' XFSZ; ulimit -f 0; dash ${machine.state}/reverts/r/fire`)
    expect(await machine.shell(`ls ~/undone; cat ${machine.state}/reverts/r/decided`)).toBe(
      `${machine.home}/undone\nfired\n`,
    )
  })

  test('is not armed where the disk takes nothing', async () => {
    const machine = machineWithoutSystemd('dash')
    machine.before = 'ulimit -f 0; trap "" XFSZ; '
    expect(await armRevert(machine, { id: 'r', revert: undo(machine), afterSeconds: 1 })).toMatchObject({
      state: 'not-armed',
      reason: expect.stringContaining('cannot be written'),
    })
  })

  test('has an id and a time that mean something', async () => {
    const machine = machineWithoutSystemd('dash')
    const revert = undo(machine)
    await expect(armRevert(machine, { id: '../x', revert, afterSeconds: 5 })).rejects.toThrow(RangeError)
    for (const afterSeconds of [0, -1, Number.NaN, 3601]) {
      await expect(armRevert(machine, { id: 'x', revert, afterSeconds })).rejects.toThrow(RangeError)
    }
    expect(machine.runs).toBe(0)
  })

  test('that was never armed is absent; a server without an answer is unreadable', async () => {
    const machine = machineWithoutSystemd('dash')
    expect(await revertState(machine, 'r')).toEqual({ state: 'absent' })
    expect(await callOffRevert(machine, 'r')).toEqual({ state: 'absent' })
    machine.before = 'exit 9; '
    await expect(callOffRevert(machine, 'r')).rejects.toThrow(Unreadable)
    const whole = 'state fired 1763716753 0 no\nencoding base64\noutput\nZG9uZQo=\nend\n'
    expect(parseRevert(whole)).toEqual({
      state: 'fired',
      at: '2025-11-21T09:19:13.000Z',
      exitCode: 0,
      running: false,
      output: 'done\n',
    })
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => parseRevert(whole.slice(0, length)), `cut at ${length}`).toThrow(Unreadable)
    }
  })
})
