/**
 * The README's first picture, taken from the running program on its practice server: `node scripts/practice-picture.ts`
 * writes docs/pictures/practice.svg. Needs nothing but Node, and takes less than a minute.
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProgram, newHome, openProgram } from '../test/pty/program.ts'
import { svgOf } from './svg.ts'

const folder = process.argv[2] ?? fileURLToPath(new URL('../docs/pictures', import.meta.url))
const program = buildProgram()
const home = newHome()
const terminal = openProgram(program.path, home, [], { columns: 112, rows: 34 })
try {
  await terminal.waitFor('practise', 30)
  terminal.press('enter')
  await terminal.waitFor('What would you like to practise?', 30)
  terminal.press('enter')
  await terminal.waitFor('nothing has run yet', 30)
  // A c reads all checks, and asks nothing.
  terminal.press('c')
  await terminal.waitFor('what is left', 120)
  terminal.press('enter')
  await terminal.waitFor('› left to do', 30)
  terminal.press(' ')
  await terminal.waitFor(/ -\d/, 30)
  writeFileSync(
    join(folder, 'practice.svg'),
    svgOf(terminal.screen, 'Kneeboard: what is left on the practice server'),
  )
  console.log('practice.svg')
  terminal.press('q')
} finally {
  await terminal.close()
  home.remove()
  program.remove()
}
