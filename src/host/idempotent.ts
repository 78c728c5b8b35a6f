/** Asking again after a dropped connection: only for scripts that may run twice without harm. */

import { type CommandResult, type RunAs, Unreadable, whyNot } from '../model/command.ts'
import type { Machine } from '../model/machine.ts'
import { type Script, sh } from '../model/script.ts'

/** What to do when the connection dies in the middle. */
export interface Patience {
  /** Seconds to wait for the machine to come back each time it went away. 0: do not wait. Default 120. */
  readonly reconnectSeconds?: number | undefined
  readonly onLost?: ((reason: string) => void) | undefined
  readonly onRestored?: (() => void) | undefined
}

/** Answers lost in a row before it is given up: a link that drops every answer is no link. */
const ATTEMPTS = 5

/**
 * Runs a script whose repetition changes nothing more, until it has been seen to exit with 0.
 *
 * @returns its standard output, whole.
 * @throws Unreadable when it exited with anything else, was cut short, or may not run at all; whatever
 *   `Machine.reconnect` throws passes through.
 */
export async function runIdempotent(
  machine: Machine,
  script: Script,
  what: string,
  options: Patience & { readonly as: RunAs; readonly timeoutSeconds?: number },
): Promise<string> {
  const { as, timeoutSeconds = 30, reconnectSeconds = 120 } = options
  for (let attempt = 1; ; attempt += 1) {
    const result = await machine.run(script, { as, timeoutSeconds })
    const mayBeTheLink = result.ending === 'lost' || result.ending === 'not-run'
    if (!mayBeTheLink || reconnectSeconds === 0 || attempt === ATTEMPTS) return wholeOutput(result, what)
    // Another caller may have brought the connection back already; or there is one, and root is refused to us.
    if (await answers(machine)) {
      if (result.ending === 'not-run')
        return wholeOutput(await machine.run(script, { as, timeoutSeconds }), what)
      continue
    }
    options.onLost?.(whyNot(result))
    await reconnectOnce(machine, reconnectSeconds)
    options.onRestored?.()
  }
}

async function answers(machine: Machine): Promise<boolean> {
  return (await machine.run(sh`:`, { as: 'login', timeoutSeconds: 5 })).ending === 'exited'
}

const underWay = new WeakMap<Machine, Promise<void>>()

/** Callers that lose the same connection wait for the same new one: each new one would cut the others' off. */
async function reconnectOnce(machine: Machine, seconds: number): Promise<void> {
  const existing = underWay.get(machine)
  if (existing) return existing
  const reconnecting = machine.reconnect(seconds).finally(() => underWay.delete(machine))
  underWay.set(machine, reconnecting)
  return reconnecting
}

function wholeOutput(result: CommandResult, what: string): string {
  if (result.ending !== 'exited' || result.exitCode !== 0)
    throw new Unreadable(`${what} could not be learnt: ${whyNot(result)}`)
  if (result.omittedBytes > 0) throw new Unreadable(`${what} could not be learnt: the answer was too long`)
  return result.stdout
}

/**
 * A name that Kneeboard makes for something it leaves on a server: it becomes a file name and a unit name there.
 *
 * @throws RangeError for anything but letters, digits, `_`, `.` and `-`, 1 to 200 of them, not led by a sign.
 */
export function checkedId(id: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/.test(id))
    throw new RangeError(`not an id for a job or a revert: ${id.slice(0, 220)}`)
  return id
}
