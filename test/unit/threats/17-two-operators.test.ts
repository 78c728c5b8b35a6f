import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { takeLock } from '../../../src/host/lock.ts'
import { EXIT } from '../../../src/model/failure.ts'
import { sh } from '../../../src/model/script.ts'
import { shellMachine } from '../../shell-machine.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from '../engine/stage.ts'

/** Threat 17: two operators at once. How the lock itself behaves is proven in host/lock.test.ts and lab/lock.test.ts. */
describe('threat 17, two operators', () => {
  it('while one changes the server another changes nothing, and is told who it is and since when', async () => {
    const machine = shellMachine()
    const first = {
      run: 'first-run',
      holder: 'anna@laptop',
      what: 'Turn password login off',
      leaseSeconds: 120,
    }
    expect(await takeLock(machine, first)).toMatchObject({ state: 'taken' })
    const on = stage({ machine })
    const made = join(on.folder, 'made')
    const remedy = scriptRemedy('a/make', sh`touch ${made}`)
    await expect(
      on.play(bookOf([fileIsThere('a/there', made, { remedies: [remedy] })])),
    ).rejects.toMatchObject({
      exitCode: EXIT.locked,
      message: expect.stringMatching(
        /^anna@laptop has been working on this server since .* \(Turn password login off\)/,
      ),
    })
    expect(existsSync(made)).toBe(false)
    expect(on.events.map(event => event.type)).not.toContain('remedy-intent')
  })

  it('of eight runs that want to change it at once one does at a time, and each says what became of it', async () => {
    const machine = shellMachine()
    const stages = Array.from({ length: 8 }, () => stage({ machine }))
    const folder = stages[0]?.folder ?? ''
    const log = join(folder, 'log')
    const remedy = (n: number) =>
      scriptRemedy(
        'a/make',
        sh`echo begin >> ${log}; sleep 0.2; echo end >> ${log}; touch ${join(folder, String(n))}`,
      )
    const ended = await Promise.allSettled(
      stages.map((on, n) =>
        on.play(bookOf([fileIsThere('a/there', join(folder, String(n)), { remedies: [remedy(n)] })])),
      ),
    )
    const done = ended.filter(end => end.status === 'fulfilled').length
    expect(done).toBeGreaterThanOrEqual(1)
    for (const end of ended)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ exitCode: EXIT.locked })
    const { stdout } = await machine.run(sh`cat ${log}`)
    expect(stdout).toBe('begin\nend\n'.repeat(done))
  }, 60_000)
})
