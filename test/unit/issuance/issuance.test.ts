import { describe, expect, test } from 'vitest'
import { judge as judgeLineages } from '../../../checks/certbot/lineages.ts'
import { errorsIn, explain } from '../../../checks/issuance/acme-error.ts'
import { budget, gauge } from '../../../checks/issuance/budget.ts'
import { issue } from '../../../checks/issuance/issue.ts'
import { certificateIssued } from '../../../checks/issuance/issued.ts'
import { covers, lacking } from '../../../checks/issuance/lineage-of.ts'
import { parseDirectory } from '../../../src/facts/acme-directory.ts'
import { type Attempt, parseLedger } from '../../../src/facts/ledger.ts'
import { type Certificate, type Lineage, parseState } from '../../../src/facts/lineages.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { ended, given } from '../docker/given.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000)
const DIRECTORY = 'https://ca.test/dir'
const attempt = (hours: number, outcome: Attempt['outcome'], names = ['shop.test']): Attempt => ({
  at: hoursAgo(hours),
  directory: DIRECTORY,
  account: 'a',
  names,
  outcome,
})
const measure = (attempts: Attempt[], archived: Certificate[] = []) =>
  gauge(attempts, archived, { names: ['shop.test'], directory: DIRECTORY }, defaultPolicy, NOW)
const certificate = (over: Partial<Certificate> = {}): Certificate => ({
  names: ['shop.test'],
  issuer: 'CN=CA',
  selfSigned: false,
  from: hoursAgo(24),
  to: hoursAgo(-24 * 89),
  fingerprint: 'AA:BB',
  ...over,
})

describe('the budget', () => {
  test('two failures within the hour leave room, three do not, and say until when', () => {
    expect(measure([attempt(0.5, 'refused'), attempt(0.2, 'refused')]).refilledAt).toBeNull()
    const full = measure([attempt(0.75, 'refused'), attempt(0.5, 'refused'), attempt(0.2, 'refused')])
    expect(full.refilledAt?.toISOString()).toBe('2026-11-21T12:15:00.000Z')
  })

  test('old failures, other CAs and failures that cost nothing do not count', () => {
    const cheap = [
      attempt(2, 'refused'),
      attempt(0.1, 'failed'),
      { ...attempt(0.1, 'refused'), directory: 'https://x.test/' },
    ]
    expect(measure([...cheap, ...cheap])).toMatchObject({ failures: 0, refilledAt: null })
  })

  test('the order that would spend the last certificate of the week is refused', () => {
    const three = [attempt(100, 'issued'), attempt(80, 'issued'), attempt(60, 'issued')]
    expect(measure(three)).toMatchObject({ certificates: 3, refilledAt: null })
    const four = measure([...three, attempt(10, 'issued')])
    expect(four.refilledAt?.toISOString()).toBe('2026-11-22T12:00:00.000Z')
    expect(measure([...three, attempt(10, 'issued', ['other.test'])]).refilledAt).toBeNull()
    expect(measure([attempt(169, 'issued'), ...three]).refilledAt).toBeNull()
  })

  test('renewals that the ledger never saw are counted by what lies in the archive', () => {
    expect(
      measure(
        [],
        [1, 2, 3, 4].map(() => certificate()),
      ),
    ).toMatchObject({ certificates: 4 })
    expect(
      measure(
        [],
        [1, 2, 3, 4].map(() => certificate()),
      ).refilledAt,
    ).not.toBeNull()
    expect(measure([], [certificate({ from: hoursAgo(200) })])).toMatchObject({ certificates: 0 })
  })

  const site = {
    nginxRunsIn: 'compose',
    composeFile: '/c.yml',
    nginxService: 'n',
    certbotService: 'c',
    webroot: '/w',
  } as const
  test('the check refuses with the time, and sees no need for an order once the certificate is there', async () => {
    const attempts = [1, 2, 3].map(() => attempt(0.5, 'refused'))
    const probe = (lineages: Lineage[]) =>
      budget.probe(
        given(
          { domains: ['shop.test'], acmeDirectory: DIRECTORY, ...site },
          {
            facts: {
              'issuance/ledger': { attempts, lastAnswer: '', now: NOW },
              'certbot/state': { directory: '/d', lineages, accounts: [], archive: [] },
            },
          },
        ),
      )
    expect(await probe([])).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('wait until 2026-11-21 12:30 UTC'),
      measured: expect.stringContaining('▮▮▮ 3 of 3'),
    })
    expect(await probe([lineage()])).toMatchObject({ status: 'pass' })
  })

  test('the ledger is read from its lines; a line that is none is left out', () => {
    const text = `1795257343\n1795250000\t${DIRECTORY}\tabc\twww.shop.test,shop.test\tissued\nrubbish\n@@\nSome challenges have failed.\n`
    expect(parseLedger(text)).toEqual({
      now: new Date(1795257343000),
      lastAnswer: 'Some challenges have failed.',
      attempts: [
        {
          at: new Date(1795250000000),
          directory: DIRECTORY,
          account: 'abc',
          names: ['shop.test', 'www.shop.test'],
          outcome: 'issued',
        },
      ],
    })
  })
})

