/**
 * `npm test`: runs every project that this machine can run and ends with the counts and with what was left out.
 * Arguments go to vitest.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'

const root = fileURLToPath(new URL('..', import.meta.url))

const projects = ['unit', 'tui']
const leftOut: string[] = []

if (existsSync('/usr/sbin/sshd')) projects.push('integration')
else
  leftOut.push(
    'integration: there is no OpenSSH server at /usr/sbin/sshd (Debian: apt-get install openssh-server)',
  )

if (process.env.KNEEBOARD_LAB === '1') projects.push('lab')
else
  leftOut.push(
    'lab: set KNEEBOARD_LAB=1, as root on Debian (it builds real servers and takes about half an hour)',
  )

// The tests of the command line run the program as it is shipped.
await import('./build.ts')

const vitest = await startVitest('test', process.argv.slice(2), {
  root,
  project: projects,
  run: true,
  watch: false,
})
const counts = { passed: 0, failed: 0, skipped: 0 }
for (const module of vitest.state.getTestModules()) {
  const errors = module.errors().length
  counts.failed += errors
  for (const test of module.children.allTests()) counts[resultOf(test.result().state)] += 1
}
counts.failed += vitest.state.getUnhandledErrors().length
await vitest.close()

for (const line of leftOut) console.log(`left out: ${line}`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0

function resultOf(state: string): keyof typeof counts {
  if (state === 'passed') return 'passed'
  return state === 'skipped' ? 'skipped' : 'failed'
}
