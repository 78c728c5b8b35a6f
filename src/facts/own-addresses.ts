/** The server's own addresses, by its interfaces. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import type { Addresses } from './dns.ts'

/** Interfaces that Docker and other virtual networks make: their addresses are nobody's outside. */
const VIRTUAL = /^(lo|docker|br-|veth|virbr|lxc|cni|flannel)/

/** @throws Unreadable when `ip` is missing, or shows no address at all. */
export const ownAddresses = fact('own-addresses', async (context): Promise<Addresses> => {
  const result = await context.run(sh`PATH=$PATH:/usr/sbin:/sbin; ip -o addr show scope global`)
  return parseOwnAddresses(outputOf(result, 'the server’s own addresses'))
})

/** Reads `ip -o addr show`. Addresses that IPv6 makes for privacy or is about to drop are left out: DNS never names them. */
export function parseOwnAddresses(text: string): Addresses {
  const own: { v4: string[]; v6: string[] } = { v4: [], v6: [] }
  for (const line of text.split('\n')) {
    const [, device = '', family, address] =
      /^\d+:\s+([^\s@]+)\S*\s+(inet6?)\s+([0-9a-fA-F:.]+)\//.exec(line) ?? []
    if (family === undefined || address === undefined || VIRTUAL.test(device)) continue
    if (/\b(temporary|deprecated|tentative|dadfailed)\b/.test(line)) continue
    own[family === 'inet' ? 'v4' : 'v6'].push(address)
  }
  if (own.v4.length + own.v6.length === 0)
    throw new Unreadable('the server’s own addresses could not be read: it shows none')
  return own
}
