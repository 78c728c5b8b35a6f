/**
 * `ssl-issuance` against a real shop, real DNS and a CA that validates for real: what would make an order fail is
 * named before one is sent, mended through Kneeboard, and the certificate is issued.
 */

import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { issue, orderParams } from '../../checks/issuance/issue.ts'
import { sslIssuance } from '../../runbooks/ssl-issuance.ts'
import { checksOf } from '../../src/model/runbook.ts'
import { given } from '../unit/docker/given.ts'
import { findFault } from './faults/index.ts'
import { type AcmeServer, type Lab, type LabServer, openLab, startAcme, startShopServer } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'
import { walk } from './walk.ts'

const CA_FILE = '/etc/ssl/lab-acme-ca.pem'
const DOMAIN = 'webshop.test'
const WWW = 'www.webshop.test'

let lab: Lab
let server: LabServer
let acme: AcmeServer

beforeAll(async () => {
  lab = await openLab()
  // 20 of 20 days: less than certbot's 30, so that every renewal is due and really happens.
  acme = await startAcme(lab, { validity: 20 * 24 * 3600 })
  server = (await startShopServer(lab, { https: false })).server
  await server.copyIn(acme.caFile, CA_FILE)
})
afterAll(async () => {
  await lab?.close()
})
beforeEach(async () => {
  await goodDns()
  await server.must(`
    rm -rf /opt/webshop/certbot_certs/* /opt/webshop/nginx/conf.d/*.https.conf /var/lib/kneeboard/issuance*
    cd /opt/webshop && docker compose -f docker-compose.prod.yml exec -T nginx nginx -s reload < /dev/null
  `)
})

async function goodDns(): Promise<void> {
  await lab.dns.zone(DOMAIN, {
    '@': { A: [server.ipv4], AAAA: [server.ipv6] },
    www: { CNAME: [DOMAIN] },
  })
}

const params = (): Record<string, unknown> => ({
  domains: [DOMAIN, WWW],
  email: `ops@${DOMAIN}`,
  nginxRunsIn: 'compose',
  composeFile: '/opt/webshop/docker-compose.prod.yml',
  nginxService: 'nginx',
  certbotService: 'certbot',
  webroot: '/var/www/certbot',
  resolvers: [lab.dns.resolver.ipv4],
  acmeDirectory: acme.directory,
  acmeStaging: '',
  caBundle: CA_FILE,
  caIdentity: 'acme.lab',
})

/** What a renewal has no use for is no parameter of its runbook. */
const RENEWAL = { email: null, acmeStaging: null }

const settings = (overrides: Record<string, string | null> = {}): string[] =>
  Object.entries({ ...params(), ...overrides }).flatMap(([key, value]) =>
    value === null ? [] : ['--set', `${key}=${String(value)}`],
  )

const STAGING = ['--environment', 'staging']

/** The leaf that a visitor gets, whom the lab's resolver would have led there. */
function servedFingerprint(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: address, port: 443, servername: DOMAIN, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}

const archived = async (number: number): Promise<X509Certificate> =>
  new X509Certificate(await server.must(`cat /opt/webshop/certbot_certs/archive/${DOMAIN}/cert${number}.pem`))

test('from a shop on port 80 to HTTPS with a certificate of the CA, renewed once and served anew', async () => {
  const on = kneeboard()
  const before = await acme.orders()
  const staging = await on.json(
    server,
    'run',
    'ssl-issuance',
    ...STAGING,
    '--consent',
    'reversible',
    ...settings({ acmeStaging: acme.directory }),
  )
  expect(notGood(staging.report)).toEqual([])
  expect([staging.exitCode, staging.report.status]).toEqual([0, 'passed'])
  expect(staging.report.actions.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
    ['issuance/order', 'proven'],
    ['tls/serve-https', 'proven'],
    ['renewal/set-up', 'proven'],
    ['renewal/prove', 'proven'],
  ])
  // At staging, for real, and by the timer's service.
  expect((await acme.orders()) - before).toBe(3)

  const [first, second] = [await archived(1), await archived(2)]
  expect(first.fingerprint256).not.toBe(second.fingerprint256)
  for (const address of [server.ipv4, server.ipv6])
    expect(await servedFingerprint(address)).toBe(second.fingerprint256)
  expect(second.subjectAltName).toBe(`DNS:${DOMAIN}, DNS:${WWW}`)
  expect(second.issuer).toContain('Pebble')
  expect(await server.must('ls /opt/webshop/certbot_certs/live')).not.toContain('-0001')

  const again = await on.json(
    server,
    'run',
    'ssl-issuance',
    ...STAGING,
    '--consent',
    'reversible',
    ...settings(),
  )
  expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])
  expect((await acme.orders()) - before).toBe(3)

  const renewal = await on.json(server, 'check', 'ssl-renewal', ...STAGING, ...settings(RENEWAL))
  expect(notGood(renewal.report)).toEqual([])
})