function lineage(over: Partial<Lineage> = {}): Lineage {
  return {
    name: 'shop.test',
    managed: true,
    server: DIRECTORY,
    account: 'abc',
    authenticator: 'webroot',
    deployHook: '',
    chain: ['PEM'],
    certificate: certificate(),
    ...over,
  }
}

describe('what is lacking of a lineage', () => {
  const wanted = { domains: ['shop.test'], acmeDirectory: DIRECTORY }
  test.each([
    [undefined, 'there is none yet'],
    [lineage(), ''],
    [lineage({ managed: false }), 'a stand-in'],
    [lineage({ certificate: null }), 'missing or unreadable'],
    [lineage({ server: 'https://other.test/dir' }), 'from another CA'],
    [lineage({ certificate: certificate({ selfSigned: true }) }), 'signed by nobody but itself'],
    [lineage({ certificate: certificate({ to: hoursAgo(1) }) }), 'it ended on 2026-11-21'],
    [lineage({ certificate: certificate({ names: ['www.shop.test'] }) }), 'does not cover shop.test'],
  ])('%#', (found, says) => {
    expect(lacking(found, wanted, NOW)).toContain(says)
    expect(lacking(found, wanted, NOW) === '').toBe(says === '')
  })

  test('a wildcard covers one label, not two and not none', () => {
    expect(covers(['*.shop.test'], 'www.shop.test')).toBe(true)
    expect(covers(['*.shop.test'], 'a.b.shop.test')).toBe(false)
    expect(covers(['*.shop.test'], 'shop.test')).toBe(false)
  })
})

describe('leftovers of earlier tries', () => {
  const wanted = {
    ...{
      domains: ['shop.test'],
      acmeDirectory: DIRECTORY,
      nginxRunsIn: 'compose' as const,
      composeFile: '/c.yml',
    },
    ...{ nginxService: 'nginx', certbotService: 'certbot', webroot: '/w' },
  }
  test('a lineage of staging is to be deleted, not forced', () => {
    const staging = lineage({ server: 'https://acme-staging-v02.api.letsencrypt.org/directory' })
    expect(judgeLineages([staging], wanted, '')).toMatchObject({
      status: 'fail',
      remedies: [{ id: 'certbot/delete-staging-lineage' }],
    })
  })
  test('a duplicate is a warning, another name with four digits is none', () => {
    expect(judgeLineages([lineage(), lineage({ name: 'shop.test-0001' })], wanted, '')).toMatchObject({
      status: 'warn',
    })
    expect(judgeLineages([lineage(), lineage({ name: 'xshop.test-0001' })], wanted, '')).toMatchObject({
      status: 'pass',
    })
  })
  test('a stand-in is moved aside by the order', () => {
    expect(judgeLineages([lineage({ managed: false })], wanted, '')).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining('stand-in'),
    })
  })
})

describe('what certbot keeps', () => {
  const STATE = `
@@ renewal/webshop.test.conf
# renew_before_expiry = 30 days
version = 2.1.0
archive_dir = /etc/letsencrypt/archive/webshop.test
# Options used in the renewal process
[renewalparams]
account = 5e2dff52c5d0b3b4
authenticator = webroot
server = https://acme.lab:14000/dir
[[webroot_map]]
webshop.test = /var/www/certbot

@@ live/placeholder.test/

@@ live/webshop.test/

@@ accounts/acme.lab:14000/dir/5e2dff52c5d0b3b4/regr.json
"uri": "https://acme.lab:14000/my-account/1"
`
  test('is read file by file; a folder without settings is nobody’s', () => {
    const { lineages, accounts } = parseState(STATE)
    expect(lineages.map(({ name, managed, server }) => [name, managed, server])).toEqual([
      ['placeholder.test', false, ''],
      ['webshop.test', true, 'https://acme.lab:14000/dir'],
    ])
    expect(accounts).toEqual([
      { server: 'acme.lab:14000/dir', id: '5e2dff52c5d0b3b4', uri: 'https://acme.lab:14000/my-account/1' },
    ])
  })
})

