import { describe, expect, test } from 'vitest'
import { instruction } from '../../../checks/dns/correct.ts'
import { judge as judgeOwner } from '../../../checks/dns/leads-here.ts'
import { namesValid, objection } from '../../../checks/dns/names-valid.ts'
import { isCloudflare, ownerOf } from '../../../checks/dns/owner.ts'
import { judge } from '../../../checks/dns/resolves.ts'
import { addressesRoutable } from '../../../checks/dns/routable.ts'
import { domains, wrongWith } from '../../../checks/tls/parameters.ts'
import type { DnsView } from '../../../src/facts/dns.ts'
import type { DnsAnswer, DnsOutcome, Fetched } from '../../../src/facts/outside.ts'
import { parseOwnAddresses } from '../../../src/facts/own-addresses.ts'
import { isReserved } from '../../../src/facts/reserved-addresses.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { given } from '../docker/given.ts'

describe('names', () => {
  test.each([
    ['192.0.2.7', /IP address/],
    ['2001:db8::7', /IP address/],
    ['web shop.example', /space/],
    ['https://shop.example/', /URL/],
    ['shop.example.', /ends in a dot/],
    ['localhost', /no dot/],
    ['-shop.example', /dash/],
    ['shop..example', /empty label/],
    [`${'a'.repeat(64)}.example`, /longer than 63/],
    [`${'a.'.repeat(126)}example`, /longer than 253/],
    ['a.b.c.d.e.f.g.h.i.j.example', /more than 10 labels/],
    ['shöp.example', /xn--/],
    ['shop_1.example', /characters/],
  ])('%s is none', (name, why) => {
    expect(wrongWith(name)).toMatch(why)
    expect(domains.safeParse([name]).success).toBe(false)
  })

  test('a list is split at commas alone, written small, and each name kept once', () => {
    expect(domains.parse('Shop.example, www.shop.example,shop.example')).toEqual([
      'shop.example',
      'www.shop.example',
    ])
    expect(domains.safeParse('web shop.example').error?.issues[0]?.message).toContain('it holds a space')
    expect(domains.safeParse(Array.from({ length: 101 }, (_, n) => `n${n}.example`)).success).toBe(false)
  })

  test.each([
    ['shop.co.uk', ''],
    ['shop.github.io', ''],
    ['xn--mnchen-3ya.de', ''],
    ['co.uk', 'nobody may own it'],
    ['github.io', 'nobody may own it'],
    ['shop.test', 'kept for private use'],
    ['shop.nosuchtld', 'on no list'],
    ['*.shop.de', 'DNS-01'],
    ['xn--0.de', 'punycode'],
    // u with a combining dot: not in the composed form.
    ['xn--u-ccb.de', 'punycode'],
  ])('a public CA on %s: %s', (name, why) => {
    if (why === '') expect(objection(name, true)).toBe('')
    else expect(objection(name, true)).toContain(why)
  })

  test('a CA of one’s own makes its own rules about private names', async () => {
    const probe = (acmeDirectory: string) =>
      namesValid.probe(given({ domains: ['shop.test'], acmeDirectory }))
    expect(await probe('https://acme.lab:14000/dir')).toMatchObject({ status: 'pass' })
    expect(await probe('https://acme-v02.api.letsencrypt.org/directory')).toMatchObject({ status: 'fail' })
  })
})

const answer = (outcome: DnsOutcome, ...values: string[]): DnsAnswer => ({ outcome, values, ttl: 300 })
const found = (...values: string[]) => answer('found', ...values)
const none = answer('no-record')
const agree = (A: DnsAnswer, AAAA: DnsAnswer = none): DnsView => ({
  public: { A, AAAA },
  servers: ['ns1', 'ns2'].map(server => ({ server, A, AAAA, alias: '' })),
})