/** What a check must leave as it was: files, units, containers, volumes and images. */
const stateOfServer = (): Promise<string> =>
  server.must(`
    find /opt/webshop /etc/systemd/system /usr/local /var/lib/kneeboard -xdev -not -path '*/run/*' -printf '%p %m %u %s\\n' 2>/dev/null | sort
    find /var/lib/docker/volumes/*certbot* -printf '%p %m %u %s\\n' | sort
    docker ps -aq; docker volume ls -q; docker image ls -q
  `)

test('the rehearsal leaves nothing behind', async () => {
  const before = await stateOfServer()
  const { report } = await kneeboard().json(server, 'check', 'ssl-issuance', ...STAGING, ...settings())
  expect(report.checks.find(({ id }) => id === 'challenge/ca-arrives')?.status).toBe('pass')
  expect(await stateOfServer()).toBe(before)
})

interface Trouble {
  readonly name: string
  readonly cause: string
  /** A part of the sentence that names it. */
  readonly says: RegExp
  inject(): Promise<unknown>
  /** What the person does at the DNS provider when the plan asks for it; else what mends it when no remedy can. */
  mend?(): Promise<unknown>
  /** The remedy that mends it; undefined where only a person can. */
  readonly remedy?: string
}

const fault = (name: string) => () => findFault(name).inject(server, lab)

