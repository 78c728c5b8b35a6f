/** Whose the addresses are that a name leads to: this server's, a proxy's, or somebody else's. */

import { familyOf, isPublic, isWithin } from '../../src/facts/address.ts'
import { type Addresses, joined, publicAddresses } from '../../src/facts/dns.ts'
import { type Fetched, outsideFetch } from '../../src/facts/outside.ts'
import { ownAddresses } from '../../src/facts/own-addresses.ts'
import type { ProbeContext } from '../../src/model/check.ts'
import type { Owner, Row } from '../challenge/truth-table.ts'

/** Cloudflare’s published ranges (cloudflare.com/ips, unchanged since 2021). */
export const CLOUDFLARE = [
  '173.245.48.0/20',
  '103.21.244.0/22',
  '103.22.200.0/22',
  '103.31.4.0/22',
  '141.101.64.0/18',
  '108.162.192.0/18',
  '190.93.240.0/20',
  '188.114.96.0/20',
  '197.234.240.0/22',
  '198.41.128.0/17',
  '162.158.0.0/15',
  '104.16.0.0/13',
  '104.24.0.0/14',
  '172.64.0.0/13',
  '131.0.72.0/22',
  '2400:cb00::/32',
  '2606:4700::/32',
  '2803:f800::/32',
  '2405:b500::/32',
  '2405:8100::/32',
  '2a06:98c0::/29',
  '2c0f:f248::/32',
] as const

export const isCloudflare = (address: string): boolean =>
  CLOUDFLARE.some(network => isWithin(address, network))

/** One address may be written in several ways; two texts are the same when each lies in the other’s network. */
export const isSame = (one: string, other: string): boolean => isWithin(one, other)

/**
 * Whose an address is. A server that has private IPv4 addresses only stands behind its provider’s translation: a
 * public address may then be its own, and only an answer can tell.
 */
export function ownerOf(address: string, own: Addresses): Owner {
  if ([...own.v4, ...own.v6].some(mine => isSame(address, mine))) return 'this server'
  if (isCloudflare(address)) return 'a proxy'
  const translated =
    familyOf(address) === 4 && isPublic(address) && own.v4.length > 0 && !own.v4.some(isPublic)
  return translated ? 'behind-nat' : 'another machine'
}

/** Any path will do to see who answers: nobody has this one. */
const NOBODY = '/.well-known/acme-challenge/kneeboard-nobody-has-this'

type Looking = ProbeContext<{ readonly domains: readonly string[]; readonly resolvers: readonly string[] }>

/** One name's rows of the truth table, IPv6 first, each with what answers there now. */
export async function rowsOf({ params, read }: Looking, domain: string): Promise<Row[]> {
  const own = await read(ownAddresses)
  const { v4, v6 } = await read(publicAddresses, domain, joined(params.resolvers))
  return Promise.all(
    [...v6, ...v4].map(async address => {
      const answer: Fetched = await read(outsideFetch, address, `http://${domain}${NOBODY}`)
      const proxied = answer.outcome === 'answered' && answer.cloudflare
      return { address, owner: proxied ? 'a proxy' : ownerOf(address, own), answer }
    }),
  )
}
