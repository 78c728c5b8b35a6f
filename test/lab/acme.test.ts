import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type AcmeServer, type Lab, type LabServer, openLab, startAcme, startSecondMachine } from './index.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 300_000 })

let lab: Lab
let acme: AcmeServer
let server: LabServer

beforeAll(async () => {
  lab = await openLab()
  acme = await startAcme(lab)
  server = await startSecondMachine(lab, { status: '200 OK', body: 'another page' })
  await server.copyIn(acme.caFile, '/root/ca.pem')
})
afterAll(() => lab?.close())

it('is trusted by servers of the lab by its name, through its CA only', async () => {
  expect(await server.must(`curl -s --cacert /root/ca.pem ${acme.directory}`)).toContain('newOrder')
  expect((await server.exec(`curl -s ${acme.directory}`)).exitCode).toBe(60)
})

it('has an issuing root, and has had no order', async () => {
  expect(await acme.issuingRoot()).toContain('BEGIN CERTIFICATE')
  expect(await acme.orders()).toBe(0)
})

it('a second machine answers on port 80 of both its addresses, whatever is asked', async () => {
  for (const address of [server.ipv4, `[${server.ipv6}]`]) {
    const response = await fetch(`http://${address}/.well-known/acme-challenge/token`)
    expect([response.status, await response.text()]).toEqual([200, 'another page'])
  }
})
