/** Addresses that the internet does not route. */

import { BlockList } from 'node:net'
import { familyOf } from './address.ts'

/** The IANA special-purpose registries (RFC 6890 and its updates): no CA on the internet connects to these. */
const SPECIAL = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...[
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
  ],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', '::1/128', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32'],
  ...['2002::/16', '2620:4f:8000::/48', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
] as const

const special = new BlockList()
for (const network of SPECIAL) {
  const [base = '', bits] = network.split('/')
  special.addSubnet(base, Number(bits), familyOf(base) === 6 ? 'ipv6' : 'ipv4')
}

/** True for an address that the internet does not route. */
export const isReserved = (address: string): boolean =>
  special.check(address, familyOf(address) === 6 ? 'ipv6' : 'ipv4')
