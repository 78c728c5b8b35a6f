/**
 * A look from outside: what the operator's own machine sees of a server. Each comes with a record of the kind that
 * commands leave, so that it is evidence like everything else.
 */

import type { CommandResult } from '../model/command.ts'
import { type Script, sh } from '../model/script.ts'

export interface Look<T> {
  readonly answer: T
  readonly record: CommandResult
}

/** Starts the clock of a look. `byHand` is the command that would see the same. */
export function startLook(): {
  ended(byHand: Script, stdout: string, exitCode?: number): CommandResult
} {
  const startedAt = new Date()
  return {
    ended(byHand: Script, stdout: string, exitCode = 0): CommandResult {
      return {
        script: sh`# looked by Kneeboard itself; the same by hand:\n${byHand}`,
        as: 'login',
        where: 'this machine',
        startedAt: startedAt.toISOString(),
        durationMs: Date.now() - startedAt.getTime(),
        ending: 'exited',
        exitCode,
        stdout: `${stdout}\n`,
        stderr: '',
        omittedBytes: 0,
      }
    },
  }
}

/** Node's code of an error: `ECONNREFUSED`; empty without one. */
export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? '')
