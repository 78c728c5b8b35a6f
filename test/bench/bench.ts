/**
 * `npm run bench`: how fast it is, as ratios measured in this very run, on the shipped bundle. `--only PART` measures
 * one part; `--write` puts what was measured into docs/benchmarks.md, and leaves the other parts there. Ends with 1
 * when a limit of the project is passed.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { measureBackup } from './backup.ts'
import { withSection } from './document.ts'
import type { Figure } from './figure.ts'
import { measurePractice } from './practice.ts'
import { measureScreens } from './screens.ts'
import { measureSweep } from './sweep.ts'

interface Part {
  readonly name: string
  readonly title: string
  measure(tell: (what: string) => void): Promise<Figure[]>
}

const PARTS: readonly Part[] = [
  { name: 'screens', title: 'Screens', measure: measureScreens },
  { name: 'practice', title: 'Practice server', measure: measurePractice },
  // These two need the lab's real server, and say so where there is none.
  { name: 'sweep', title: 'Sweep', measure: measureSweep },
  { name: 'backup', title: 'Backup', measure: measureBackup },
]

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined
const chosen = PARTS.filter(({ name }) => only === undefined || only === name)
if (chosen.length === 0) throw new Error(`--only takes one of ${PARTS.map(({ name }) => name).join(', ')}`)

const path = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
for (const { title, measure } of chosen) {
  const figures = await measure(what => console.error(`measuring: ${what}`))
  const rows = figures.map(
    ({ what, figure, limit, isKept }) =>
      [what, figure, limit ?? '', isKept === undefined ? '' : isKept ? 'kept' : 'MISSED'] as const,
  )
  for (const [what, figure, limit, kept] of rows)
    console.log(`${what.padEnd(78)} ${figure.padStart(24)}  ${limit.padEnd(18)} ${kept}`)
  if (figures.some(({ isKept }) => isKept === false)) process.exitCode = 1
  if (process.argv.includes('--write') && figures.length > 0) {
    writeFileSync(path, withSection(readFileSync(path, 'utf8'), title, sectionOf(rows)))
    console.log(`written: ${path}`)
  }
}

function sectionOf(rows: readonly (readonly string[])[]): string {
  const [load = 0] = loadavg()
  const machine = `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} processors, load ${load.toFixed(1)} meanwhile`
  const table = rows.map(row => `| ${row.join(' | ')} |`).join('\n')
  return `Measured with ${machine}.\n\n| What | Figure | Limit | |\n| --- | --- | --- | --- |\n${table}`
}
