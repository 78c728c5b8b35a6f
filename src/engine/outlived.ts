/**
 * A short command whose connection died, or whose Kneeboard was killed, goes on on the server until it ends or its
 * time limit ends it there. Until then nothing is looked at: a check would judge a half-done change, and the remedy
 * would be offered a second time while the first still runs.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from './session.ts'

/** Seconds past its limit: the pause between the polite and the final signal, and a little for a slow server. */
const GRACE_SECONDS = 4

/** Waits until a command that was started then cannot be running any more: at most its limit and the grace. */
export async function untilOutlived(
  session: Session,
  limitSeconds: number,
  startedAt: string | undefined,
): Promise<void> {
  const longest = (limitSeconds + GRACE_SECONDS) * 1000
  const since = startedAt === undefined ? 0 : Date.now() - Date.parse(startedAt)
  // A clock that was set back must not make it longer, nor one that was set forward make it negative.
  const left = Math.min(longest, Math.max(0, longest - since))
  if (left === 0) return
  const seconds = Math.ceil(left / 1000)
  session.emit({
    type: 'note',
    text: `waiting ${seconds} s, until the command that was cut off cannot be running on the server any more`,
  })
  await sleep(left, undefined, { signal: session.ports.signal }).catch(() => {})
}
