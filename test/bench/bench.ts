/**
 * `npm run bench`: how fast the screens are, as ratios measured in this very run, on the shipped bundle in a real
 * pseudo terminal. Writes docs/benchmarks.md with `--write`; ends with 1 when a limit of the project is passed.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { measureBackup } from './backup.ts'
import type { Figure } from './figure.ts'
import { measureScreens } from './screens.ts'
import { measureSweep } from './sweep.ts'

const say = (what: string): void => console.error(`measuring: ${what}`)
// Sweep and backup need the lab's real server, and say so where there is none; `--only screens` leaves it out.
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined
const figures: Figure[] = [
  ...(only === undefined || only === 'screens' ? await measureScreens(say) : []),
  ...(only === undefined || only === 'sweep' ? await measureSweep(say) : []),
  ...(only === undefined || only === 'backup' ? await measureBackup(say) : []),
]

const rows = figures.map(
  ({ what, figure, limit, isKept }) =>
    [what, figure, limit ?? '', isKept === undefined ? '' : isKept ? 'kept' : 'MISSED'] as const,
)
for (const [what, figure, limit, kept] of rows)
  console.log(`${what.padEnd(64)} ${figure.padStart(24)}  ${limit.padEnd(18)} ${kept}`)

if (process.argv.includes('--write')) {
  const path = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))
  mkdirSync(fileURLToPath(new URL('../../docs', import.meta.url)), { recursive: true })
  const [load = 0] = loadavg()
  const machine = `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} processors, load ${load.toFixed(1)} meanwhile`
  const table = rows.map(row => `| ${row.join(' | ')} |`).join('\n')
  writeFileSync(
    path,
    `# Benchmarks\n\nMade by \`npm run bench -- --write\` (${machine}). Each figure is measured on the shipped bundle in a real pseudo terminal; ratios compare with a bare Node process measured in the same run, in turns, so that a busy machine moves both.\n\n| What | Figure | Limit | |\n| --- | --- | --- | --- |\n${table}\n`,
  )
  console.log(`written: ${path}`)
}
process.exitCode = figures.some(({ isKept }) => isKept === false) ? 1 : 0
