/** The same runbook where nginx and certbot come from the distribution's packages and run on the host. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AcmeServer, type Lab, type LabServer, openLab, startAcme } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'

const DOMAIN = 'shop.webshop.test'

let lab: Lab
let server: LabServer
let acme: AcmeServer

beforeAll(async () => {
  lab = await openLab()
  acme = await startAcme(lab, { validity: 20 * 24 * 3600 })
  server = await lab.startServer({ name: 'host-nginx' })
  await server.copyIn(acme.caFile, '/etc/ssl/lab-acme-ca.pem')
  await server.must(
    'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends nginx',
  )
  await lab.dns.zone('webshop.test', { shop: { A: [server.ipv4], AAAA: [server.ipv6] } })
})
afterAll(async () => {
  await lab?.close()
})

test('certbot is installed, the certificate issued, served, and really renewed with its hook', async () => {
  const on = kneeboard()
  const words = ['--environment', 'staging', '--consent', 'reversible']
  for (const setting of [
    `domains=${DOMAIN}`,
    `resolvers=${lab.dns.resolver.ipv4}`,
    `acmeDirectory=${acme.directory}`,
    'caBundle=/etc/ssl/lab-acme-ca.pem',
    'nginxRunsIn=host',
    'webroot=/var/www/html',
  ])
    words.push('--set', setting)

  const run = await on.json(server, 'run', 'ssl-issuance', ...words)
  expect(notGood(run.report)).toEqual([])
  expect([run.exitCode, run.report.status]).toEqual([0, 'passed'])
  expect(run.report.actions.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
    ['certbot/install', 'proven'],
    ['issuance/order', 'proven'],
    ['tls/serve-https', 'proven'],
    ['renewal/set-up', 'proven'],
    ['renewal/prove', 'proven'],
  ])
  expect(await acme.orders()).toBe(2)
  const fingerprint = 'openssl x509 -noout -fingerprint -sha256'
  const live = await server.must(`${fingerprint} -in /etc/letsencrypt/live/${DOMAIN}/cert.pem`)
  const archive = await server.must(`${fingerprint} -in /etc/letsencrypt/archive/${DOMAIN}/cert2.pem`)
  const served = await server.must(
    `openssl s_client -connect ${server.ipv4}:443 -servername ${DOMAIN} < /dev/null 2> /dev/null | ${fingerprint}`,
  )
  expect([served, live]).toEqual([archive, archive])
})
