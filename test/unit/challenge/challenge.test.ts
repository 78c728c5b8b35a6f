import { describe, expect, test } from 'vitest'
import { judge as judgeCdn } from '../../../checks/cdn/challenge-passes.ts'
import { withLocation } from '../../../checks/challenge/add-location.ts'
import { causeOf, type Seen } from '../../../checks/challenge/judge.ts'
import { withoutReadOnly } from '../../../checks/challenge/make-writable.ts'
import { webrootWritable } from '../../../checks/challenge/rehearsed.ts'
import { type Owner, outlook } from '../../../checks/challenge/truth-table.ts'
import { judge as judgePort } from '../../../checks/firewall/port-80-open.ts'
import { listeningFamilies } from '../../../checks/web/port-80-listens.ts'
import { parseAnswer } from '../../../src/facts/challenge.ts'
import { publishedBy } from '../../../src/facts/containers.ts'
import { parseListeners } from '../../../src/facts/listeners.ts'
import type { Fetched } from '../../../src/facts/outside.ts'
import { onHost, parseMounts } from '../../../src/facts/site.ts'
import { given } from '../docker/given.ts'

const TOKEN = 'kneeboard-1.2'
const page = (status: number, body = '', location = ''): Fetched => ({
  outcome: 'answered',
  status,
  location,
  server: 'nginx',
  cloudflare: false,
  body,
})
const right = page(200, `${TOKEN}\n`)
const refused: Fetched = { outcome: 'refused', reason: 'connect ECONNREFUSED' }
const silent: Fetched = { outcome: 'timed-out', reason: 'timeout' }
const nowhere: Fetched = { outcome: 'no-route-from-here', reason: 'connect ENETUNREACH' }

describe('the truth table ends in one sentence', () => {
  const row = (address: string, answer: Fetched, owner: Owner = 'this server') => ({ address, owner, answer })
  const sentence = (...rows: ReturnType<typeof row>[]) => outlook(rows, TOKEN)

  test.each([
    ['both right', [row('2001:db8::7', right), row('192.0.2.7', right)], true, 'gets the right answer'],
    ['IPv4 alone', [row('192.0.2.7', right)], true, 'the CA will try 192.0.2.7 first, gets the right answer'],
    [
      'IPv6 refused, however well IPv4 does',
      [row('2001:db8::7', refused), row('192.0.2.7', right)],
      false,
      'is refused the connection, and will not fall back to IPv4',
    ],
    [
      'IPv6 of another machine',
      [row('2001:db8::8', page(404), 'another machine'), row('192.0.2.7', right)],
      false,
      'the CA will try 2001:db8::8, which is not this server, first, gets the answer 404, and will not fall back to IPv4',
    ],
    [
      'IPv6 silent: the one case with a second try',
      [row('2001:db8::7', silent), row('192.0.2.7', right)],
      false,
      'gets no answer, and may then try 192.0.2.7 over IPv4 once',
    ],
    ['IPv6 silent and no IPv4', [row('2001:db8::7', silent)], false, 'no IPv4 address to fall back to'],
    [
      'a redirect',
      [row('192.0.2.7', page(301, '', 'http://old.test/x'))],
      false,
      'is sent on to http://old.test/x (301)',
    ],
    ['a page of the application', [row('192.0.2.7', page(200, '<html>'))], false, 'gets a page instead'],
    ['an IPv6 that cannot be seen', [row('2001:db8::7', nowhere)], null, 'cannot be seen from your machine'],
  ])('%s', (_, rows, works, says) => {
    const found = sentence(...rows)
    expect(found.works).toBe(works)
    expect(found.sentence).toContain(says)
  })

  test('the order in which DNS names the addresses does not matter', () => {
    expect(sentence(row('192.0.2.7', right), row('2001:db8::7', refused)).first?.address).toBe('2001:db8::7')
  })
})

