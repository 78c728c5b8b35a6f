import { Resolver } from 'node:dns/promises'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { type Lab, openLab } from './index.ts'

vi.setConfig({ testTimeout: 20_000, hookTimeout: 120_000 })

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab?.close())
beforeEach(() => lab.dns.clear())

function ask(address: string): Resolver {
  const resolver = new Resolver({ timeout: 300, tries: 1 })
  resolver.setServers([address])
  return resolver
}
const resolver = () => ask(lab.dns.resolver.ipv4)
const nameServer = (name: 'ns1' | 'ns2' | 'ns3') => ask(lab.dns.nameServers[name].ipv4)

it('answers A, AAAA, CAA, TXT and MX, over IPv4 and IPv6', async () => {
  await lab.dns.zone('webshop.test', {
    '@': {
      A: ['192.0.2.7'],
      AAAA: ['2001:db8::7'],
      CAA: ['0 issue "acme.lab"', '128 iodef "mailto:a@webshop.test"'],
      TXT: ['v=spf1 -all'],
      MX: ['10 mail.webshop.test'],
    },
  })
  for (const address of [lab.dns.resolver.ipv4, lab.dns.resolver.ipv6, lab.dns.nameServers.ns2.ipv6]) {
    expect(await ask(address).resolve4('webshop.test')).toEqual(['192.0.2.7'])
  }
  expect(await resolver().resolve6('webshop.test')).toEqual(['2001:db8::7'])
  expect(await resolver().resolveTxt('webshop.test')).toEqual([['v=spf1 -all']])
  expect(await resolver().resolveMx('webshop.test')).toMatchObject([
    { priority: 10, exchange: 'mail.webshop.test' },
  ])
  expect(await resolver().resolveCaa('webshop.test')).toMatchObject([
    { critical: 0, issue: 'acme.lab' },
    { critical: 128, iodef: 'mailto:a@webshop.test' },
  ])
})

it('follows aliases, names the zone’s servers, and gives the TTL that a name has', async () => {
  await lab.dns.zone('webshop.test', {
    '@': { A: ['192.0.2.7'], ttl: 300 },
    www: { CNAME: ['webshop.test'], ttl: 300 },
  })
  expect(await resolver().resolve4('www.webshop.test', { ttl: true })).toEqual([
    { address: '192.0.2.7', ttl: 300 },
  ])
  expect(await resolver().resolveNs('webshop.test')).toEqual(['ns1.webshop.test', 'ns2.webshop.test'])
  expect(await resolver().resolve4('ns2.webshop.test')).toEqual([lab.dns.nameServers.ns2.ipv4])
})

it('tells apart a name that does not exist, one without such records, and one that fails', async () => {
  await lab.dns.zone('webshop.test', { '@': { A: ['192.0.2.7'] }, broken: { failure: 'SERVFAIL' } })
  await expect(resolver().resolve4('nothing.webshop.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(resolver().resolve6('webshop.test')).rejects.toMatchObject({ code: 'ENODATA' })
  await expect(resolver().resolve4('broken.webshop.test')).rejects.toMatchObject({ code: 'ESERVFAIL' })
  await expect(resolver().resolve4('elsewhere.example')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(nameServer('ns1').resolve4('elsewhere.example')).rejects.toMatchObject({ code: 'EREFUSED' })
})

it('lets the name servers of a zone disagree, and one be silent', async () => {
  await lab.dns.zone('webshop.test', { '@': { A: ['192.0.2.7'] } }, { servers: ['ns1', 'ns2', 'ns3'] })
  await lab.dns.set('webshop.test', { A: ['192.0.2.8'] }, { on: 'ns2' })
  await lab.dns.set('webshop.test', { failure: 'timeout' }, { on: 'ns3' })
  expect(await nameServer('ns1').resolve4('webshop.test')).toEqual(['192.0.2.7'])
  expect(await nameServer('ns2').resolve4('webshop.test')).toEqual(['192.0.2.8'])
  await expect(nameServer('ns3').resolve4('webshop.test')).rejects.toMatchObject({ code: 'ETIMEOUT' })
})

it('notes who was asked what', async () => {
  await lab.dns.zone('webshop.test', { '@': { A: ['192.0.2.7'] } })
  await nameServer('ns2').resolve4('WebShop.test')
  expect(await lab.dns.questions()).toMatchObject([
    { role: 'ns2', name: 'webshop.test', type: 1, over: 'udp' },
  ])
})

it('knows the package mirror, which is this machine', async () => {
  const server = await lab.startServer()
  const host = (await server.must("awk '/^deb/ { print $2; exit }' /etc/apt/sources.list")).trim()
  expect(await resolver().resolve4(new URL(host).hostname)).toEqual([lab.network.gateway.ipv4])
})
