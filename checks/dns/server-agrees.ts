import { addressesOnServer, joined, publicAddresses } from '../../src/facts/dns.ts'
import { check } from '../../src/model/check.ts'
import { pass, warn } from '../../src/model/verdict.ts'
import { isSame } from './owner.ts'
import { dnsParams, plainNames } from './parameters.ts'

export const serverAgrees = check({
  id: 'dns/server-agrees',
  title: 'The server resolves its own names as the world does',
  why: 'A line in /etc/hosts or an old answer in a cache makes every test on the server itself look better than it is.',
  params: dnsParams,
  after: ['dns/resolves'],
  async probe({ params, read }) {
    for (const name of plainNames(params.domains)) {
      const outside = await read(publicAddresses, name, joined(params.resolvers))
      const inside = await read(addressesOnServer, name)
      const all = [...outside.v4, ...outside.v6]
      const stray = inside.find(address => !all.some(other => isSame(address, other)))
      const details = { measured: inside.join(', ') || 'not resolved', expected: all.join(', ') }
      if (inside.length === 0) return warn(`the server itself cannot resolve ${name}`, details)
      if (stray !== undefined)
        return warn(`the server resolves ${name} to ${stray}, the world does not`, {
          ...details,
          advice: `Look for ${name} in /etc/hosts, and for a resolver with answers of its own in /etc/resolv.conf`,
        })
    }
    return pass('the server and the public resolvers say the same')
  },
})
