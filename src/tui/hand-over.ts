/** Lets go of the keyboard while another program has the terminal. */

import { setImmediate as turn } from 'node:timers/promises'

/**
 * Ink takes its listener off, but Node goes on reading from the terminal into its own buffer: of what is typed for
 * the other program, half would land here. A paused standard input is not read at all.
 */
export async function withoutKeyboard<T>(work: () => Promise<T>): Promise<T> {
  // Node sees only in the next turn that nobody listens any more, and stops reading in the one after.
  await turn()
  process.stdin.pause()
  await turn()
  return work()
}