describe('what the name servers say', () => {
  test('agreement passes', () => {
    expect(judge('shop.test', agree(found('192.0.2.7'), found('2001:db8::7')))).toMatchObject({
      status: 'pass',
    })
  })

  test.each([
    ['NXDOMAIN', agree(answer('no-name'), answer('no-name')), 'fail', /does not exist \(NXDOMAIN\)/],
    ['SERVFAIL', agree(answer('server-failure'), answer('server-failure')), 'fail', /ns1 fails \(SERVFAIL\)/],
    ['no record', agree(none, none), 'fail', /neither an A nor an AAAA/],
    [
      'silence of the resolvers',
      agree(answer('timed-out'), answer('timed-out')),
      'unknown',
      /no answer came in time/,
    ],
  ] as const)('%s', (_, view, status, says) => {
    const verdict = judge('shop.test', view)
    expect(verdict.status).toBe(status)
    expect(verdict.summary).toMatch(says)
  })

  test('two servers that disagree are both quoted', () => {
    const view = agree(found('192.0.2.7'))
    const servers = [view.servers[0], { server: 'ns2', A: found('192.0.2.8'), AAAA: none, alias: '' }]
    expect(judge('shop.test', { ...view, servers } as DnsView)).toMatchObject({
      status: 'fail',
      summary: 'the name servers of shop.test disagree: ns1 says 192.0.2.7, ns2 says 192.0.2.8',
    })
  })

  test('one that is silent is a warning: a CA may happen to ask it', () => {
    const view = agree(found('192.0.2.7'))
    const servers = [
      view.servers[0],
      { server: 'ns2', A: answer('timed-out'), AAAA: answer('timed-out'), alias: '' },
    ]
    expect(judge('shop.test', { ...view, servers } as DnsView)).toMatchObject({ status: 'warn' })
  })

  test('an order of addresses and an alias are no disagreement', () => {
    const view = agree(found('192.0.2.7', '192.0.2.8'))
    const servers = [
      { server: 'ns1', A: found('192.0.2.7', '192.0.2.8'), AAAA: none, alias: '' },
      { server: 'ns2', A: found('192.0.2.8', '192.0.2.7'), AAAA: none, alias: '' },
    ]
    expect(judge('shop.test', { ...view, servers })).toMatchObject({ status: 'pass' })
    const aliases = ['ns1', 'ns2'].map(server => ({ server, A: none, AAAA: none, alias: 'shop.test' }))
    expect(judge('www.shop.test', { ...view, servers: aliases })).toMatchObject({ status: 'pass' })
  })
})

/** `ip -o addr show scope global` of a lab server with Docker, and one line each for what is passed over. */
const IP = `2: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever preferred_lft forever
3: br-dcf5aa297c08    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-dcf5aa297c08\\       valid_lft forever preferred_lft forever
623: eth0    inet 10.213.5.10/24 brd 10.213.5.255 scope global eth0\\       valid_lft forever preferred_lft forever
623: eth0    inet6 fd4b:6e65:6562:5::a/64 scope global nodad \\       valid_lft forever preferred_lft forever
623: eth0    inet6 2001:db8::1234/64 scope global temporary dynamic \\       valid_lft 600sec preferred_lft 300sec
623: eth0    inet6 2001:db8::9/64 scope global deprecated \\       valid_lft 600sec preferred_lft 0sec
`
const own = { v4: ['192.0.2.7'], v6: ['2001:db8::7'] }

