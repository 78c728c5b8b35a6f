/**
 * Pictures of the screens, taken from the running program on a real server of the lab: `node scripts/pictures.ts`
 * writes docs/pictures/*.svg. Needs what the lab needs (see CONTRIBUTING.md); takes some minutes.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addServer, sayYes, startRun } from '../test/lab/first-day.ts'
import { openLab } from '../test/lab/index.ts'
import { buildProgram, newHome, openProgram } from '../test/pty/program.ts'
import { svgOf } from './svg.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/pictures', import.meta.url))
const [columns, rows] = [Number(process.argv[3] ?? 112), Number(process.argv[4] ?? 34)]
mkdirSync(folder, { recursive: true })

const program = buildProgram()
const home = newHome()
const lab = await openLab()
try {
  const server = await lab.startServer({ name: 'web-1' })
  const words = ['--known-hosts', join(home.folder, 'known_hosts')]
  const terminal = openProgram(program.path, home, ['run', 'server-setup', ...words], { columns, rows })
  const taken = new Set<string>()
  /** The first time that a moment comes is the one that is kept. */
  const picture = async (name: string) => {
    if (taken.has(name)) return
    taken.add(name)
    await settled(() => terminal.text())
    writeFileSync(
      join(folder, `${name}.svg`),
      svgOf(terminal.screen, `Kneeboard: ${name.replaceAll('-', ' ')}`),
    )
    console.log(`${name}.svg`)
  }
  /** Moments of the walk that make a picture, and the file's name. */
  const names: Readonly<Record<string, string>> = {
    reversible: 'consent',
    disruptive: 'consent-disruptive',
    'after disruptive': 'remedy',
    choose: 'choose',
    end: 'result',
  }
  const ofTheWalk = async (name: string) => {
    const file = names[name]
    if (file === undefined || taken.has(file)) return
    if (file === 'remedy') await terminal.waitFor(/Unpacking|Setting up|Get:/, 300)
    await picture(file)
  }
  const ofTheWay = async (name: string) => {
    if (name === 'run') await terminal.waitFor(/✗ \d/, 60)
    await picture(name)
  }
  await addServer(terminal, server, ofTheWay)
  await startRun(terminal, ofTheWay, 'check')
  await terminal.waitFor('what is left', 120)
  await picture('what-is-left')
  terminal.press('enter')
  await terminal.waitFor('› left to do')
  terminal.press(' ')
  await terminal.waitFor(/ -\d/)
  await picture('diagnosis')
  // One after the other: two in one read are another key.
  terminal.press('escape')
  await terminal.waitFor('what is left')
  terminal.press('escape')
  await terminal.waitFor('1 server')
  await picture('home-after')
  await startRun(terminal, ofTheWay)
  const { applied } = await sayYes(terminal, ofTheWalk)
  console.log(`${applied.length} remedies applied`)
  terminal.press('c')
  await terminal.waitFor(/Mended|Passed/)
  await picture('checks')
  terminal.press('tab')
  await terminal.waitFor('/ search')
  await picture('evidence')
  await terminal.close()
} finally {
  await lab.close()
  home.remove()
  program.remove()
}

/** Waits until the screen has stood still for a moment, so that no half-drawn list is taken. */
async function settled(text: () => string): Promise<void> {
  const plain = () => text().replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]|\d\d:\d\d/g, '')
  let before = ''
  for (let tries = 0; tries < 20 && plain() !== before; tries += 1) {
    before = plain()
    await new Promise(resolve => setTimeout(resolve, 150))
  }
}