const troubles: Trouble[] = [
  {
    name: 'AAAA of another host',
    cause: 'dns/aaaa-leads-here',
    says: /the CA will try \S+, which is not this server, first, gets .*will not fall back/,
    inject: () => lab.dns.set(DOMAIN, { A: [server.ipv4], AAAA: [lab.network.gateway.ipv6] }),
    mend: () => lab.dns.set(DOMAIN, { A: [server.ipv4], AAAA: [server.ipv6] }),
    remedy: 'dns/correct-aaaa',
  },
  {
    name: 'AAAA of this host, and nothing listens on IPv6',
    cause: 'web/port-80-listens',
    says: /nothing listens on port 80 over IPv6.*the CA will try .* first, is refused .*will not fall back/,
    inject: () =>
      server.must(`
        cd /opt/webshop
        sed -i 's/"80:80", "443:443"/"0.0.0.0:80:80", "0.0.0.0:443:443"/' docker-compose.prod.yml
        docker compose -f docker-compose.prod.yml up -d --no-deps nginx < /dev/null
      `),
    remedy: 'web/publish-on-ipv6',
  },
  {
    name: 'port 80 blocked by ufw',
    cause: 'firewall/port-80-open',
    says: /ufw does not let port 80 in/,
    inject: fault('port-80-blocked'),
    remedy: 'firewall/open-port-80',
  },
  {
    name: 'the webroot mounted read-only',
    cause: 'challenge/webroot-writable',
    says: /is mounted read-only/,
    inject: fault('webroot-read-only'),
    remedy: 'challenge/make-webroot-writable',
  },
  {
    name: 'basic authentication on the challenge’s path',
    cause: 'challenge/answered-on-the-server',
    says: /basic authentication/,
    inject: fault('basic-auth-on-challenge'),
    remedy: 'challenge/add-location',
  },
  {
    name: 'CAA that forbids the CA',
    cause: 'dns/caa-allows',
    says: /only other-ca\.example may issue, not acme\.lab/,
    inject: () =>
      lab.dns.set(DOMAIN, { A: [server.ipv4], AAAA: [server.ipv6], CAA: ['0 issue "other-ca.example"'] }),
    mend: () =>
      lab.dns.set(DOMAIN, {
        A: [server.ipv4],
        AAAA: [server.ipv6],
        CAA: ['0 issue "other-ca.example"', '0 issue "acme.lab"'],
      }),
    remedy: 'dns/allow-ca',
  },
  {
    name: 'a name that does not exist',
    cause: 'dns/resolves',
    says: /www\.webshop\.test does not exist \(NXDOMAIN\)/,
    inject: () => lab.dns.remove(WWW),
    mend: () => lab.dns.set(WWW, { A: [server.ipv4] }),
    remedy: 'dns/create-records',
  },
  {
    name: 'another server behind A',
    cause: 'dns/a-leads-here',
    says: /the A record of webshop\.test is .*the CA will try \S+, which is not this server/,
    inject: () => lab.dns.set(DOMAIN, { A: [lab.network.gateway.ipv4] }),
    mend: () => lab.dns.set(DOMAIN, { A: [server.ipv4] }),
    remedy: 'dns/correct-a',
  },
  {
    name: 'a redirect to a foreign host',
    cause: 'challenge/answered-on-the-server',
    says: /redirected to another host, old-shop\.invalid/,
    inject: fault('redirect-to-foreign-host'),
    remedy: 'challenge/add-location',
  },
  {
    name: 'the clock one hour off',
    cause: 'system/clock-right',
    says: /the server’s clock is 3(599|600)\.\d\d s ahead of yours/,
    inject: () =>
      // The time of every command that a login runs; sshd itself has a sandbox that does not let it be lied to.
      server.must(`
        DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends libfaketime > /dev/null
        echo "LD_PRELOAD=$(find /usr/lib -name libfaketime.so.1 | head -n 1)" >> /etc/environment
        echo 'FAKETIME=+3600' >> /etc/environment
      `),
    // A container cannot set its clock: this one is put right where it was put wrong.
    mend: () => server.must("sed -i '/^LD_PRELOAD=/d; /^FAKETIME=/d' /etc/environment"),
  },
]

const untilOrdered = checksOf(sslIssuance).slice(
  0,
  checksOf(sslIssuance).findIndex(({ id }) => id === 'issuance/certificate-issued') + 1,
)

describe('what would make the order fail is named before one is sent, mended, and the certificate issued', () => {
  test.each(troubles)('$name', async trouble => {
    const before = await acme.orders()
    await trouble.inject()
    const { exitCode, report } = await kneeboard().json(
      server,
      'check',
      'ssl-issuance',
      ...STAGING,
      ...settings(),
    )
    expect(exitCode).toBe(2)
    expect(report.diagnosis.map(({ cause }) => cause)).toEqual([trouble.cause])
    const [cause] = report.diagnosis
    expect(report.checks.find(({ id }) => id === trouble.cause)?.summary).toMatch(trouble.says)
    expect(cause?.explains).toContain('issuance/certificate-issued')
    expect(cause?.explains).toContain('tls/https-served')
    expect((await acme.orders()) - before).toBe(0)

    if (trouble.remedy === undefined) await trouble.mend?.()
    const mended = await walk(server, untilOrdered, {
      params: params(),
      manual: async () => {
        await trouble.mend?.()
        return 'done'
      },
    })
    expect(mended.verdict('issuance/certificate-issued')).toMatchObject({ status: 'pass' })
    expect(mended.asked.map(({ plan }) => plan.remedy)).toEqual(
      trouble.remedy === undefined ? ['issuance/order'] : [trouble.remedy, 'issuance/order'],
    )
    expect((await acme.orders()) - before).toBe(1)
  })
})

