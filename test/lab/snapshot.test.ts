import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Lab, type LabServer, openLab } from './index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

let lab: Lab
let server: LabServer

beforeAll(async () => {
  lab = await openLab()
  server = await lab.startServer({ name: 'kept' })
  await server.must('echo before > /root/state; echo before > /var/lib/docker/state')
  await server.snapshot('before')
})
afterAll(() => lab?.close())

it('goes on after a snapshot as it was', async () => {
  expect(await server.must('cat /root/state /var/lib/docker/state')).toBe('before\nbefore\n')
})

it('is back in a kept state, at the same address and with the same host key', async () => {
  await server.must('echo after > /root/state; rm /var/lib/docker/state')
  await server.restore('before')
  expect(await server.must('cat /root/state /var/lib/docker/state')).toBe('before\nbefore\n')
  expect(await server.must('ip -brief address show eth0')).toContain(server.ipv4)
})

it('can be copied as often as wanted', async () => {
  const copy = await lab.startServer({ name: 'copy', snapshot: 'before' })
  expect(await copy.must('hostname; cat /var/lib/docker/state')).toBe('copy\nbefore\n')
  expect(copy.ipv4).not.toBe(server.ipv4)
  await copy.must('rm /var/lib/docker/state')
  expect(await server.must('cat /var/lib/docker/state')).toBe('before\n')
})

it('says so when there is no such snapshot', async () => {
  await expect(lab.startServer({ snapshot: 'never' })).rejects.toThrow('There is no snapshot never.')
})
