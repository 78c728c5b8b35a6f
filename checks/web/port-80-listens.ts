import { z } from 'zod'
import { isLoopback } from '../../src/facts/address.ts'
import type { PublishedPort } from '../../src/facts/containers.ts'
import { type Listener, listeners } from '../../src/facts/listeners.ts'
import { type ForwardFilter, forwardFilter, publishedPorts } from '../../src/facts/published-ports.ts'
import { nginxState, siteKey } from '../../src/facts/site.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { outlook } from '../challenge/truth-table.ts'
import { removeAaaa } from '../dns/correct.ts'
import { familiesInDns } from '../dns/leads-here.ts'
import { rowsOf } from '../dns/owner.ts'
import { plainNames } from '../dns/parameters.ts'
import { domains, resolvers, siteShape } from '../tls/parameters.ts'
import { publishOnIpv6 } from './publish-on-ipv6.ts'

export const port80Listens = check({
  id: 'web/port-80-listens',
  title: 'nginx listens on port 80, over every family that DNS names',
  why: 'The CA’s proof over HTTP is asked on port 80 only. A refused IPv6 connection is final: the CA does not fall back.',
  params: z.object({ domains, resolvers, ...siteShape }),
  after: ['dns/a-leads-here', 'dns/aaaa-leads-here'],
  explains: ['challenge/answered-on-the-server'],
  remedies: [publishOnIpv6, removeAaaa],
  async probe(context) {
    const { params, read } = context
    const nginx = await read(nginxState, siteKey(params))
    const published = await read(publishedPorts)
    const forwards = published === null ? null : await read(forwardFilter)
    const families = listeningFamilies(80, await read(listeners), published ?? [], forwards)
    const wanted = await familiesInDns(context)
    const measured =
      families.size === 0 ? 'nothing' : [...families].map(family => `IPv${family}`).join(' and ')
    const expected = [...wanted].map(family => `IPv${family}`).join(' and ')
    const details = { measured, expected }
    if (!nginx.running) {
      const why = nginx.log.split('\n').findLast(line => /emerg|error/i.test(line)) ?? ''
      return fail(`nginx does not run (${nginx.state})${why === '' ? '' : `: ${why}`}`, {
        ...details,
        ...(why === '' ? {} : { telling: why }),
        advice: whyItDoesNotStart(why),
      })
    }
    if (families.size === 0) return fail('nothing listens on port 80', details)
    const missing = [...wanted].find(family => !families.has(family))
    if (missing === undefined) return pass(`port 80 is listened on over ${measured}`, details)
    if (missing === 4)
      return fail('nothing listens on port 80 over IPv4, and the names have an A record', details)
    const [name = ''] = plainNames(params.domains)
    const { sentence } = outlook(await rowsOf(context, name), null)
    return fail(`nothing listens on port 80 over IPv6, and DNS names an IPv6 address: ${sentence}`, {
      ...details,
      remedies: [publishOnIpv6, removeAaaa],
    })
  },
})

/** The families over which somebody outside is answered on a port: by a socket, or by what Docker forwards. */
export function listeningFamilies(
  port: number,
  sockets: readonly Listener[],
  published: readonly PublishedPort[],
  forwards: ForwardFilter | null,
): Set<4 | 6> {
  const families = new Set<4 | 6>()
  for (const socket of sockets) {
    if (socket.protocol !== 'tcp' || socket.port !== port || isLoopback(socket.address)) continue
    for (const family of socket.families) families.add(family)
  }
  // Without its userland proxy Docker opens no socket: IPv4 goes by its rules, IPv6 only where it has such rules.
  const bound = published.filter(entry => entry.protocol === 'tcp' && entry.port === port)
  if (bound.some(({ address }) => !address.includes(':') && !isLoopback(address))) families.add(4)
  const forwarded = forwards?.ipv6Forwarded.some(line => line.includes(`--dport ${port} `)) ?? false
  if (forwarded && bound.some(({ address }) => address.includes(':'))) families.add(6)
  return families
}

function whyItDoesNotStart(line: string): string {
  if (/cannot load certificate/.test(line))
    return 'Its configuration names a certificate that is not there yet: take the part with “ssl” out until it is issued, start nginx, and let Kneeboard put HTTPS in afterwards'
  if (/host not found in upstream/.test(line))
    return 'A service that nginx passes requests to is not known by that name: start it, or mend its name, before nginx'
  return 'Its log says why; start it again when that is mended'
}