test('a stand-in under live/ is moved aside, and no second lineage comes to be', async () => {
  await server.must(`
    folder=/opt/webshop/certbot_certs/live/${DOMAIN}
    mkdir -p $folder
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=${DOMAIN} -keyout $folder/privkey.pem -out $folder/fullchain.pem 2> /dev/null
  `)
  const ordered = await walk(server, untilOrdered, { params: params() })
  const first = ordered.events.find(
    event => event.type === 'check-finished' && event.check === 'certbot/lineages',
  )
  expect(first).toMatchObject({ verdict: { status: 'pass', summary: expect.stringContaining('stand-in') } })
  expect(ordered.verdict('issuance/certificate-issued')).toMatchObject({ status: 'pass' })
  const live = await server.must('ls /opt/webshop/certbot_certs/live')
  expect(live.trim().split('\n')).toEqual(['README', DOMAIN])
})

test('what the CA refuses is explained by its own words, counted, and after three times refused here', async () => {
  // Sent past the checks, on purpose: with them it would never have been.
  const facts = {
    'site/certbot-place': { kind: 'compose', image: 'certbot/certbot' },
    'site/certbot-directory': '/opt/webshop/certbot_certs',
    'site/certbot-webroot': '/var/www/certbot',
  }
  const { actions } = await issue.plan(given(orderParams.parse(params()), { facts }))
  const [order] = actions
  if (order?.type !== 'run') throw new Error('the plan has no order')
  const refuse = async () => {
    await lab.dns.set(DOMAIN, { A: [server.ipv4], AAAA: [lab.network.gateway.ipv6] })
    expect((await server.exec(order.script)).exitCode).toBe(1)
    await goodDns()
  }
  await refuse()
  const once = await walk(server, untilOrdered, { params: params(), mode: 'check' })
  expect(once.verdict('issuance/budget')).toMatchObject({
    status: 'pass',
    measured: expect.stringContaining('1 of 3'),
  })
  expect(once.verdict('issuance/certificate-issued')).toMatchObject({
    status: 'fail',
    advice: expect.stringMatching(/The CA said “unauthorized”.*look at challenge\/ca-arrives/),
  })

  await refuse()
  await refuse()
  const before = await acme.orders()
  const { report } = await kneeboard().json(server, 'check', 'ssl-issuance', ...STAGING, ...settings())
  expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['issuance/budget'])
  expect(report.diagnosis[0]?.explains).toContain('issuance/certificate-issued')
  expect(report.checks.find(({ id }) => id === 'issuance/budget')?.summary).toMatch(/wait until .* UTC/)
  expect(await acme.orders()).toBe(before)
})

describe('bad input gets one clear sentence, and nothing is changed', () => {
  const refused = [
    ['an address as a name', { domains: '192.0.2.7' }, 64, /“192\.0\.2\.7” is none, it is an IP address/],
    ['a name with a space', { domains: 'web shop.test' }, 64, /“web shop\.test” is none, it holds a space/],
    [
      '101 names',
      { domains: Array.from({ length: 101 }, (_, index) => `n${index}.webshop.test`).join(',') },
      64,
      /at most 100 names/,
    ],
    [
      'a directory that does not answer',
      { acmeDirectory: 'https://nobody.webshop.test/dir' },
      3,
      /nobody\.webshop\.test\/dir does not answer the server/,
    ],
    ['a directory that is not trusted', { caBundle: '' }, 3, /is not trusted by the server: give its CA/],
  ] as const
  test.each(refused)('%s', async (_, overrides, code, says) => {
    const before = await acme.orders()
    const { exitCode, stdout, stderr } = await kneeboard().run(
      'run',
      'ssl-issuance',
      '-t',
      `${server.sshUser}@${server.ipv4}:${server.sshPort}`,
      '--identity',
      server.identityFile,
      '--known-hosts',
      server.knownHostsFile,
      ...STAGING,
      '--consent',
      'reversible',
      ...settings(overrides),
    )
    expect(exitCode, stderr).toBe(code)
    expect(stdout + stderr).toMatch(says)
    expect(await acme.orders()).toBe(before)
    expect(await server.must('ls /opt/webshop/certbot_certs')).toBe('')
  })
})
