import { z } from 'zod'
import { familyOf, isPublic } from '../../src/facts/address.ts'
import type { PublishedPort } from '../../src/facts/containers.ts'
import { type ForwardFilter, forwardFilter, publishedPorts } from '../../src/facts/published-ports.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { webPorts } from '../parameters.ts'
import { isClosed } from './closed.ts'

export const publishedPortsExpected = check({
  id: 'firewall/published-ports',
  title: 'Docker publishes nothing past the firewall but the web ports',
  why: 'Docker forwards a published port before ufw’s rules are asked: `ports: "5432:5432"` puts the database on the internet, while `ufw status` says deny.',
  params: z.object({ webPorts }),
  async probe(context) {
    const { read, params } = context
    const published = await read(publishedPorts)
    if (published === null) return notApplicable('Docker is not installed, so it publishes nothing')
    const wide = published.filter(({ address }) => isPublic(address))
    const others = wide.filter(({ port, protocol }) => protocol !== 'tcp' || !params.webPorts.includes(port))
    const agreed = `${params.webPorts.join(', ')} at most`
    if (others.length === 0) {
      const count = new Set(published.map(({ container }) => container)).size
      return pass(
        `${count} container(s) publish ports, none but ${params.webPorts.join(', ')} beyond this server`,
        {
          measured: [...new Set(wide.map(({ port }) => port))].join(', ') || 'none',
          expected: agreed,
        },
      )
    }
    const filter = await read(forwardFilter)
    const open: PublishedPort[] = []
    for (const port of others) if (!(await isFiltered(context, port, filter))) open.push(port)
    if (open.length === 0) {
      return pass(`${describe(others)}: published widely, but closed by a rule in DOCKER-USER or by ufw`, {
        measured: describe(others),
        expected: agreed,
      })
    }
    return fail(`on the internet past ufw: ${describe(open)}`, {
      measured: describe(open),
      expected: agreed,
      advice: `In the compose file, publish on this server alone, as "127.0.0.1:${open[0]?.port}:${open[0]?.inside}", or drop the line: containers of one project reach each other without it. Then docker compose up -d. This was read on the server; try the port from your own machine as well.`,
    })
  },
})

/** On IPv4 only a rule in DOCKER-USER closes it. On IPv6 ufw decides, unless Docker forwards there as well. */
async function isFiltered(
  context: ProbeContext<object>,
  { address, port, protocol }: PublishedPort,
  filter: ForwardFilter,
): Promise<boolean> {
  const names = new RegExp(`--dport ${port}( |$)`)
  if (familyOf(address) === 6 && !filter.ipv6Forwarded.some(line => names.test(line))) {
    return protocol !== 'sctp' && (await isClosed(context, 6, port, protocol))
  }
  // The port as the visitor asked for it: Docker has rewritten it by the time DOCKER-USER is asked.
  const closing = new RegExp(`--ctorigdstport ${port} .*-j (DROP|REJECT)`)
  return familyOf(address) === 4 && filter.ipv4.some(line => closing.test(line) && !/(?<!! )-s /.test(line))
}

function describe(ports: readonly PublishedPort[]): string {
  return ports
    .map(
      ({ container, address, port, protocol }) =>
        `${container} ${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`,
    )
    .join(', ')
}
