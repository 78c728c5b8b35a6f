/** What the operator's own machine sees: each name server's answer, each address's answer on port 80 and 443. */

import type { Look } from '../host/look.ts'
import { askNameServer, type DnsAnswer, type RecordType } from '../host/outside-dns.ts'
import { type Fetched, fetchAt, type Handshake, shakeHands } from '../host/outside-web.ts'
import type { ReadContext } from '../model/check.ts'
import { fact } from '../model/fact.ts'

export type { DnsAnswer, DnsOutcome, RecordType } from '../host/outside-dns.ts'
export type { Fetched, Handshake } from '../host/outside-web.ts'

/** One question to one name server, by its address. */
export const dnsAnswer = fact(
  'outside/dns',
  (context, server: string, name: string, type: string): Promise<DnsAnswer> =>
    noted(context, askNameServer(server, name, type as RecordType)),
)

/** One GET pinned to one address. No redirect is followed, and no certificate is judged. */
export const outsideFetch = fact(
  'outside/fetch',
  (context, address: string, url: string): Promise<Fetched> => noted(context, fetchAt(address, new URL(url))),
)

/** The certificates that one address sends for a name on port 443. */
export const outsideHandshake = fact(
  'outside/handshake',
  (context, address: string, name: string): Promise<Handshake> => noted(context, shakeHands(address, name)),
)

async function noted<T>(context: ReadContext, look: Promise<Look<T>>): Promise<T> {
  const { answer, record } = await look
  context.record(record)
  return answer
}
