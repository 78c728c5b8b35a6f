/** Where sshd really listens: not what a file says, but what is open. */

import { Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import type { Family } from './address.ts'
import { familyOf, isLoopback } from './address.ts'
import { type Listener, listeners } from './listeners.ts'
import { type SshSession, sshSession } from './ssh-session.ts'
import { sshdService } from './sshd-service.ts'

export interface SshPort {
  readonly port: number
  /** The families that it answers on, loopback left aside. */
  readonly families: readonly Family[]
}

/**
 * Every port on which sshd can be reached from outside, the one of our own connection always among them.
 *
 * @throws Unreadable when none is found: then nothing may be closed.
 */
export const sshPorts = fact('ssh/ports', async context => {
  const { socketPorts } = await context.read(sshdService)
  return sshPortsOf(await context.read(listeners), socketPorts, await context.read(sshSession))
})

/** @throws Unreadable when none is found. */
export function sshPortsOf(
  sockets: readonly Listener[],
  socketPorts: readonly number[],
  session: SshSession,
): SshPort[] {
  const found = new Map<number, Set<Family>>()
  const add = (port: number, families: readonly Family[]) =>
    found.set(port, new Set([...(found.get(port) ?? []), ...families]))
  for (const socket of sockets) {
    if (socket.protocol !== 'tcp' || isLoopback(socket.address)) continue
    const bySystemd = socket.programs.includes('systemd') && socketPorts.includes(socket.port)
    if (socket.programs.includes('sshd') || bySystemd) add(socket.port, socket.families)
  }
  const family = session.server && familyOf(session.server.address)
  if (session.server && family && !isLoopback(session.server.address)) add(session.server.port, [family])
  if (found.size === 0) throw new Unreadable('no port was found on which sshd can be reached from outside')
  return [...found]
    .map(([port, families]) => ({ port, families: [...families].sort() }))
    .sort((a, b) => a.port - b.port)
}