describe('what a wrong answer comes from', () => {
  const seen = (status: number, more: Partial<Seen> = {}): Seen => ({
    status,
    location: '',
    body: '',
    reason: '',
    ...more,
  })
  const situation = {
    token: TOKEN,
    written: true,
    seenByNginx: true,
    domains: ['shop.test', 'www.shop.test'],
  }
  test.each([
    ['the right one', seen(200, { body: TOKEN }), null],
    ['a redirect to HTTPS, which the CA follows', seen(301, { location: 'https://shop.test/x' }), null],
    ['a redirect to the other name', seen(302, { location: 'http://www.shop.test/x' }), null],
    ['a redirect elsewhere', seen(301, { location: 'http://old.invalid/x' }), /another host, old\.invalid/],
    ['a password', seen(401), /basic authentication/],
    ['a denial', seen(403), /denies/],
    ['a wrong root', seen(404), /“root” of the location is wrong/],
    [
      'the application',
      seen(200, { body: '<!doctype html><div id=root>' }),
      /application answers with a page/,
    ],
    ['another text', seen(200, { body: 'ok' }), /another text/],
    ['a broken application', seen(502), /fails \(502\)/],
    [
      'nothing',
      seen(0, { reason: 'Connection refused' }),
      /nothing answers on port 80 \(Connection refused\)/,
    ],
  ])('%s', (_, answer, cause) => {
    const found = causeOf(answer, situation)
    if (cause === null) expect(found).toBeNull()
    else expect(found).toMatch(cause)
  })

  test('404 for a file that nginx does not see is a matter of volumes', () => {
    expect(causeOf(seen(404), { ...situation, seenByNginx: false })).toMatch(/same volume/)
  })

  test('curl -i as nginx answered it in the lab', () => {
    const text =
      'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/octet-stream\r\n\r\nkneeboard-baa3.7505'
    expect(parseAnswer(text)).toEqual({ status: 200, location: '', body: 'kneeboard-baa3.7505', reason: '' })
    const failed =
      "curl: (7) Failed to connect to webshop.test port 80 after 0 ms: Couldn't connect to server\n"
    expect(parseAnswer(failed)).toMatchObject({
      status: 0,
      reason: expect.stringContaining('Failed to connect'),
    })
    expect(parseAnswer('', 'exit status 1')).toMatchObject({ status: 0, reason: 'exit status 1' })
  })
})

describe('who listens', () => {
  const SS = `tcp LISTEN 0      4096      0.0.0.0:80    0.0.0.0:* users:(("docker-proxy",pid=353,fd=4))
tcp LISTEN 0      4096    127.0.0.1:34171 0.0.0.0:* users:(("containerd",pid=61,fd=11))
`
  const BOTH = `${SS}tcp LISTEN 0      4096         [::]:80       [::]:* users:(("docker-proxy",pid=359,fd=4))\n`
  test('docker-proxy on both families, and on IPv4 alone', () => {
    expect([...listeningFamilies(80, parseListeners(BOTH), [], null)]).toEqual([4, 6])
    expect([...listeningFamilies(80, parseListeners(SS), [], null)]).toEqual([4])
  })

  test('without its proxy Docker opens no socket: IPv6 is there only where it forwards it', () => {
    const published = publishedBy('shop-nginx-1', {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '80' },
        { HostIp: '::', HostPort: '80' },
      ],
    })
    expect([...listeningFamilies(80, [], published, { ipv4: [], ipv6Forwarded: [] })]).toEqual([4])
    const forwarded = ['-A DOCKER ! -i br-1 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00::2]:80']
    expect([...listeningFamilies(80, [], published, { ipv4: [], ipv6Forwarded: forwarded })]).toEqual([4, 6])
  })

  test('a socket of the server itself does not count', () => {
    const own = 'tcp LISTEN 0 511 127.0.0.1:80 0.0.0.0:* users:(("nginx",pid=1,fd=6))\n'
    expect([...listeningFamilies(80, parseListeners(own), [], null)]).toEqual([])
  })
})

describe('whether port 80 is open', () => {
  const from = (address: string, answer: Fetched) => ({ domain: 'shop.test', address, answer })
  const none = new Set<4 | 6>()
  test('any answer shows that the way is open', () => {
    expect(judgePort([from('192.0.2.7', page(500))], new Set([4, 6]))).toMatchObject({ status: 'pass' })
  })
  test('silence with a closed ufw is ufw’s, and has its remedy', () => {
    expect(judgePort([from('192.0.2.7', silent)], new Set([4]))).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'firewall/open-port-80' }],
    })
  })
  test('silence with an open ufw is somebody else’s', () => {
    const verdict = judgePort([from('192.0.2.7', silent)], none)
    expect(verdict).toMatchObject({ status: 'fail', advice: expect.stringContaining('provider’s firewall') })
    expect(verdict.remedies).toBeUndefined()
  })
  test('what cannot be seen from here is never green', () => {
    expect(judgePort([from('192.0.2.7', page(404)), from('2001:db8::7', nowhere)], none)).toMatchObject({
      status: 'warn',
    })
    expect(judgePort([from('2001:db8::7', nowhere)], new Set([6]))).toMatchObject({ status: 'fail' })
  })
})

