import { expect, test } from 'vitest'
import { AbsolutePath, deployKey, dnsServers, webPorts } from '../../../checks/parameters.ts'

test('paths start at the root and go nowhere else', () => {
  expect(AbsolutePath.safeParse('/opt/webshop').success).toBe(true)
  for (const path of ['opt', '', '/opt/../etc', '/opt/a\nb', '/opt/\u001b[0m'])
    expect(AbsolutePath.safeParse(path).success).toBe(false)
})

test('lists are taken as lists, and as text with commas', () => {
  expect(webPorts.parse(undefined)).toEqual([80, 443])
  expect(webPorts.parse('80, 8443')).toEqual([80, 8443])
  expect(webPorts.parse(['443'])).toEqual([443])
  expect(webPorts.safeParse('80,web').success).toBe(false)
  expect(dnsServers.parse('')).toEqual([])
  expect(dnsServers.parse('9.9.9.9,2620:fe::fe')).toEqual(['9.9.9.9', '2620:fe::fe'])
  expect(dnsServers.safeParse('dns.example').success).toBe(false)
})

test('a key is one public line, or nothing', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINHbcq+mfWFfukL5jpPb16sFRE01Uga3mTPIY83IsLlO'
  expect(deployKey.parse(undefined)).toBe('')
  expect(deployKey.parse(`${key} me@home\n`)).toBe(`${key} me@home`)
  for (const wrong of ['-----BEGIN OPENSSH PRIVATE KEY-----', `no-pty ${key}`, `${key}\n${key}`, 'hello'])
    expect(deployKey.safeParse(wrong).success).toBe(false)
})
