/**
 * The dead man's switch: a change that could lock the operator out is undone by the server itself, unless it is
 * called off in time. Armed before the first action, called off only after a second, fresh login has worked.
 */

import { Unreadable } from '../model/command.ts'
import type { Machine } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import { checkedId, type Patience, runIdempotent } from './idempotent.ts'
import { armScript, callOffScript, stateScript } from './revert-script.ts'

export interface RevertRequest {
  readonly id: string
  /**
   * Puts the old state back, as root, with nobody there to answer. It must be safe to run twice: when the server
   * goes down in the middle of it, it runs again after the boot.
   */
  readonly revert: Script
  /** Seconds until it fires, 1 to 3600. */
  readonly afterSeconds: number
}

/** What the server says of a revert. */
export type RevertState =
  /** Never armed on this server. */
  | { readonly state: 'absent' }
  /** `survivesReboot` is false where there is no systemd, or where /etc cannot be written. */
  | { readonly state: 'armed'; readonly secondsLeft: number; readonly survivesReboot: boolean }
  /** Armed and not decided, but what should fire it is gone: it protects nothing any more. */
  | { readonly state: 'unwatched'; readonly reason: string }
  /** It has not run, and never will. */
  | { readonly state: 'called-off' }
  | {
      readonly state: 'fired'
      /** When, ISO 8601 in UTC by the server's clock. */
      readonly at: string
      /** The revert's own exit status; null while it runs, or when it was cut and will run again. 124: hung for 5 minutes. */
      readonly exitCode: number | null
      readonly running: boolean
      /** What it printed, at most the last 64 KiB, not sanitised. */
      readonly output: string
    }

/** `not-armed`: nothing will fire, so the change it should guard must not be made. */
export type RevertArmed =
  | Extract<RevertState, { state: 'armed' }>
  | { readonly state: 'not-armed'; readonly reason: string }

/**
 * Arms a revert. It counts as armed only once the server has run its firing script for a first, early look, so a
 * unit that could not start would be found now and not when it is needed. Repeating the call adds no time.
 *
 * @throws RangeError for an id or a number of seconds out of range.
 * @throws Unreadable when the server gave no answer: it may be armed or not; call it off before going on.
 */
export async function armRevert(
  machine: Machine,
  request: RevertRequest,
  patience: Patience = {},
): Promise<RevertArmed> {
  const { id, revert, afterSeconds } = request
  if (!(afterSeconds >= 1 && afterSeconds <= 3600))
    throw new RangeError(`a revert’s seconds must be from 1 to 3600, not ${afterSeconds}`)
  const text = await ask(machine, armScript(checkedId(id), revert, Math.ceil(afterSeconds)), patience)
  if (text.startsWith('refused ')) return { state: 'not-armed', reason: text.slice('refused '.length).trim() }
  const state = parseRevert(text)
  if (state.state === 'armed') return state
  const reason = state.state === 'unwatched' ? state.reason : `it is ${state.state} already`
  return { state: 'not-armed', reason }
}

/**
 * Calls a revert off, unless it has fired: exactly one of the two happens, and the answer says which. Calling off
 * again gives the same answer again.
 *
 * @throws Unreadable when the server gave no answer, so that it may fire or may have fired.
 */
export async function callOffRevert(
  machine: Machine,
  id: string,
  patience: Patience = {},
): Promise<Extract<RevertState, { state: 'called-off' | 'fired' | 'absent' }>> {
  const state = parseRevert(await ask(machine, callOffScript(checkedId(id)), patience))
  if (state.state === 'armed' || state.state === 'unwatched')
    throw new Unreadable('the revert could not be called off')
  return state
}

/** @throws Unreadable when the server gave no answer. */
export async function revertState(
  machine: Machine,
  id: string,
  patience: Patience = {},
): Promise<RevertState> {
  return parseRevert(await ask(machine, stateScript(checkedId(id)), patience))
}

/** Reads what the revert scripts print. Pure. @throws Unreadable when the answer is not whole. */
export function parseRevert(text: string): RevertState {
  const parts = /^state (.*)\nencoding (base64|hex)\noutput\n([\s\S]*?)end\n$/.exec(text)
  const [, line = '', encoding, printed = ''] = parts ?? []
  const armed = /^armed (\d+) (yes|no)$/.exec(line)
  if (armed) return { state: 'armed', secondsLeft: Number(armed[1]), survivesReboot: armed[2] === 'yes' }
  const fired = /^fired (\d+) (\d{1,3}|-) (yes|no)$/.exec(line)
  if (fired) {
    return {
      state: 'fired',
      at: new Date(Number(fired[1]) * 1000).toISOString(),
      exitCode: fired[2] === '-' ? null : Number(fired[2]),
      running: fired[3] === 'yes',
      output: Buffer.from(printed.replace(/\s/g, ''), encoding === 'hex' ? 'hex' : 'base64').toString('utf8'),
    }
  }
  if (line.startsWith('unwatched ')) return { state: 'unwatched', reason: line.slice('unwatched '.length) }
  if (line === 'absent' || line === 'called-off') return { state: line }
  throw new Unreadable(`how the revert stands could not be read: ${text.slice(0, 80)}`)
}

function ask(machine: Machine, script: Script, patience: Patience): Promise<string> {
  return runIdempotent(machine, script, 'how the revert stands', {
    ...patience,
    as: 'root',
    timeoutSeconds: 60,
  })
}
