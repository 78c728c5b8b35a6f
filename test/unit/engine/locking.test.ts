/** The target's lock as a run holds it: asked for before every change, given up when somebody has taken it over. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { LockHeld } from '../../../src/engine/operator.ts'
import { startJob, stopJob } from '../../../src/host/job.ts'
import { readLock, takeLock } from '../../../src/host/lock.ts'
import type { Action } from '../../../src/model/action.ts'
import { EXIT } from '../../../src/model/failure.ts'
import type { AnyRemedy } from '../../../src/model/remedy.ts'
import { type Script, sh, verbatim } from '../../../src/model/script.ts'
import { shellMachine } from '../../shell-machine.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from './stage.ts'

vi.setConfig({ testTimeout: 30_000 })

/** What another operator's take-over does to the lock file. */
const TAKEN_OVER = verbatim(
  `sed -i '1s/.*/bens-run/; 2s/.*/ben@desk/; 3s/.*/Rotate the keys/; 5s/.*/1785751200/' /var/lib/kneeboard/lock`,
)
const WHO = 'ben@desk took this server over at 2026-08-03T10:00:00.000Z (Rotate the keys)'

const action = (title: string, script: Script, lasting = false): Action => ({
  type: 'run',
  title,
  script: script.text,
  as: 'root',
  timeoutSeconds: 10,
  lasting,
})

const planned = (id: string, actions: readonly Action[], guard?: { revert: Script; afterSeconds: number }) =>
  scriptRemedy(id, sh`true`, {
    plan: async () => ({ actions, touches: [], undo: '', ...(guard ? { guard } : {}) }),
  })

/** A runbook with one failing check for each remedy, and a second after the first. */
const bookWith = (folder: string, ...remedies: readonly AnyRemedy[]) =>
  bookOf(
    remedies.map((remedy, n) => fileIsThere(`a/check-${n}`, join(folder, String(n)), { remedies: [remedy] })),
  )

test('a run whose lock was taken over does no further action, says who has it in one sentence, and stops', async () => {
  const on = stage()
  const second = join(on.folder, 'second')
  const first = planned('a/first', [
    action('One', TAKEN_OVER),
    action('Two', sh`touch ${second} ${join(on.folder, '0')}`),
  ])
  const next = scriptRemedy('a/next', sh`touch ${join(on.folder, '1')}`)
  await expect(on.play(bookWith(on.folder, first, next))).rejects.toMatchObject({
    exitCode: EXIT.locked,
    message: `${WHO}: this run has stopped, and changes nothing more`,
  })
  expect(existsSync(second)).toBe(false)
  expect(on.asked).toHaveLength(1)
  expect(on.events.find(event => event.type === 'remedy-finished')).toMatchObject({
    outcome: 'failed',
    summary: `${WHO}; stopped before “Two”`,
  })
  expect(on.replayed().at(-1)).toMatchObject({
    type: 'run-interrupted',
    reason: expect.stringContaining(WHO),
  })
  // It is the other's now: neither given back nor said to have been.
  expect(on.events.map(event => event.type)).not.toContain('lock-released')
  expect(await readLock(on.machine)).toMatchObject({ run: 'bens-run' })
})

test('between two remedies, too: the second is agreed to and never begins', async () => {
  const on = stage()
  const first = planned('a/first', [
    action('One', sh`touch ${join(on.folder, '0')}`),
    action('Two', TAKEN_OVER),
  ])
  const next = scriptRemedy('a/next', sh`touch ${join(on.folder, '1')}`)
  await expect(on.play(bookWith(on.folder, first, next))).rejects.toMatchObject({ exitCode: EXIT.locked })
  expect(existsSync(join(on.folder, '1'))).toBe(false)
  expect(on.events.filter(event => event.type === 'remedy-intent')).toHaveLength(1)
})

test('in the middle of a guarded change the old state is put back before the run stops', async () => {
  const on = stage()
  const file = join(on.folder, 'sshd')
  const remedy = planned(
    'a/guarded',
    [action('One', sh`echo new >${file}; ${TAKEN_OVER}`), action('Two', sh`touch ${join(on.folder, '0')}`)],
    { revert: sh`echo old >${file}`, afterSeconds: 60 },
  )
  await expect(on.play(bookWith(on.folder, remedy))).rejects.toMatchObject({ exitCode: EXIT.locked })
  expect(readFileSync(file, 'utf8')).toBe('old\n')
  expect(on.events.find(event => event.type === 'remedy-finished')).toMatchObject({ outcome: 'reverted' })
})

