import { z } from 'zod'
import { familyOf } from '../../src/facts/address.ts'
import { addressesOnServer, joined, publicAddresses } from '../../src/facts/dns.ts'
import { isReserved } from '../../src/facts/reserved-addresses.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { acmeDirectory, domains, resolvers } from '../tls/parameters.ts'
import { plainNames } from './parameters.ts'

export const addressesRoutable = check({
  id: 'dns/addresses-routable',
  title: 'The CA can route to the addresses',
  why: 'A private or reserved address in DNS leads nowhere from where the CA is. A CA of your own network reaches those.',
  params: z.object({ domains, resolvers, acmeDirectory }),
  // Whether a CA reaches an address is a question about that CA: without one there is no answer.
  after: ['dns/resolves', 'acme/directory'],
  async probe({ params, read }) {
    const found = await Promise.all(
      plainNames(params.domains).map(async name => ({
        name,
        ...(await read(publicAddresses, name, joined(params.resolvers))),
      })),
    )
    const reserved = found.flatMap(({ name, v4, v6 }) =>
      [...v6, ...v4].filter(isReserved).map(address => ({ name, address })),
    )
    const [first] = reserved
    const expected = 'addresses that the internet routes'
    if (first === undefined) return pass('all addresses are routed on the internet', { expected })
    const host = new URL(params.acmeDirectory).hostname
    const ca = familyOf(host) === null ? await read(addressesOnServer, host) : [host]
    const text = `${first.name} leads to ${first.address}, a reserved address`
    if (ca.length > 0 && ca.every(isReserved))
      return pass(`${text}, and the CA ${host} is on a network of your own, too`, {
        measured: first.address,
        expected,
      })
    return fail(`${text}: the CA cannot reach it from the internet`, {
      measured: first.address,
      expected,
      advice: `Set the record of ${first.name} to the server’s public address, or prove the name by DNS-01`,
    })
  },
})
