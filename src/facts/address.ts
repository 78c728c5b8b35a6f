/** Internet addresses: which family, whether the world can reach them, whether one lies in a network. */

import { BlockList, isIP } from 'node:net'

export type Family = 4 | 6

/** 4 or 6, or null for what is no address. A zone (`%eth0`) is left aside. */
export function familyOf(address: string): Family | null {
  const family = isIP(withoutZone(address))
  return family === 4 || family === 6 ? family : null
}

/** Networks that the internet does not route to a server: loopback, link-local, private (RFC 1918, 4193, 6598). */
const INSIDE = {
  ipv4: ['127.0.0.0/8', '169.254.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  ipv6: ['::1/128', 'fe80::/10', 'fc00::/7'],
} as const
let inside: BlockList | undefined

/** Made at the first question: the patterns of addresses that it needs take the program 7 ms to compile. */
function insideNetworks(): BlockList {
  if (inside !== undefined) return inside
  inside = new BlockList()
  for (const kind of ['ipv4', 'ipv6'] as const) {
    for (const network of INSIDE[kind]) {
      const [base = '', bits] = network.split('/')
      inside.addSubnet(base, Number(bits), kind)
    }
  }
  return inside
}

/** True for an address that a socket is bound to and strangers can reach: a wildcard, or one the internet routes. */
export function isPublic(address: string): boolean {
  const bare = withoutZone(address)
  if (bare === '' || bare === '*') return true
  const family = familyOf(bare)
  if (family === null) return true
  return !insideNetworks().check(bare, family === 4 ? 'ipv4' : 'ipv6')
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  const bare = withoutZone(address)
  return bare === '::1' || (familyOf(bare) === 4 && bare.startsWith('127.'))
}

/** True when the address lies in the network `a.b.c.d/bits`; a network without bits is one address. */
export function isWithin(address: string, network: string): boolean {
  const [base = '', bits] = network.split('/')
  const family = familyOf(base)
  if (family === null || familyOf(address) !== family) return false
  const width = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits)
  if (!Number.isInteger(width) || width < 0 || width > (family === 4 ? 32 : 128)) return false
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(base, width, kind)
  return list.check(withoutZone(address), kind)
}

function withoutZone(address: string): string {
  return address.split('%')[0] ?? ''
}
