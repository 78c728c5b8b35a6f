/** Gives the lanes their shells: the login's own, and root's by sudo where it was not root that logged in. */

import type { Channel, Transport } from './channel.ts'
import type { LaneUser } from './lane-script.ts'
import { type AskSudoPassword, type RememberedPassword, Sudo } from './sudo.ts'

export function shellOpener(
  transport: Transport,
  loginUser: string,
  ask: AskSudoPassword,
  remembered?: RememberedPassword,
): (user: LaneUser) => Promise<Channel> {
  const sudo = new Sudo(transport, loginUser, ask, remembered)
  return user =>
    user === 'root' && loginUser !== 'root' ? sudo.open() : transport.open(['exec', '/bin/sh', '-s'])
}

/** How many commands to keep under way in a lane: as many as fit into a round trip, at about 5 ms each. */
export function laneDepth(roundTripMs: number): number {
  return Math.min(16, 1 + Math.ceil(roundTripMs / 5))
}