describe('the CA’s directory', () => {
  const DIR =
    '{"meta":{"externalAccountRequired":false,"caaIdentities":["letsencrypt.org"]},"newOrder":"https://ca.test/o"}'
  test('is read', () => {
    expect(parseDirectory(ended({ stdout: DIR }), DIRECTORY, '')).toMatchObject({
      newOrder: 'https://ca.test/o',
      caaIdentities: ['letsencrypt.org'],
    })
  })
  test.each([
    [ended({ exitCode: 60 }), '', /not trusted by the server: give its CA/],
    [ended({ exitCode: 60 }), '/ca.pem', /\/ca\.pem is not its CA/],
    [ended({ exitCode: 77 }), '/ca.pem', /cannot be read on the server/],
    [
      ended({ exitCode: 7, stderr: 'curl: (7) Failed to connect' }),
      '',
      /does not answer the server.*Failed to connect/,
    ],
    [ended({ stdout: '<html>' }), '', /is no ACME directory/],
  ])('%#: what stands between is said', (result, bundle, says) => {
    expect(() => parseDirectory(result, DIRECTORY, bundle)).toThrow(says)
    expect(() => parseDirectory(result, DIRECTORY, bundle)).toThrow(Unreadable)
  })
})

/** certbot 2.1 after pebble 2.4 had asked another machine. */
const REFUSED = `Requesting a certificate for webshop.test

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: webshop.test
  Type:   unauthorized
  Detail: Non-200 status code from HTTP: http://webshop.test/.well-known/acme-challenge/x returned 404

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Some challenges have failed.
`

describe('errors of the ACME server', () => {
  test('are read from certbot’s report, and tied to the check that explains them', () => {
    const [error] = errorsIn(REFUSED)
    expect(error).toMatchObject({
      type: 'unauthorized',
      domain: 'webshop.test',
      detail: expect.stringContaining('404'),
    })
    expect(error && explain(error).check).toBe('challenge/ca-arrives')
  })
  test('are read where certbot only passes them on', () => {
    const [error] = errorsIn(
      'An unexpected error occurred:\nurn:ietf:params:acme:error:rateLimited :: There were too many requests :: too many certificates, retry after 2026-11-22',
    )
    expect(error?.type).toBe('rateLimited')
    expect(error && explain(error).check).toBe('issuance/budget')
  })
  test('a failure seen by some of the CA’s places only is a firewall’s', () => {
    const detail = 'During secondary validation: 192.0.2.7: Fetching http://…: Timeout'
    expect(explain({ type: 'connection', detail, domain: '' }).means).toContain(
      'only some of the CA’s places',
    )
  })

  const site = {
    ...{ domains: ['shop.test'], email: '', acmeDirectory: DIRECTORY, acmeStaging: '', caBundle: '' },
    ...{ nginxRunsIn: 'compose' as const, composeFile: '/opt/shop/compose.yml', nginxService: 'nginx' },
    ...{ certbotService: 'certbot', webroot: '/var/www/certbot' },
  }
  test('stand beside the offer of the next order', async () => {
    const facts = {
      'certbot/state': { directory: '/d', lineages: [], accounts: [], archive: [] },
      'issuance/ledger': { attempts: [attempt(1, 'refused')], lastAnswer: REFUSED, now: NOW },
    }
    expect(await certificateIssued.probe(given(site, { facts }))).toMatchObject({
      status: 'fail',
      advice: expect.stringMatching(/“unauthorized”.*challenge\/ca-arrives.*returned 404/),
      remedies: [{ id: 'issuance/order' }],
    })
  })

  test('the plan tries staging first where there is one, in folders of its own, and never forces', async () => {
    const facts = {
      'site/certbot-place': { kind: 'compose', image: 'certbot/certbot' },
      'site/certbot-directory': '/opt/shop/certs',
      'site/certbot-webroot': '/var/www/certbot',
    }
    const staged = await issue.plan(given({ ...site, acmeStaging: 'https://staging.test/dir' }, { facts }))
    const scripts = staged.actions.map(action => (action.type === 'run' ? action.script : ''))
    expect(scripts).toHaveLength(2)
    expect(scripts[0]).toMatch(/--server https:\/\/staging\.test\/dir --config-dir \/tmp\/try/)
    expect(scripts[1]).toContain(`--server ${DIRECTORY}`)
    expect(scripts.join()).not.toMatch(/force/)
    const plain = await issue.plan(given(site, { facts }))
    expect(plain.actions).toHaveLength(1)
    expect(plain.touches.join()).toContain('no staging that is known')
    const letsEncrypt = await issue.plan(
      given({ ...site, acmeDirectory: 'https://acme-v02.api.letsencrypt.org/directory' }, { facts }),
    )
    expect(letsEncrypt.actions[0]).toMatchObject({ title: expect.stringContaining('acme-staging-v02') })
  })
})
