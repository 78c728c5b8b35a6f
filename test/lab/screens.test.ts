/** The first day of a server at the screen: the shipped program in a real terminal, on a real bare server. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildProgram, newHome, openProgram } from '../pty/program.ts'
import { addServer, sayYes, startRun } from './first-day.ts'
import { type Lab, openLab } from './index.ts'

let lab: Lab
let program: ReturnType<typeof buildProgram>
beforeAll(async () => {
  program = buildProgram()
  lab = await openLab()
})
afterAll(async () => {
  await lab?.close()
  program?.remove()
})

test.each([
  [80, 24],
  [140, 45],
])(
  'at %d×%d: from an empty list over trust and consent to a proven server and its report',
  async (columns, rows) => {
    const server = await lab.startServer()
    const home = newHome()
    const words = ['run', 'server-setup', '--known-hosts', join(home.folder, 'known_hosts')]
    const terminal = openProgram(program.path, home, words, { columns, rows })
    try {
      await addServer(terminal, server)
      await startRun(terminal)
      const { applied } = await sayYes(terminal)
      expect(applied.length).toBeGreaterThanOrEqual(10)
      await terminal.waitFor('Everything is proven. Nothing is left to do.')
      terminal.press('e')
      await terminal.waitFor('Export as')
      terminal.press('down', 'enter')
      await terminal.waitFor('Written to', 60)
      const [report = ''] = readdirSync(home.work)
      const html = readFileSync(join(home.work, report), 'utf8')
      expect(html).toContain('Set up a server on web-1: passed')
      expect(html).not.toMatch(/<script|src=|https?:\/\/[^<]*<\/(a|link)/i)
      terminal.press('escape')
      await terminal.waitFor('run again')
      terminal.press('q')
      expect(await terminal.ended).toMatchObject({ exitCode: 0 })
      expect(terminal.text()).toContain('server-setup on web-1 (staging): passed')
      await server.waitForSsh()
    } finally {
      await terminal.close()
      home.remove()
    }
  },
)
