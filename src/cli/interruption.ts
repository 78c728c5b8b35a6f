/** Ctrl-C, a closed terminal, a kill: once asks the run to stop in a known state, twice ends the program. */

import { EXIT } from '../model/failure.ts'
import type { Io } from './io.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function untilStopped(io: Io): { signal: AbortSignal; settle: () => void } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort()
    io.err('stopping: what runs now is brought to a known state; once more ends at once\n')
  }
  for (const name of SIGNALS) process.on(name, stop)
  return {
    signal: controller.signal,
    settle() {
      for (const name of SIGNALS) process.off(name, stop)
    },
  }
}
