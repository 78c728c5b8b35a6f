import { describe, expect, test } from 'vitest'
import { judge as judgeLife } from '../../../checks/tls/certificate-lifetime.ts'
import { judge } from '../../../checks/tls/https-served.ts'
import { httpsBlock } from '../../../checks/tls/serve-https.ts'
import type { Certificate } from '../../../src/facts/lineages.ts'
import { blocksFor, parseDump, portOf, serverBlocks } from '../../../src/facts/nginx-configuration.ts'
import type { Served } from '../../../src/facts/served.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'

/** `nginx -T` in the lab shop's container, shortened. */
const DUMP = `# configuration file /etc/nginx/nginx.conf:
http {
	ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; # Dropping SSLv3, ref: POODLE {
	include /etc/nginx/conf.d/*.conf;
}

# configuration file /etc/nginx/conf.d/site.conf:
# Before the first certificate: everything on port 80.
server {
    listen 80 default_server;
    server_name webshop.test www.webshop.test;
    include /etc/nginx/conf.d/headers.inc;
    include /etc/nginx/conf.d/locations.inc;
}

# configuration file /etc/nginx/conf.d/locations.inc:
location = /health {
    return 200 "ok {\\n";
}

# configuration file /etc/nginx/conf.d/upstreams.conf:
upstream backend {
    server backend:8000;
}
`

describe('nginx’s configuration', () => {
  const files = parseDump(DUMP)
  test('is taken apart into its files', () => {
    expect(files.map(({ path }) => path)).toEqual([
      '/etc/nginx/nginx.conf',
      '/etc/nginx/conf.d/site.conf',
      '/etc/nginx/conf.d/locations.inc',
      '/etc/nginx/conf.d/upstreams.conf',
    ])
  })
  test('servers are found with their names, and an upstream’s “server” is none', () => {
    expect(files.flatMap(serverBlocks)).toMatchObject([
      {
        file: '/etc/nginx/conf.d/site.conf',
        names: ['webshop.test', 'www.webshop.test'],
        listens: ['80 default_server'],
      },
    ])
  })
  test('the server of a name is the named one, else the default', () => {
    expect(blocksFor(files, 'webshop.test', 80)).toHaveLength(1)
    expect(blocksFor(files, 'other.test', 80)).toHaveLength(1)
    expect(blocksFor(files, 'webshop.test', 443)).toHaveLength(0)
  })
  test.each([
    ['80', 80],
    ['[::]:443 ssl', 443],
    ['192.0.2.7:8080', 8080],
    ['[::]', 80],
    ['unix:/run/x', 80],
  ])('listen %s', (listen, port) => {
    expect(portOf(listen)).toBe(port)
  })

  test('HTTPS is the same site on 443, with nothing else changed', () => {
    const [block] = blocksFor(files, 'webshop.test', 80)
    if (block === undefined) throw new Error('no block')
    expect(
      httpsBlock(block, '/etc/letsencrypt/live/webshop.test'),
    ).toBe(`# Written by Kneeboard: the site of /etc/nginx/conf.d/site.conf over HTTPS.
server {
    listen 443 ssl default_server;
    ssl_certificate /etc/letsencrypt/live/webshop.test/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/webshop.test/privkey.pem;
    server_name webshop.test www.webshop.test;
    include /etc/nginx/conf.d/headers.inc;
    include /etc/nginx/conf.d/locations.inc;
}
`)
  })
  test('both families are taken over', () => {
    const text = 'server {\n    listen 80;\n    listen [::]:80;\n    server_name a.test;\n}'
    const block = { file: '/x', text, names: ['a.test'], listens: ['80', '[::]:80'] }
    expect(httpsBlock(block, '/l')).toContain('    listen 443 ssl;\n    listen [::]:443 ssl;\n')
  })
})

const certificate = (over: Partial<Certificate> = {}): Certificate => ({
  names: ['shop.test'],
  issuer: 'CN=CA',
  selfSigned: false,
  from: new Date('2026-11-01T00:00:00Z'),
  to: new Date('2027-01-30T00:00:00Z'),
  fingerprint: 'AA:BB',
  ...over,
})
const served = (over: Partial<Served> = {}): Served => ({
  domain: 'shop.test',
  address: '192.0.2.7',
  certificate: certificate(),
  chain: [],
  failure: '',
  ...over,
})
const failed = (failure: string): Served => served({ certificate: null, failure })

describe('what is served', () => {
  test('is the one on disk', () => {
    expect(judge([served()], 'AA:BB', true)).toMatchObject({ status: 'pass' })
  })
  test('is an older one: a reload', () => {
    expect(
      judge([served(), served({ certificate: certificate({ fingerprint: 'CC' }) })], 'AA:BB', true),
    ).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'tls/reload-nginx' }],
    })
  })
  test('nothing, as nginx has no part for it', () => {
    expect(judge([failed('refused')], 'AA:BB', false)).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'tls/serve-https' }],
    })
  })
  test('nothing, though nginx has it', () => {
    expect(judge([failed('timed-out')], 'AA:BB', true)).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('firewall'),
    })
  })
  test('unseen is not green', () => {
    expect(judge([failed('no-route-from-here')], 'AA:BB', true)).toMatchObject({ status: 'unknown' })
    expect(judge([served(), failed('no-route-from-here')], 'AA:BB', true)).toMatchObject({ status: 'warn' })
  })
  test('a name that the certificate does not have', () => {
    expect(judge([served({ domain: 'www.shop.test' })], 'AA:BB', true)).toMatchObject({
      status: 'fail',
      summary: 'the certificate that is served does not cover www.shop.test',
    })
  })
})

describe('how much life is left is a fraction, whatever the lifetime', () => {
  const life = (days: number, left: number) => {
    const now = new Date('2026-11-21T00:00:00Z')
    const to = new Date(now.getTime() + left * 86_400_000)
    return judgeLife({ from: new Date(to.getTime() - days * 86_400_000), to }, defaultPolicy, now).status
  }
  test.each([
    [90, 45, 'pass'],
    [90, 28, 'pass'],
    [90, 26, 'warn'],
    [90, 14, 'fail'],
    // A certificate of 45 days is well with 20, which a fixed threshold of 30 days calls failing from day 15 on.
    [45, 20, 'pass'],
    [45, 12, 'warn'],
    [45, 7, 'fail'],
    [6, 3, 'pass'],
    [6, 0.9, 'fail'],
    [90, -1, 'fail'],
  ])('%i days with %d left: %s', (days, left, status) => {
    expect(life(days, left)).toBe(status)
  })
})
