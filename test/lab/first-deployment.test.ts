/** The whole first day, headless: a server with the application’s files and images, on which nothing ever ran. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AcmeServer, type Lab, type LabServer, openLab, startAcme, startShopServer } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'
import type { Shop } from './shop/site.ts'

const CA_FILE = '/etc/ssl/lab-acme-ca.pem'

let lab: Lab
let server: LabServer
let shop: Shop
let acme: AcmeServer

beforeAll(async () => {
  lab = await openLab()
  acme = await startAcme(lab, { validity: 20 * 24 * 3600 })
  const started = await startShopServer(lab, { https: false })
  server = started.server
  shop = started.shop
  await server.copyIn(acme.caFile, CA_FILE)
  await shop.run('compose --profile tools down --volumes --remove-orphans')
})
afterAll(async () => {
  await lab?.close()
})

const settings = (): string[] =>
  Object.entries({
    domains: `${shop.domain},www.${shop.domain}`,
    email: `ops@${shop.domain}`,
    resolvers: lab.dns.resolver.ipv4,
    acmeDirectory: acme.directory,
    acmeStaging: acme.directory,
    caBundle: CA_FILE,
    caIdentity: 'acme.lab',
  }).flatMap(([key, value]) => ['--set', `${key}=${value}`])

test('from files and images to a shop that customers can use; a second run changes nothing', async () => {
  const on = kneeboard()
  // A lab server is smaller than what production is planned with.
  writeFileSync(join(on.home, 'policy.json'), JSON.stringify({ memoryProductionGiB: 3 }), { mode: 0o600 })
  // The BACKEND_URL of a shop without a certificate is http: it becomes https with the first day’s end.
  await shop.run(`sed -i 's|^BACKEND_URL=.*|BACKEND_URL=https://${shop.domain}|' $env_file`)
  const first = await on.json(server, 'run', 'first-deployment', '--consent', 'disruptive', ...settings())
  expect(notGood(first.report), first.stderr.slice(-2000)).toEqual([])
  expect([first.exitCode, first.report.status]).toEqual([0, 'passed'])
  const remedies = first.report.actions.map(({ remedy }) => remedy)
  for (const [before, after] of [
    ['ssh/harden', 'database/start'],
    ['database/start', 'start/web'],
    ['start/web', 'issuance/order'],
    ['issuance/order', 'start/stack'],
    ['start/stack', 'database/migrate'],
  ] as const) {
    expect(remedies, before).toContain(before)
    expect(remedies.indexOf(before)).toBeLessThan(remedies.indexOf(after))
  }
  const again = await on.json(server, 'run', 'first-deployment', '--consent', 'disruptive', ...settings())
  expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])
})
