/** What came of running a script somewhere: the raw material of facts and evidence. */

import type { Script } from './script.ts'

/**
 * Who a script runs as: the user that logged in, root (by sudo where the login is not root), or a named user
 * (from root, with that user's groups as they are on disk now).
 */
export type RunAs = 'login' | 'root' | `user:${string}`

/** How a command ended. Only `exited` has an exit status; everything else proves nothing about the server. */
export type Ending =
  /** It ran to its end. */
  | 'exited'
  /** It passed its time limit and its process group was ended. */
  | 'timed-out'
  /** The connection died before an exit status arrived: it may or may not have run to its end. */
  | 'lost'
  /** It never started, for the reason given: no permission, no shell, run cancelled. */
  | 'not-run'

export interface RunOptions {
  /** Default `login`. */
  readonly as?: RunAs
  /** Seconds until the process group is ended, 1 to 3600. Default 20. */
  readonly timeoutSeconds?: number
  /** Bytes for the command's standard input; empty when left out. A secret travels only here. */
  readonly input?: string
  readonly signal?: AbortSignal
  /** Called with decoded, not yet sanitised text as it arrives. */
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void
}

export interface CommandResult {
  readonly script: Script
  readonly as: RunAs
  /** Where it ran: `root@203.0.113.5`, or `this machine` for what runs on the operator's side. */
  readonly where: string
  /** Start, ISO 8601 in UTC by the operator's clock. */
  readonly startedAt: string
  readonly durationMs: number
  readonly ending: Ending
  /** 0 to 255 when `ending` is `exited`, else null. */
  readonly exitCode: number | null
  /** Raw text, decoded as UTF-8 with replacement, capped (see `omittedBytes`). Not for display as it is. */
  readonly stdout: string
  readonly stderr: string
  /** Bytes of output left out of the middle because a stream passed its cap. */
  readonly omittedBytes: number
  /** For `timed-out`, `lost` and `not-run`: why, as a sentence. */
  readonly reason?: string
}

/**
 * Thrown by a fact or a check when something could not be read. It ends in the verdict `unknown` with this
 * message: what was not seen proves nothing.
 */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/**
 * The standard output of a command that must have succeeded.
 *
 * @throws Unreadable when it did not exit with one of `accept` (default 0), or a part of its output was left out:
 *   with the reason in plain words.
 */
export function outputOf(result: CommandResult, what: string, accept: readonly number[] = [0]): string {
  if (result.ending === 'exited' && result.exitCode !== null && accept.includes(result.exitCode)) {
    if (result.omittedBytes === 0) return result.stdout
    throw new Unreadable(`${what} could not be read: the answer is too long by ${result.omittedBytes} bytes`)
  }
  throw new Unreadable(`${what} could not be read: ${whyNot(result)}`)
}

/** Why a command gave no usable answer, as the end of a sentence. Conventions of POSIX sh and timeout(1). */
export function whyNot(result: CommandResult): string {
  if (result.ending !== 'exited') return result.reason ?? result.ending
  const said = firstLine(result.stderr) || firstLine(result.stdout)
  const words = said === '' ? '' : ` (${said})`
  if (result.exitCode === 126) return `the command may not be executed${words}`
  if (result.exitCode === 127) return `a needed command is not installed${words}`
  if (result.exitCode === 124 || result.exitCode === 137) return `it was stopped after its time limit${words}`
  return `exit status ${result.exitCode}${words}`
}

function firstLine(text: string): string {
  const line = text.split('\n').find(candidate => candidate.trim() !== '') ?? ''
  return line.trim().slice(0, 160)
}