test('a lock that somebody removed from the server counts as lost', async () => {
  const on = stage()
  const remedy = planned('a/first', [
    action('One', verbatim('rm /var/lib/kneeboard/lock')),
    action('Two', sh`touch ${join(on.folder, '0')}`),
  ])
  await expect(on.play(bookWith(on.folder, remedy))).rejects.toMatchObject({
    message: expect.stringMatching(
      /^the lock of this run was removed from the server by somebody: this run has/,
    ),
  })
  expect(existsSync(join(on.folder, '0'))).toBe(false)
})

test('the lock says which remedy is being carried out', async () => {
  const on = stage()
  const seen = join(on.folder, 'seen')
  const look = sh`sed -n 3p /var/lib/kneeboard/lock >>${seen}`
  const remedies = ['a/first', 'a/next'].map((id, n) =>
    planned(id, [action('Look', sh`${look}; touch ${join(on.folder, String(n))}`)]),
  )
  await on.play(bookWith(on.folder, ...remedies))
  expect(readFileSync(seen, 'utf8')).toBe('Do a/first\nDo a/next\n')
})

const anna = { run: 'annas-run', holder: 'anna@laptop', what: 'Upgrade', leaseSeconds: 60 }
const job = { id: 'annas-run-upgrade-1', as: 'root' } as const

/** A run on a server that anna works on, whose operator answers `take-over` every time, after `before` was done. */
function takingOver(before: (asked: number) => Promise<void> = async () => {}) {
  const machine = shellMachine()
  const told: LockHeld[] = []
  const on = stage({
    machine,
    ports: {
      clean: text => text.replaceAll('\u001b', '␛'),
      operator: {
        consent: async () => ({ answer: 'yes', by: 'test' }),
        choose: async () => null,
        manual: async () => 'done',
        async lockHeld(request) {
          told.push(request)
          await before(told.length)
          return 'take-over'
        },
      },
    },
  })
  const book = bookWith(on.folder, scriptRemedy('a/make', sh`touch ${join(on.folder, '0')}`))
  return { on, machine, told, book }
}

test('while a job of the holder runs, the operator is told which, and a take-over is given up after three tries', async () => {
  const { on, machine, told, book } = takingOver()
  await takeLock(machine, anna)
  // Written by the server, not by Kneeboard, which lets no control character into a lock.
  await machine.run(verbatim(`sed -i "2s/.*/anna@$(printf '\\033')[2Jlaptop/" /var/lib/kneeboard/lock`))
  await startJob(machine, { ...job, script: verbatim('sleep 392'), timeoutSeconds: 60 })
  try {
    await expect(on.play(book)).rejects.toMatchObject({
      exitCode: EXIT.locked,
      message: expect.stringMatching(
        /^anna@␛\[2Jlaptop has been working .* \(Upgrade\), and a job still runs there: annas-run-upgrade-1$/,
      ),
    })
  } finally {
    await stopJob(machine, job)
  }
  expect(told).toHaveLength(3)
  expect(told[0]).toMatchObject({ holder: 'anna@␛[2Jlaptop', runningJobs: [job.id] })
  expect(existsSync(join(on.folder, '0'))).toBe(false)
  expect(await readLock(machine)).toMatchObject({ run: 'annas-run' })
})

test('once the job has ended it can be taken over, and the journal says from whom', async () => {
  const { on, machine, told, book } = takingOver(async asked => {
    if (asked === 2) await stopJob(machine, job)
  })
  await takeLock(machine, anna)
  await startJob(machine, { ...job, script: verbatim('sleep 393'), timeoutSeconds: 60 })
  await on.play(book)
  expect(told.map(({ runningJobs }) => runningJobs)).toEqual([[job.id], [job.id]])
  expect(on.replayed().find(event => event.type === 'lock-taken')).toMatchObject({
    takenOverFrom: expect.stringContaining('anna@'),
  })
})
