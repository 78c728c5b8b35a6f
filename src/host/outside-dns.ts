/** DNS as the operator's machine sees it: one question to one name server, whichever that is. */

import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { sh } from '../model/script.ts'
import { codeOf, type Look, startLook } from './look.ts'
import { endOf } from './tunnel.ts'

export type RecordType = 'A' | 'AAAA' | 'CAA' | 'CNAME' | 'NS'

/** How a question to one name server ended. Only the first three are answers about the name. */
export type DnsOutcome =
  | 'found'
  /** The name exists, without such a record. */
  | 'no-record'
  /** NXDOMAIN: the name does not exist. */
  | 'no-name'
  | 'server-failure'
  | 'refused'
  | 'timed-out'
  /** No connection to the name server, for a reason of its own. */
  | 'unreachable'

export interface DnsAnswer {
  readonly outcome: DnsOutcome
  /** Addresses or names; for CAA `FLAGS TAG VALUE`. */
  readonly values: readonly string[]
  /** Seconds for which the answer may be kept; null when it was not said. */
  readonly ttl: number | null
}

const OUTCOMES: Readonly<Record<string, DnsOutcome>> = {
  ENODATA: 'no-record',
  ENOTFOUND: 'no-name',
  ESERVFAIL: 'server-failure',
  EREFUSED: 'refused',
  ETIMEOUT: 'timed-out',
}

/** Asks one name server one question, twice before giving up. @param server an address, port 53. */
export async function askNameServer(
  server: string,
  name: string,
  type: RecordType,
): Promise<Look<DnsAnswer>> {
  const started = startLook()
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  const byHand = sh`dig @${server} ${name} ${type}`
  try {
    const { host, port } = endOf(server, 53)
    resolver.setServers([`${isIP(host) === 6 ? `[${host}]` : host}:${port}`])
    const answer = await query(resolver, name, type)
    const lines = answer.values.map(value => `${name}. ${answer.ttl ?? '-'} IN ${type} ${value}`)
    return { answer, record: started.ended(byHand, lines.join('\n')) }
  } catch (error) {
    const code = codeOf(error)
    const outcome = OUTCOMES[code] ?? 'unreachable'
    return {
      answer: { outcome, values: [], ttl: null },
      record: started.ended(byHand, `;; ${outcome} (${code})`),
    }
  }
}

async function query(resolver: Resolver, name: string, type: RecordType): Promise<DnsAnswer> {
  switch (type) {
    case 'A':
    case 'AAAA': {
      const found = await (type === 'A'
        ? resolver.resolve4(name, { ttl: true })
        : resolver.resolve6(name, { ttl: true }))
      return {
        outcome: 'found',
        values: found.map(({ address }) => address),
        ttl: Math.min(...found.map(({ ttl }) => ttl)),
      }
    }
    case 'CNAME':
      return { outcome: 'found', values: await resolver.resolveCname(name), ttl: null }
    case 'NS':
      return { outcome: 'found', values: await resolver.resolveNs(name), ttl: null }
    case 'CAA': {
      const found = await resolver.resolveCaa(name)
      const values = found.flatMap(({ critical, ...tags }) =>
        Object.entries(tags)
          .filter(([tag]) => tag !== 'type')
          .map(([tag, value]) => `${critical} ${tag} ${String(value)}`),
      )
      return { outcome: 'found', values, ttl: null }
    }
  }
}