describe('whose an address is', () => {
  test('the server’s own are those of its interfaces, without Docker’s and those for privacy', () => {
    expect(parseOwnAddresses(IP)).toEqual({ v4: ['10.213.5.10'], v6: ['fd4b:6e65:6562:5::a'] })
    expect(() => parseOwnAddresses('')).toThrow(Unreadable)
  })

  test.each([
    ['192.0.2.7', own, 'this server'],
    ['2001:DB8:0::7', own, 'this server'],
    ['198.51.100.1', own, 'another machine'],
    ['2001:db8::8', own, 'another machine'],
    ['104.16.1.1', own, 'a proxy'],
    ['2606:4700::1', own, 'a proxy'],
    ['198.51.100.1', { v4: ['10.0.0.5'], v6: [] }, 'behind-nat'],
    ['10.0.0.6', { v4: ['10.0.0.5'], v6: [] }, 'another machine'],
    ['2001:db8::8', { v4: ['10.0.0.5'], v6: [] }, 'another machine'],
  ])('%s', (address, mine, owner) => {
    expect(ownerOf(address, mine)).toBe(owner)
  })

  test('Cloudflare’s ranges end where they end', () => {
    expect(['173.245.48.0', '173.245.63.255', '2a06:98c7::1'].map(isCloudflare)).toEqual([true, true, true])
    expect(['173.245.64.0', '2a06:98c8::1'].map(isCloudflare)).toEqual([false, false])
  })

  const page: Fetched = {
    outcome: 'answered',
    status: 404,
    location: '',
    server: 'other',
    cloudflare: false,
    body: '',
  }
  test('a wrong AAAA is one sentence: which address, what it gets, and no falling back', () => {
    const table = [
      { address: '2001:db8::8', owner: 'another machine', answer: page },
      { address: '192.0.2.7', owner: 'this server', answer: page },
    ] as const
    expect(judgeOwner(['shop.test'], [table], own, 6)).toMatchObject({
      status: 'fail',
      summary:
        'the AAAA record of shop.test is 2001:db8::8: the CA will try 2001:db8::8, which is not this server, first, gets the answer 404, and will not fall back to IPv4',
      remedies: [{ id: 'dns/correct-aaaa' }],
    })
    expect(judgeOwner(['shop.test'], [table], own, 4)).toMatchObject({ status: 'pass' })
  })

  test('a wrong A behind a right AAAA is still wrong: visitors land there', () => {
    const table = [
      { address: '2001:db8::7', owner: 'this server', answer: page },
      { address: '198.51.100.1', owner: 'another machine', answer: page },
    ] as const
    expect(judgeOwner(['shop.test'], [table], own, 4)).toMatchObject({
      status: 'fail',
      summary: 'the A record of shop.test is 198.51.100.1, which is not this server',
    })
  })

  test('no AAAA at all is fine, and a proxy’s is its own', () => {
    expect(judgeOwner(['shop.test'], [[]], own, 6)).toMatchObject({ status: 'pass' })
    const proxied = [{ address: '2606:4700::1', owner: 'a proxy', answer: page }] as const
    expect(judgeOwner(['shop.test'], [proxied], own, 6)).toMatchObject({ status: 'pass' })
  })
})

describe('addresses that no CA routes to', () => {
  test('are those of the registries', () => {
    expect(['10.1.2.3', '100.64.0.1', '192.0.2.1', '2001:db8::1', 'fd00::1', '::1'].map(isReserved)).toEqual(
      Array.from({ length: 6 }, () => true),
    )
    expect(['1.1.1.1', '2606:4700::1', '100.128.0.1'].map(isReserved)).toEqual([false, false, false])
  })

  const probe = (ca: string[]) =>
    addressesRoutable.probe(
      given(
        { domains: ['shop.test'], resolvers: ['1.1.1.1'], acmeDirectory: 'https://ca.test/dir' },
        {
          facts: {
            'dns/public-addresses': { v4: ['10.0.0.5'], v6: [] },
            'dns/addresses-on-server': ca,
          },
        },
      ),
    )
  test('fail for a CA on the internet, and pass for one on a network of one’s own', async () => {
    expect(await probe(['1.1.1.1'])).toMatchObject({ status: 'fail' })
    expect(await probe(['10.0.0.9'])).toMatchObject({ status: 'pass' })
    expect(await probe([])).toMatchObject({ status: 'fail' })
  })
})

test('the person is told exactly which record becomes what', () => {
  expect(instruction({ name: 'shop.test', type: 'AAAA', values: [], was: ['2001:db8::8'] })).toBe(
    'Delete the AAAA record of shop.test (now 2001:db8::8).',
  )
  expect(instruction({ name: 'shop.test', type: 'A', values: ['192.0.2.7'], was: ['192.0.2.8'] })).toBe(
    'Set the A record of shop.test to 192.0.2.7 (now 192.0.2.8).',
  )
  expect(instruction({ name: 'www.shop.test', type: 'A', values: ['192.0.2.7'], was: [] })).toBe(
    'Make a record: name www.shop.test, type A, value 192.0.2.7.',
  )
  expect(instruction({ name: 'shop.test', type: 'CAA', values: ['0:issue:ca.test'] })).toBe(
    'Make a record: name shop.test, type CAA, value 0 issue "ca.test".',
  )
})
