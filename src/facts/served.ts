/** What the world is served on port 443, held against what certbot keeps. */

import { fact } from '../model/fact.ts'
import { publicAddresses } from './dns.ts'
import { type Certificate, certificateOf } from './lineages.ts'
import { outsideHandshake } from './outside.ts'

export interface Served {
  readonly domain: string
  readonly address: string
  /** Null when there was no handshake. */
  readonly certificate: Certificate | null
  /** As sent, PEM, leaf first. */
  readonly chain: readonly string[]
  /** How it ended without a certificate: `refused`, `timed-out`, `broken`, `no-route-from-here`; empty with one. */
  readonly failure: string
}

/**
 * A handshake for every name at every address that DNS gives it.
 *
 * @param names and resolvers with commas between them.
 * @throws Unreadable when the names cannot be looked up.
 */
export const servedCertificates = fact(
  'tls/served',
  async (context, names: string, resolvers: string): Promise<Served[]> => {
    const all = await Promise.all(
      names.split(',').map(async domain => {
        const { v4, v6 } = await context.read(publicAddresses, domain, resolvers)
        return Promise.all(
          [...v6, ...v4].map(async (address): Promise<Served> => {
            const shaken = await context.read(outsideHandshake, address, domain)
            if (shaken.outcome !== 'certificates')
              return { domain, address, certificate: null, chain: [], failure: shaken.outcome }
            const [leaf] = shaken.pem
            const certificate = leaf === undefined ? null : certificateOf(leaf)
            return { domain, address, certificate, chain: shaken.pem, failure: '' }
          }),
        )
      }),
    )
    return all.flat()
  },
)
