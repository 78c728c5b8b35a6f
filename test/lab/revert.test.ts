import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { armRevert, callOffRevert, type RevertState, revertState } from '../../src/host/revert.ts'
import type { Machine } from '../../src/model/machine.ts'
import { verbatim } from '../../src/model/script.ts'
import { labIsPossible } from './index.ts'
import type { LabServer } from './server.ts'
import { type Lab, openLab } from './session.ts'
import { waitFor } from './shell.ts'
import { connectToLab } from './walk.ts'

describe.skipIf(!(await labIsPossible()).possible)('reverts on a real server', () => {
  let lab: Lab
  let server: LabServer
  let machine: Machine
  beforeAll(async () => {
    lab = await openLab()
    server = await lab.startServer({ name: 'reverts' })
    machine = await connectToLab(server)
  })
  afterAll(async () => {
    await machine?.close()
    await lab?.close()
  })

  const undo = (id: string, more = '') => verbatim(`echo undone | tee -a /root/${id}\n${more}`)
  const undone = async (id: string) => (await server.exec(`cat /root/${id}`)).stdout
  const leftUnits = () =>
    server.must(`find /etc/systemd/system /run/systemd/system -name 'kneeboard-revert-*'
      systemctl list-units --all --no-legend 'kneeboard-revert-*.timer'`)
  const fired = (id: string, timeout = 30_000) =>
    waitFor<Extract<RevertState, { state: 'fired' }>>(
      `${id} to fire`,
      async () => {
        const state = await revertState(machine, id)
        return state.state === 'fired' && state.exitCode !== null && state
      },
      { timeout, every: 500 },
    )

  test('an sshd that locks everybody out lets the operator in again when the time is up', async () => {
    const dropIn = '/etc/ssh/sshd_config.d/00-lock-out.conf'
    const armed = await armRevert(machine, {
      id: 'lock-out',
      revert: verbatim(`rm -f ${dropIn}; systemctl reload ssh`),
      afterSeconds: 8,
    })
    expect(armed).toEqual({ state: 'armed', secondsLeft: expect.any(Number), survivesReboot: true })
    await machine.run(verbatim(`echo 'AllowUsers nobody' >${dropIn}; systemctl reload ssh`))
    await waitFor(
      'the lock-out',
      async () => (await machine.login({ with: 'key-only' })).outcome === 'refused',
    )
    await server.must("pkill -KILL -f '^sshd: root' || :")
    await waitFor('a login', async () => (await machine.login({ with: 'key-only' })).outcome === 'accepted', {
      every: 1000,
    })
    expect(await fired('lock-out')).toMatchObject({ exitCode: 0, running: false })
    expect(await leftUnits()).toBe('')
  })

  test('it fires once, on time, and says how it went; then nothing of it is left to fire', async () => {
    const before = Date.now()
    await armRevert(machine, { id: 'once', revert: undo('once', 'echo oops >&2; exit 3'), afterSeconds: 12 })
    expect(await revertState(machine, 'once')).toMatchObject({
      state: 'armed',
      secondsLeft: expect.toSatisfy(left => left > 8),
    })
    expect(await leftUnits()).toContain('kneeboard-revert-once.timer')
    const end = await fired('once')
    expect(end).toMatchObject({ exitCode: 3, output: 'undone\noops\n' })
    const took = Date.parse(end.at) - before
    expect(took).toBeGreaterThan(10_500)
    expect(took).toBeLessThan(15_000)
    expect(await callOffRevert(machine, 'once')).toEqual(end)
    expect(await leftUnits()).toBe('')
    expect(await undone('once')).toBe('undone\n')
  })

  test('called off in the last second or fired: never both, and the answer is true', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `race-${n}`)
    for (const id of ids) await armRevert(machine, { id, revert: undo(id), afterSeconds: 10 })
    const answers = []
    for (const id of ids) {
      // Aimed at the very moment, a little earlier and later from one to the next.
      await waitFor(
        'the last second',
        async () => {
          const state = await revertState(machine, id)
          return state.state !== 'armed' || state.secondsLeft <= 1
        },
        { every: 20 },
      )
      answers.push([id, (await callOffRevert(machine, id)).state])
    }
    await waitFor('all to end', async () => (await leftUnits()) === '')
    for (const [id = '', state] of answers) {
      expect([id, await undone(id)]).toEqual([id, state === 'fired' ? 'undone\n' : ''])
      expect(await revertState(machine, id)).toMatchObject({ state })
    }
  })

  test('it is called off for good: no reboot brings it back', async () => {
    await armRevert(machine, { id: 'off', revert: undo('off'), afterSeconds: 60 })
    expect(await callOffRevert(machine, 'off')).toEqual({ state: 'called-off' })
    expect(await leftUnits()).toBe('')
    await server.reboot()
    expect(await revertState(machine, 'off')).toEqual({ state: 'called-off' })
    expect(await leftUnits()).toBe('')
    expect(await undone('off')).toBe('')
  })

  test.each(['reboot', 'powerCycle'] as const)(
    'after a %s it fires all the same, and a longer one can still be called off',
    async how => {
      await armRevert(machine, { id: `${how}-short`, revert: undo(`${how}-short`), afterSeconds: 15 })
      await armRevert(machine, { id: `${how}-long`, revert: undo(`${how}-long`), afterSeconds: 900 })
      await server[how]()
      expect(await revertState(machine, `${how}-short`)).toMatchObject({ state: 'armed' })
      expect(await revertState(machine, `${how}-long`)).toMatchObject({
        state: 'armed',
        survivesReboot: true,
      })
      expect(await fired(`${how}-short`, 90_000)).toMatchObject({ exitCode: 0 })
      expect(await undone(`${how}-short`)).toBe('undone\n')
      expect(await callOffRevert(machine, `${how}-long`)).toEqual({ state: 'called-off' })
      expect(await undone(`${how}-long`)).toBe('')
      expect(await leftUnits()).toBe('')
    },
  )

  test('cut by a power loss while it runs, it runs again after the boot', async () => {
    await armRevert(machine, {
      id: 'cut',
      revert: undo('cut', 'test -e /root/second || { sync; sleep 120; }'),
      afterSeconds: 2,
    })
    await waitFor('it to run', async () => (await revertState(machine, 'cut')).state === 'fired')
    await waitFor('its work', async () => (await undone('cut')) === 'undone\n')
    expect(await revertState(machine, 'cut')).toMatchObject({ state: 'fired', exitCode: null, running: true })
    expect(await callOffRevert(machine, 'cut')).toMatchObject({ state: 'fired' })
    await server.must('touch /root/second; sync')
    await server.powerCycle()
    expect(await fired('cut', 90_000)).toMatchObject({ exitCode: 0 })
    expect(await undone('cut')).toBe('undone\nundone\n')
    expect(await leftUnits()).toBe('')
  })

  test('where /etc cannot be written it is armed until the next boot only, and says so', async () => {
    await server.must(
      'mount --bind /etc/systemd/system /etc/systemd/system && mount -o remount,ro,bind /etc/systemd/system',
    )
    try {
      const armed = await armRevert(machine, { id: 'read-only', revert: undo('read-only'), afterSeconds: 3 })
      expect(armed).toMatchObject({ state: 'armed', survivesReboot: false })
      expect(await fired('read-only')).toMatchObject({ exitCode: 0 })
    } finally {
      await server.must('umount /etc/systemd/system')
    }
  })

  test.each([
    [
      'no file can be made any more',
      'i=0; while touch "/var/lib/kneeboard/fill-$i" 2>/dev/null; do i=$((i+1)); done',
    ],
    ['no byte can be written any more', 'cat /dev/zero >/var/lib/kneeboard/fill 2>/dev/null || :'],
    ['the file system is read-only by now', 'mount -o remount,ro /var/lib/kneeboard'],
  ])('it fires where %s', async (_, spoil) => {
    await server.must(
      'mkdir -p /var/lib/kneeboard && mount -t tmpfs -o size=1m,nr_inodes=60,mode=700 tmpfs /var/lib/kneeboard; rm -f /root/spoilt',
    )
    try {
      expect(
        await armRevert(machine, { id: 'spoilt', revert: undo('spoilt'), afterSeconds: 14 }),
      ).toMatchObject({ state: 'armed' })
      await server.must(spoil)
      await server.must(
        '! (echo x >/var/lib/kneeboard/one-more && test -s /var/lib/kneeboard/one-more) 2>/dev/null',
      )
      await waitFor('it to fire', async () => (await undone('spoilt')) === 'undone\n', { every: 500 })
      await waitFor('its timer to be gone', async () => !(await leftUnits()).includes('spoilt'), {
        every: 500,
      })
    } finally {
      await server.must('umount --lazy /var/lib/kneeboard')
    }
  })

  test('a timer that somebody stopped protects nothing, and that is said', async () => {
    await armRevert(machine, { id: 'stopped', revert: undo('stopped'), afterSeconds: 900 })
    await server.must('systemctl stop kneeboard-revert-stopped.timer')
    expect(await revertState(machine, 'stopped')).toMatchObject({ state: 'unwatched' })
    expect(await callOffRevert(machine, 'stopped')).toEqual({ state: 'called-off' })
    expect(await leftUnits()).toBe('')
  })
})
