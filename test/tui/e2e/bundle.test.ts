/** The shipped bundle in a real terminal: start, fast typing, every way out, and what is left behind. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { buildProgram, type Home, newHome, openProgram } from '../../pty/program.ts'
import type { PtyOptions, PtyTerminal } from '../../pty/terminal.ts'

let program: ReturnType<typeof buildProgram>
beforeAll(() => {
  program = buildProgram()
}, 120_000)
afterAll(() => program?.remove())

const opened: { terminal: PtyTerminal; home: Home }[] = []
function start(options: PtyOptions & { words?: readonly string[]; home?: Home } = {}) {
  const { words = [], home = newHome(), ...rest } = options
  const terminal = openProgram(program.path, home, words, rest)
  opened.push({ terminal, home })
  return { terminal, home }
}
afterEach(async () => {
  for (const { terminal, home } of opened.splice(0)) {
    await terminal.close()
    home.remove()
  }
})

const storedTargets = (home: Home) =>
  (JSON.parse(readFileSync(join(home.folder, 'home', 'targets.json'), 'utf8')) as { targets: unknown[] })
    .targets

describe.each([
  [80, 24],
  [140, 45],
])('at %d×%d', { timeout: 120_000 }, (columns, rows) => {
  test('an empty home leads to a stored server, however fast the keys come', async () => {
    const { terminal, home } = start({ columns, rows })
    await terminal.waitFor('There is no server here yet.')
    terminal.press('n')
    await terminal.waitFor('Add a server')
    // A write for each key, none of them waited for: a race that lost keys showed only in the bundle.
    terminal.press('web-1', 'enter', '203.0.113.10', 'enter', 'root', 'enter', '2222', 'enter')
    terminal.press('/keys/for-web-1-and-nothing-else', 'enter', 'right', 'enter')
    await terminal.waitFor('1 server')
    expect(terminal.text()).toMatch(/❯ web-1 +STAGING +never run/)
    expect(storedTargets(home)).toMatchObject([
      {
        name: 'web-1',
        host: '203.0.113.10',
        user: 'root',
        port: 2222,
        identity: '/keys/for-web-1-and-nothing-else',
        environment: 'staging',
      },
    ])
    terminal.press('q')
    expect(await terminal.ended).toMatchObject({ exitCode: 0 })
  })

  test('everything in one read, with the key that opens the form', async () => {
    const { terminal, home } = start({ columns, rows })
    await terminal.waitFor('There is no server here yet.')
    terminal.send('nweb-1\r203.0.113.10\rroot\r2222\r\r\x1b[C\r')
    await terminal.waitFor('1 server')
    expect(storedTargets(home)).toMatchObject([{ name: 'web-1', port: 2222, environment: 'staging' }])
  })

  test('help, palette, resize: nothing is left of what was there before', async () => {
    const { terminal } = start({ columns, rows })
    await terminal.waitFor('There is no server here yet.')
    terminal.press('?')
    await terminal.waitFor('On this screen')
    terminal.resize(61, 17)
    await terminal.waitFor(/Esc close/)
    terminal.press('escape')
    await terminal.waitFor('There is no server here yet.')
    terminal.press(':')
    await terminal.waitFor('What would you like to do?')
    terminal.resize(columns, rows)
    terminal.press('add a')
    await terminal.waitFor('❯ Add a server')
    terminal.press('enter')
    await terminal.waitFor(/Ctrl-T/)
    expect(terminal.lines()[1]).toMatch(/^╭─ Add a server ─+╮$/)
    expect(terminal.lines()[1]).toHaveLength(columns)
  })
})

describe('leaving', { timeout: 120_000 }, () => {
  const restored = (terminal: PtyTerminal) => {
    const raw = terminal.raw()
    expect(raw.lastIndexOf('\x1b[?1049l')).toBeGreaterThan(raw.lastIndexOf('\x1b[?1049h'))
    expect(raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(raw.lastIndexOf('\x1b[?25l'))
    expect(raw).toContain('\x1b[23;2t')
  }

  test('Ctrl-C leaves the terminal as it was', async () => {
    const { terminal } = start()
    await terminal.waitFor('There is no server here yet.')
    terminal.press('ctrl+c')
    expect(await terminal.ended).toMatchObject({ exitCode: 0 })
    restored(terminal)
  })

  test.each(['SIGTERM', 'SIGHUP'] as const)(
    '%s leaves the terminal as it was, with the code of an interruption',
    async signal => {
      const { terminal } = start()
      await terminal.waitFor('There is no server here yet.')
      terminal.kill(signal)
      expect(await terminal.ended).toMatchObject({ exitCode: 130 })
      restored(terminal)
    },
  )

  test('a broken configuration is said in one line, on the normal screen', async () => {
    const home = newHome()
    const { writeFileSync } = await import('node:fs')
    writeFileSync(join(home.folder, 'home', 'targets.json'), '{"version": 1,', { mode: 0o600 })
    const { terminal } = start({ home })
    expect(await terminal.ended).toMatchObject({ exitCode: 78 })
    expect(terminal.text().replaceAll('\n', '')).toContain('is not valid JSON')
    restored(terminal)
  })
})

describe('what the terminal can', { timeout: 120_000 }, () => {
  test('NO_COLOR: not one colour', async () => {
    const { terminal } = start({ environment: { NO_COLOR: '1' } })
    await terminal.waitFor('There is no server here yet.')
    expect(terminal.raw()).not.toMatch(/\x1b\[(3[0-7]|4[0-7]|38|48|9[0-7])[;m]/)
  })

  test('--ascii: nothing but ASCII in the frame', async () => {
    const { terminal } = start({ words: ['--ascii'] })
    await terminal.waitFor('There is no server here yet.')
    expect(terminal.text()).toMatch(/^[\x20-\x7e\n]*$/)
  })

  test('--screen-reader: lines that only grow, and no control sequence that moves anything', async () => {
    const { terminal } = start({ words: ['--screen-reader'] })
    await terminal.waitFor('There is no server here yet.')
    terminal.press('n')
    await terminal.waitFor('add a server')
    expect(terminal.raw()).not.toContain('\x1b[?1049h')
    expect(terminal.raw()).not.toMatch(/\x1b\[\d*(;\d*)?[ABCDHJK]/)
    terminal.press('ctrl+c')
    expect(await terminal.ended).toMatchObject({ exitCode: 0 })
  })

  test('Ctrl-Z puts it aside and fg brings it back whole', async () => {
    const { terminal } = start()
    await terminal.waitFor('There is no server here yet.')
    terminal.press('ctrl+z')
    // No shell is above it here, so nothing stops it; it hands the terminal back and takes it again.
    await terminal.waitFor('There is no server here yet.')
    terminal.press('n')
    await terminal.waitFor(/^╭─ Add a server/m)
  })

  test('the title says where one is', async () => {
    const { terminal } = start()
    await terminal.waitFor('There is no server here yet.')
    expect(terminal.raw()).toContain('\x1b]2;servers\x07')
  })
})