describe('the webroot', () => {
  const site = {
    domains: ['shop.test'],
    resolvers: ['1.1.1.1'],
    nginxRunsIn: 'compose' as const,
    composeFile: '/opt/webshop/docker-compose.prod.yml',
    nginxService: 'nginx',
    certbotService: 'certbot',
    webroot: '/var/www/certbot',
  }
  const probe = (written: object, seenByNginx: boolean | null = true) =>
    webrootWritable.probe(
      given(site, {
        facts: { 'challenge/rehearsal': { token: TOKEN, written, seenByNginx, inside: [], outside: [] } },
      }),
    )
  test('a read-only mount is named as such', async () => {
    const reason = 'sh: 1: cannot create /var/www/certbot/x: Read-only file system'
    expect(await probe({ ok: false, made: [], reason })).toMatchObject({
      status: 'fail',
      summary: '/var/www/certbot is mounted read-only for certbot',
      remedies: [{ id: 'challenge/make-webroot-writable' }],
    })
  })
  test('two different volumes are named as such', async () => {
    expect(await probe({ ok: true, made: [], reason: '' }, false)).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('different volumes'),
    })
    expect(await probe({ ok: true, made: [], reason: '' })).toMatchObject({ status: 'pass' })
  })

  test('only the mark on the webroot goes from the Compose file', () => {
    const text = `    volumes:
      - ./nginx/conf.d:/etc/nginx/conf.d:ro
      - certbot_webroot:/var/www/certbot:ro
      - "certbot_webroot:/var/www/certbot:ro" # both
      - other:/var/www/certbot-old:ro
`
    expect(withoutReadOnly(text, '/var/www/certbot')).toBe(
      text.replace('certbot:ro\n', 'certbot\n').replace('certbot:ro"', 'certbot"'),
    )
  })

  const MOUNTS =
    '[{"Type":"bind","Source":"/opt/webshop/nginx/conf.d","Destination":"/etc/nginx/conf.d","Mode":"ro","RW":false},{"Type":"bind","Source":"/opt/webshop/certbot_certs","Destination":"/etc/letsencrypt","RW":true}]'
  test('a path in a container is found on the host', () => {
    const mounts = parseMounts(MOUNTS)
    expect(onHost(mounts, '/etc/nginx/conf.d/site.conf')).toBe('/opt/webshop/nginx/conf.d/site.conf')
    expect(onHost(mounts, '/etc/letsencrypt')).toBe('/opt/webshop/certbot_certs')
    expect(onHost(mounts, '/etc/nginx/conf.dx/site.conf')).toBeNull()
  })
})

describe('a location of its own for the path', () => {
  const site = `server {
    listen 80;
    server_name shop.test www.shop.test;
    location / {
        return 301 https://$host$request_uri;
    }
}
`
  test('is put into the server of the name, before its other locations', () => {
    const changed = withLocation(site, ['shop.test'], '/var/www/certbot')
    expect(changed).toContain(
      'server_name shop.test www.shop.test;\n    location ^~ /.well-known/acme-challenge/ {',
    )
    expect(changed).toContain('        root /var/www/certbot;')
    expect(withLocation(site, ['other.test'], '/var/www/certbot')).toBe(site)
  })
  test('replaces the one that is there, and changes nothing the second time', () => {
    const broken = `location ^~ /.well-known/acme-challenge/ {
        auth_basic "Staging"; auth_basic_user_file /etc/nginx/conf.d/htpasswd.challenge; # challenge
    root /var/www/wrong;
}
location /static/ {
    alias /var/www/static/;
}
`
    const changed = withLocation(broken, ['shop.test'], '/var/www/certbot')
    expect(changed).not.toMatch(/htpasswd|wrong/)
    expect(changed).toContain('location /static/ {')
    expect(withLocation(changed, ['shop.test'], '/var/www/certbot')).toBe(changed)
  })
})

describe('behind a CDN', () => {
  test.each([
    [right, 'pass', 'passes the CA’s question on'],
    [page(526), 'fail', 'forces HTTPS and does not accept the server’s certificate (526)'],
    [page(525), 'fail', 'forces HTTPS and cannot speak TLS'],
    [page(403), 'fail', 'answers 403'],
    [silent, 'fail', 'does not answer'],
  ] as const)('%#', (answer, status, says) => {
    const verdict = judgeCdn('shop.test', answer, TOKEN)
    expect(verdict.status).toBe(status)
    expect(verdict.summary).toContain(says)
  })
})
