/** Runs one script through the lanes and writes down what came of it. */

import { userInfo } from 'node:os'
import type { CommandResult, RunAs, RunOptions } from '../model/command.ts'
import type { Script } from '../model/script.ts'
import { UserName } from '../model/target.ts'
import { Execution, type Outcome } from './execution.ts'
import type { LaneUser } from './lane-script.ts'
import type { Lanes } from './lanes.ts'

/** Seconds until a command is ended, when its caller says nothing (contract of RunOptions). */
const DEFAULT_SECONDS = 20
const MAX_SECONDS = 3600

export interface RunSurroundings {
  /** Undefined while there is no connection. */
  readonly lanes: Lanes | undefined
  /** Why there is none. */
  readonly notConnected: string
  /** Who logged in. */
  readonly loginUser: string
  /** `@203.0.113.5`, or empty for this machine. */
  readonly at: string
}

/** Never rejects: what went wrong is in the result. */
export async function runCommand(
  surroundings: RunSurroundings,
  script: Script,
  options: RunOptions = {},
): Promise<CommandResult> {
  const { loginUser, lanes, notConnected } = surroundings
  const as: RunAs = options.as ?? 'login'
  const queuedAt = Date.now()
  const named = as.startsWith('user:') && as !== 'user:root' ? as.slice('user:'.length) : undefined
  const execution = new Execution({
    script: script.text,
    limitSeconds: Math.min(MAX_SECONDS, Math.max(0.1, options.timeoutSeconds ?? DEFAULT_SECONDS)),
    input: options.input,
    user: named,
    onOutput: options.onOutput,
  })
  const problem = problemOf(script, named, options.signal, lanes ? undefined : notConnected)
  const outcome =
    problem === undefined && lanes
      ? await settle(
          lanes,
          as === 'login' || loginUser === 'root' ? 'login' : 'root',
          execution,
          options.signal,
        )
      : { ending: 'not-run' as const, exitCode: null, reason: problem ?? notConnected }
  const started = execution.startedAt ?? queuedAt
  return {
    script,
    as,
    where: whereOf(as, surroundings),
    startedAt: new Date(started).toISOString(),
    durationMs: (execution.endedAt ?? Date.now()) - started,
    ending: outcome.ending,
    exitCode: outcome.exitCode,
    stdout: execution.stdout.text(),
    stderr: execution.stderr.text(),
    omittedBytes: execution.stdout.omittedBytes + execution.stderr.omittedBytes,
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
  }
}

/** Why it cannot even begin. */
function problemOf(
  script: Script,
  named: string | undefined,
  signal: AbortSignal | undefined,
  notConnected: string | undefined,
): string | undefined {
  if (script.text.includes('\0')) return 'the script holds a NUL byte, which no shell can read'
  if (named !== undefined && !UserName.safeParse(named).success) return `“${named}” is no user name`
  if (signal?.aborted) return 'it was cancelled before it began'
  return notConnected
}

async function settle(
  lanes: Lanes,
  user: LaneUser,
  execution: Execution,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const onAbort = (): void => lanes.cancel(execution, 'it was cancelled; it may have done a part of its work')
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await lanes.submit(user, execution)
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function whereOf(as: RunAs, { loginUser, at }: RunSurroundings): string {
  const user = as === 'login' ? loginUser : as === 'root' ? 'root' : as.slice('user:'.length)
  if (at !== '') return `${user}${at}`
  return user === userInfo().username ? 'this machine' : `${user} on this machine`
}
