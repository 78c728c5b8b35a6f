import { labIsPossible } from './possible.ts'
import { type Run, registerRun, removeRun, takeDown } from './runs.ts'

/**
 * Vitest's global set-up of the project `lab`: once before all test files, and once after them.
 *
 * Before: what a killed run left is removed. After: what a test file did not close itself goes, and with it the
 * Docker daemon, if the lab started it and nobody else is using it.
 */
let session: Run | undefined

export async function setup(): Promise<void> {
  const { possible, reason } = await labIsPossible()
  if (!possible) {
    if (process.env.KNEEBOARD_LAB === '1')
      throw new Error(`KNEEBOARD_LAB=1, but there can be no lab: ${reason}`)
    return
  }
  session = await registerRun()
}

export async function teardown(): Promise<void> {
  if (!session) return
  await removeRun(session.runId)
  await takeDown({ keepUp: true })
}
