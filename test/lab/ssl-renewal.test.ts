/** A certificate near its end: `ssl-renewal` finds why it was not renewed, mends that, and never forces anything. */

import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, type LabServer, openLab, startAcme, startShopServer, waitFor } from './index.ts'
import { type Kneeboard, kneeboard, notGood } from './kneeboard.ts'

const DOMAIN = 'webshop.test'
/** A whole life in four minutes, so that a test sees its end. */
const LIFETIME_SECONDS = 240

let lab: Lab
let server: LabServer
let on: Kneeboard
let words: string[]

beforeAll(async () => {
  lab = await openLab()
  const acme = await startAcme(lab, { validity: LIFETIME_SECONDS })
  server = (await startShopServer(lab, { https: false })).server
  await server.copyIn(acme.caFile, '/etc/ssl/lab-acme-ca.pem')
  on = kneeboard()
  words = [
    '--environment',
    'staging',
    '--set',
    `domains=${DOMAIN}`,
    '--set',
    `resolvers=${lab.dns.resolver.ipv4}`,
  ]
  words.push('--set', `acmeDirectory=${acme.directory}`, '--set', 'caBundle=/etc/ssl/lab-acme-ca.pem')
  await on.json(server, 'run', 'ssl-issuance', ...words, '--consent', 'reversible')
})
afterAll(async () => {
  await lab?.close()
})

const onDisk = async (): Promise<X509Certificate> =>
  new X509Certificate(await server.must(`cat /opt/webshop/certbot_certs/live/${DOMAIN}/cert.pem`))

function served(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: server.ipv4, port: 443, servername: DOMAIN, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '')
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}

test('the timer is off: it is named as the cause, set up again, and what is due is renewed and served', async () => {
  await server.must('systemctl disable --now kneeboard-certificates.timer')
  const before = await onDisk()
  expect(await served()).toBe(before.fingerprint256)
  const nearItsEnd = Date.parse(before.validTo) - (LIFETIME_SECONDS / 6) * 1000
  await waitFor('the certificate to be near its end', async () => Date.now() > nearItsEnd || undefined, {
    every: 1000,
    timeout: LIFETIME_SECONDS * 1000,
  })

  const { report } = await on.json(server, 'check', 'ssl-renewal', ...words)
  expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['renewal/scheduled'])
  expect(report.diagnosis[0]?.explains).toContain('tls/certificate-lifetime')

  const run = await on.json(server, 'run', 'ssl-renewal', ...words, '--consent', 'reversible')
  expect(notGood(run.report)).toEqual([])
  expect([run.exitCode, run.report.status]).toEqual([0, 'passed'])
  expect(run.report.actions.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
    ['renewal/set-up', 'proven'],
    ['renewal/renew-now', 'proven'],
  ])
  const after = await onDisk()
  expect(after.fingerprint256).not.toBe(before.fingerprint256)
  expect(await served()).toBe(after.fingerprint256)
})

test('renewed on disk and never loaded: a reload, and nothing else', async () => {
  const old = await served()
  await server.must(`
    cd /opt/webshop
    docker compose -f docker-compose.prod.yml run --rm -T --no-deps -e REQUESTS_CA_BUNDLE=/ca.pem \
      -v /etc/ssl/lab-acme-ca.pem:/ca.pem:ro certbot renew --no-random-sleep-on-renew < /dev/null`)
  expect((await onDisk()).fingerprint256).not.toBe(old)

  const { report } = await on.json(server, 'check', 'ssl-renewal', ...words)
  expect(report.diagnosis[0]?.cause).toBe('tls/https-served')
  const run = await on.json(server, 'run', 'ssl-renewal', ...words, '--consent', 'reversible')
  expect(notGood(run.report)).toEqual([])
  expect(run.report.actions.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
    ['tls/reload-nginx', 'proven'],
  ])
  expect(await served()).toBe((await onDisk()).fingerprint256)
})
