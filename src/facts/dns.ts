/** Where a name leads: by public resolvers, and by each of its zone's own servers asked separately. */

import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { parseAddresses } from './container-dns.ts'
import { type DnsAnswer, dnsAnswer } from './outside.ts'

/** A list of resolvers' addresses as one argument of a fact. */
export const joined = (values: readonly string[]): string => values.join(',')
const split = (text: string): string[] => text.split(',').filter(part => part !== '')

export interface NameServerAnswer {
  /** `ns1.example.com (203.0.113.1)`, or a resolver's address. */
  readonly server: string
  readonly answer: DnsAnswer
}

/**
 * The answer of the first resolver that gave one; what it said when none did.
 *
 * @param resolvers addresses with commas between them.
 */
export const publicAnswer = fact(
  'dns/public-answer',
  async (context, name: string, type: string, resolvers: string): Promise<DnsAnswer> => {
    let last: DnsAnswer = { outcome: 'unreachable', values: [], ttl: null }
    for (const resolver of split(resolvers)) {
      last = await context.read(dnsAnswer, resolver, name, type)
      if (isAnswer(last)) return last
    }
    return last
  },
)

/** True for what says something about the name: found, no such record, no such name. */
export const isAnswer = ({ outcome }: DnsAnswer): boolean =>
  outcome === 'found' || outcome === 'no-record' || outcome === 'no-name'

export interface NameServer {
  readonly name: string
  readonly addresses: readonly string[]
}

/** The zone that holds a name: the nearest one upwards that has name servers. */
export interface Zone {
  readonly apex: string
  readonly servers: readonly NameServer[]
}

/** @throws Unreadable when no zone is found on the way up, or the resolvers do not answer. */
export const zoneOf = fact('dns/zone', async (context, name: string, resolvers: string): Promise<Zone> => {
  const labels = name.split('.')
  for (let from = 0; from < labels.length; from += 1) {
    const apex = labels.slice(from).join('.')
    const answer = await context.read(publicAnswer, apex, 'NS', resolvers)
    if (!isAnswer(answer) && answer.outcome !== 'server-failure') {
      throw new Unreadable(`the name servers of ${apex} could not be looked up: ${describeOutcome(answer)}`)
    }
    if (answer.outcome !== 'found') continue
    const servers = await Promise.all(answer.values.map(server => addressesOf(context, server, resolvers)))
    return { apex, servers }
  }
  throw new Unreadable(`no zone was found that holds ${name}`)
})

async function addressesOf(context: ReadContext, name: string, resolvers: string): Promise<NameServer> {
  const [v4, v6] = await Promise.all([
    context.read(publicAnswer, name, 'A', resolvers),
    context.read(publicAnswer, name, 'AAAA', resolvers),
  ])
  return { name, addresses: [...v4.values, ...v6.values] }
}

/** What each of the zone's own servers says, asked at its first address. */
export const authoritativeAnswers = fact(
  'dns/authoritative-answers',
  async (context, name: string, type: string, resolvers: string): Promise<NameServerAnswer[]> => {
    const zone = await context.read(zoneOf, name, resolvers)
    return Promise.all(
      zone.servers.map(async ({ name: server, addresses }) => {
        const [address] = addresses
        if (address === undefined)
          return {
            server: `${server} (no address)`,
            answer: { outcome: 'unreachable', values: [], ttl: null },
          }
        return {
          server: `${server} (${address})`,
          answer: await context.read(dnsAnswer, address, name, type),
        }
      }),
    )
  },
)

/** The addresses of a name as the public sees them, IPv4 and IPv6; empty for what has no record. */
export interface Addresses {
  readonly v4: readonly string[]
  readonly v6: readonly string[]
}

/** @throws Unreadable when the resolvers gave no answer about the name. */
export const publicAddresses = fact(
  'dns/public-addresses',
  async (context, name: string, resolvers: string): Promise<Addresses> => {
    const [v4, v6] = await Promise.all(
      ['A', 'AAAA'].map(async type => {
        const answer = await context.read(publicAnswer, name, type, resolvers)
        if (!isAnswer(answer))
          throw new Unreadable(`the ${type} record of ${name} could not be read: ${describeOutcome(answer)}`)
        return answer.values
      }),
    )
    return { v4: v4 ?? [], v6: v6 ?? [] }
  },
)

/** The addresses that the server itself resolves a name to; empty when it does not. */
export const addressesOnServer = fact(
  'dns/addresses-on-server',
  async (context, name: string): Promise<string[]> => {
    const result = await context.run(sh`getent ahosts ${name}`, { timeoutSeconds: 30 })
    return parseAddresses(outputOf(result, `what the server resolves ${name} to`, [0, 2]))
  },
)

/** How a question ended, as the end of a sentence. */
export function describeOutcome({ outcome }: DnsAnswer): string {
  return {
    found: 'it was answered',
    'no-record': 'there is no such record',
    'no-name': 'the name does not exist (NXDOMAIN)',
    'server-failure': 'the server fails (SERVFAIL)',
    refused: 'the server refuses to answer (REFUSED)',
    'timed-out': 'no answer came in time',
    unreachable: 'the server cannot be reached',
  }[outcome]
}

/** Everything that is said of one name: by the public resolvers, and by each of its zone's own servers. */
export interface DnsView {
  readonly public: { readonly A: DnsAnswer; readonly AAAA: DnsAnswer }
  readonly servers: readonly ServerView[]
}

export interface ServerView {
  readonly server: string
  readonly A: DnsAnswer
  readonly AAAA: DnsAnswer
  /** Where an alias leads; empty without one. */
  readonly alias: string
}

/** @throws Unreadable when the zone's servers cannot even be found. */
export const dnsView = fact(
  'dns/view',
  async (context, name: string, resolvers: string): Promise<DnsView> => {
    const [a, aaaa, servers] = await Promise.all([
      context.read(publicAnswer, name, 'A', resolvers),
      context.read(publicAnswer, name, 'AAAA', resolvers),
      serverViews(context, name, resolvers),
    ])
    return { public: { A: a, AAAA: aaaa }, servers }
  },
)

async function serverViews(context: ReadContext, name: string, resolvers: string): Promise<ServerView[]> {
  const [a, aaaa] = await Promise.all([
    context.read(authoritativeAnswers, name, 'A', resolvers),
    context.read(authoritativeAnswers, name, 'AAAA', resolvers),
  ])
  const nothing = [...a, ...aaaa].some(({ answer }) => answer.outcome === 'no-record')
  const aliases = nothing ? await context.read(authoritativeAnswers, name, 'CNAME', resolvers) : []
  return a.map(({ server, answer }, index) => ({
    server,
    A: answer,
    AAAA: aaaa[index]?.answer ?? answer,
    alias: aliases[index]?.answer.values[0] ?? '',
  }))
}
