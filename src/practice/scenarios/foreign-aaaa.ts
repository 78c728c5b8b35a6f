import { page } from '../world/shop/http.ts'
import { DOMAIN } from '../world/shop/lay-shop.ts'
import type { Scenario } from './scenario.ts'

const OTHER = '4000:db8:99::9'

export const foreignAaaa: Scenario = {
  name: 'aaaa-of-another-host',
  title: 'The AAAA of another host',
  briefing:
    'Some customers see a stranger’s page instead of the shop, others see the shop. A certificate order failed with “unauthorized … 404”.',
  base: 'shop',
  runbook: 'troubleshooting',
  inject: world => {
    for (const name of [DOMAIN, `www.${DOMAIN}`])
      world.names.set(name, { ...world.names.zone.get(name), AAAA: [OTHER] })
    world.elsewhere.set(OTHER, () => page(404, '<h1>Welcome to another host</h1>', [['Server', 'Apache']]))
  },
  cause: 'dns/aaaa-leads-here',
  mends: [],
  hints: [
    'Those who see the wrong page have IPv6.',
    'Ask DNS for the AAAA record, and compare it with the server’s own IPv6 address.',
  ],
  debrief: [
    'The AAAA record still names the machine that the shop had before it moved.',
    'Clients with IPv6 prefer it, and reach that machine; clients without never notice.',
    'The CA prefers IPv6 as well: it asked the wrong machine for the challenge, and got 404.',
    'DNS is changed at its provider: no remedy can do that from here.',
  ],
  healthy: world => world.names.lookUp(DOMAIN, 'AAAA').every(address => address === world.network.ipv6),
}
