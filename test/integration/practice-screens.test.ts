/** Training in a real terminal, with the shipped program and its own practice server: as somebody who has just installed it. */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildProgram, type Home, newHome, openProgram } from '../pty/program.ts'
import type { PtyTerminal } from '../pty/terminal.ts'

let program: ReturnType<typeof buildProgram>
beforeAll(() => {
  program = buildProgram()
}, 120_000)
afterAll(() => program?.remove())

const opened: { terminal: PtyTerminal; home: Home }[] = []
afterEach(async () => {
  for (const { terminal } of opened) await terminal.close()
  for (const { home } of opened.splice(0)) home.remove()
})

function start(columns: number, rows: number, words: readonly string[] = [], home = newHome()) {
  const terminal = openProgram(program.path, home, words, { columns, rows })
  opened.push({ terminal, home })
  return { terminal, home }
}

/** The shell is OpenSSH’s own client. */
const hasSsh = spawnSync('ssh', ['-V']).error === undefined

const scores = (home: Home): unknown =>
  JSON.parse(readFileSync(join(home.folder, 'home', 'practice.json'), 'utf8'))

describe('from an empty home to a debrief', { timeout: 180_000 }, () => {
  test.each([
    [80, 24],
    [140, 45],
  ])('at %d×%d: the list, a scenario, a hint, the remedy, the score', async (columns, rows) => {
    const { terminal, home } = start(columns, rows)
    await terminal.waitFor('Press Enter to practise')
    terminal.press('enter')
    await terminal.waitFor('What would you like to practise?')
    terminal.press('down', 'down')
    await terminal.waitFor('A deployment went through')
    expect(terminal.text()).toMatch(/❯ 502 after a deploy +not yet/)
    terminal.press('enter')
    await terminal.waitFor('nothing has run yet', 30)
    terminal.press('i')
    await terminal.waitFor('The first hint costs 5 points.')
    terminal.press('enter')
    await terminal.waitFor('Something between it and the')
    terminal.press('escape')
    await terminal.waitFor('nothing has run yet')
    terminal.press('enter')
    await terminal.waitFor('Have nginx look its servers up again?', 90)
    await terminal.waitFor('do it')
    terminal.press('enter')
    await terminal.waitFor('Everything is proven.', 90)
    terminal.press('b')
    await terminal.waitFor('Score: 95 of 100, your best so far')
    for (const rule of ['40 of 40  It works again', '40 of 40  The cause was found', '-5  1 hint'])
      expect(terminal.text()).toContain(rule)
    expect(scores(home)).toEqual({ best: { '502-after-deploy': 95 } })
    terminal.press('enter')
    await terminal.waitFor(/❯ 502 after a deploy +best 95/)
    terminal.press('escape')
    await terminal.waitFor('There is no server here yet.')
    terminal.press('q')
    expect(await terminal.ended).toMatchObject({ exitCode: 0 })
    expect(terminal.text()).toContain('Score: 95 of 100')
    expect(terminal.text()).toContain('What led to what:')
    expect(terminal.text()).toContain('Again: kneeboard practice 502-after-deploy')
  })

  test('a scenario by name that is left unmended has its cause, and not its points for mending', async () => {
    const { terminal, home } = start(80, 24, ['practice', 'redis-password'])
    await terminal.waitFor('Today the')
    terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    terminal.press('c')
    await terminal.waitFor('what is left', 90)
    terminal.press('q')
    await terminal.waitFor('The cause is found, but it is not mended')
    expect(terminal.text()).toContain('0 of 40  It works again')
    terminal.press('q')
    expect((await terminal.ended).exitCode).toBe(2)
    expect(scores(home)).toEqual({ best: { 'redis-password': 60 } })
    const again = start(80, 24, ['practice'], home)
    await again.terminal.waitFor('What would you like to practise?')
    again.terminal.press('end', 'up', 'up')
    await again.terminal.waitFor(/❯ Redis’ password +best 60/)
  })

  test('an incident over two runbooks: one finds the cause, the other mends it, and the server says so', async () => {
    const { terminal } = start(100, 34, ['practice', 'bad-migration'])
    await terminal.waitFor('b debrief')
    terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    terminal.press('c')
    await terminal.waitFor('what is left', 90)
    terminal.press('escape')
    await terminal.waitFor('Go on')
    terminal.press('r')
    await terminal.waitFor(/\d runbooks/)
    terminal.press('/', 'roll migrations')
    await terminal.waitFor('❯ Roll migrations back')
    terminal.press('enter')
    await terminal.waitFor('Parameters of Roll migrations back')
    terminal.press('tab', 'products', 'tab', '0006_generate_skus', 'ctrl+s')
    await terminal.waitFor('0006_generate_skus')
    terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    terminal.press('enter')
    for (const [question, ...answer] of [
      ['Make a backup now, and prove it?', 'enter'],
      ['Copy out what would be dropped?', 'enter'],
      ['Undo the migrations with the image that has them?', 'practice', 'enter'],
      ['Put the older release in place?', 'y'],
    ] as const) {
      await terminal.waitFor(question, 90)
      // A question takes answers after a moment, and says so.
      await terminal.waitFor('no, leave it', 30)
      terminal.press(...answer)
    }
    await terminal.waitFor('Everything is proven.', 90)
    terminal.press('b')
    await terminal.waitFor('40 of 40  It works again')
    expect(terminal.text()).toContain('20 of 20  Nothing was changed for nothing')
  })

  test.skipIf(!hasSsh)('what is mended by hand, in a shell that asks nothing, counts as well', async () => {
    const { terminal } = start(100, 34, ['practice', '502-after-deploy'])
    await terminal.waitFor('b debrief')
    terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    terminal.press('c')
    await terminal.waitFor('what is left', 90)
    terminal.press('$')
    await terminal.waitFor('root@shop (practice)#')
    terminal.send(
      'cd /opt/webshop && docker compose -f docker-compose.prod.yml exec -T nginx nginx -s reload',
    )
    terminal.send('; echo "ended: $?"\r')
    await terminal.waitFor('ended: 0')
    terminal.send('exit\r')
    await terminal.waitFor('b debrief')
    terminal.press('b')
    await terminal.waitFor('40 of 40  It works again')
    expect(terminal.text()).toContain('Score: 100 of 100')
  })

  test('a run on the practice server that was broken off does not wait for anybody', async () => {
    const { terminal, home } = start(80, 24, ['practice', 'full-disk'])
    await terminal.waitFor('b debrief')
    terminal.press('enter')
    await terminal.waitFor('nothing has run yet')
    terminal.press('enter')
    await terminal.waitFor('Make room, the safest things first?', 90)
    terminal.kill('SIGKILL')
    await terminal.ended
    expect(readdirSync(join(home.folder, 'home', 'runs'))).not.toEqual([])
    const again = start(80, 24, [], home)
    await again.terminal.waitFor('There is no server here yet.')
    expect(again.terminal.text()).not.toContain('Waits for you')
  })
})
