/** Every socket that waits for connections, and whose it is. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import type { Family } from './address.ts'
import { familyOf } from './address.ts'

export interface Listener {
  readonly protocol: 'tcp' | 'udp'
  /** As bound: `0.0.0.0`, `::`, `*` (both families), or one address. */
  readonly address: string
  readonly families: readonly Family[]
  readonly port: number
  /** Program names, each once: `sshd`, `docker-proxy`. Empty for the kernel's own. */
  readonly programs: readonly string[]
  /** The line of ss, verbatim. */
  readonly line: string
}

/** @throws Unreadable when ss is missing or prints something else. */
export const listeners = fact('listeners', async context => {
  const result = await context.run(sh`ss -H -lntup`, { as: 'root' })
  return parseListeners(outputOf(result, 'the listening sockets'))
})

/** Reads the lines of `ss -H -lntup`. @throws Unreadable on a line without an address and a port. */
export function parseListeners(text: string): Listener[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(parseLine)
}

function parseLine(line: string): Listener {
  const [protocol, , , , local = ''] = line.trim().split(/\s+/)
  const [, host = '', port] = /^(.*):(\d+)$/.exec(local) ?? []
  if ((protocol !== 'tcp' && protocol !== 'udp') || port === undefined) {
    throw new Unreadable(`the listening sockets could not be read: “${line.trim().slice(0, 80)}”`)
  }
  const address = (host.split('%')[0] ?? '').replace(/^\[|\]$/g, '')
  const family = familyOf(address)
  const programs = [...line.matchAll(/\("((?:[^"\\]|\\.)*)",pid=/g)].map(match => match[1] ?? '')
  return {
    protocol,
    address,
    families: family === null ? [4, 6] : [family],
    port: Number(port),
    programs: [...new Set(programs)],
    line: line.trim(),
  }
}
