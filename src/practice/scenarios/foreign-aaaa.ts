import { page } from '../world/shop/http.ts'
import { DOMAIN } from '../world/shop/lay-shop.ts'
import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

const OTHER = '4000:db8:99::9'

export const foreignAaaa: Scenario = {
  ...briefOf('aaaa-of-another-host'),
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
    'The AAAA record names another machine. No server can mend that: only the account at the DNS provider.',
  ],
  debrief: [
    'The AAAA record still names the machine that the shop had before it moved.',
    'Clients with IPv6 prefer it, and reach that machine; clients without never notice.',
    'The CA prefers IPv6 as well: it asked the wrong machine for the challenge, and got 404.',
    'DNS is changed at its provider: no remedy can do that from here.',
  ],
  alsoRight: ['dns/correct-aaaa', 'dns/remove-aaaa'],
  outOfReach: 'DNS is changed at its provider, and this one has none.',
  fastest: [
    'Walk the troubleshooting runbook: it asks DNS for every address of the name, IPv6 too.',
    'Its first cause names the record and the address. Ten more checks that fail are folded under it.',
    'On a real server: correct or delete the record at the provider, and look again.',
  ],
  healthy: world => world.names.lookUp(DOMAIN, 'AAAA').every(address => address === world.network.ipv6),
}
