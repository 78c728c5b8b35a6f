import { describe, expect, test } from 'vitest'
import { containerDns, setContainerNameServers } from '../../../checks/docker/container-dns.ts'
import {
  chooseImages,
  parseAddresses,
  parseNameServers,
  parseSourceNames,
  resolutionOf,
} from '../../../src/facts/container-dns.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { ended, given } from './given.ts'

describe('what a container says', () => {
  test('addresses are read once each', () => {
    const text = '192.0.2.7      STREAM mirror.example\n192.0.2.7      DGRAM  \n2001:db8::7     STREAM \n'
    expect(parseAddresses(text)).toEqual(['192.0.2.7', '2001:db8::7'])
  })

  test('getent’s “not found” is an answer', () => {
    expect(resolutionOf(ended({ exitCode: 2 }), 'kneeboard/probe')).toMatchObject({ outcome: 'not-found' })
  })

  test.each([
    ['no container', ended({ exitCode: 125, stderr: 'docker: Error response from daemon: …' })],
    ['a time-out', ended({ exitCode: 124 })],
    ['an address that is none', ended({ stdout: 'nonsense\n' })],
    ['a lost connection', ended({ ending: 'lost', exitCode: null, reason: 'the connection was lost' })],
  ])('%s says nothing about names', (_, result) => {
    expect(() => resolutionOf(result, 'kneeboard/probe')).toThrow(Unreadable)
  })

  test('the probe image is asked alone; otherwise a few images that have a name', () => {
    expect(chooseImages('shop/backend:v1\nkneeboard/probe:latest\n')).toEqual(['kneeboard/probe:latest'])
    expect(chooseImages('<none>:<none>\na:1\nb:1\nc:1\nd:1\n')).toEqual(['a:1', 'b:1', 'c:1'])
  })
})

describe('what to look up, and whom to ask', () => {
  test('the package sources name hosts, in both of their formats', () => {
    const text = `# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] https://user:secret@first.example:8443/debian bookworm main
deb cdrom:[Debian]/ bookworm main

Types: deb
URIs: http://second.example/ubuntu https://third.example/ubuntu
Suites: noble

Enabled: no
Types: deb
URIs: http://off.example/ubuntu

deb http://192.0.2.7/debian bookworm main
`
    expect(parseSourceNames(text)).toEqual(['first.example', 'second.example', 'third.example'])
  })

  test('local stubs and link-local servers mean nothing in a container', () => {
    const text = `# nameserver 192.0.2.1
nameserver 127.0.0.53
nameserver 192.0.2.2
nameserver ::1
nameserver fe80::1%eth0
 nameserver\t2001:db8::53
nameserver 192.0.2.2
`
    expect(parseNameServers(text)).toEqual(['192.0.2.2', '2001:db8::53'])
  })
})

describe('names inside containers', () => {
  const resolved = { outcome: 'resolved', addresses: ['192.0.2.7'], image: 'kneeboard/probe:latest' }
  const notFound = { outcome: 'not-found', image: 'kneeboard/probe:latest' }
  const probe = (facts: Record<string, unknown>, params = {}) =>
    containerDns.probe(
      given(
        { probeName: '', dnsServers: [], ...params },
        {
          facts: {
            'docker/package-source-names': ['mirror.example'],
            'docker/upstream-name-servers': ['192.0.2.53', '192.0.2.54'],
            'docker/name-on-server': { resolves: true, inHostsFile: false },
            ...facts,
          },
        },
      ),
    )

  test('an address passes', async () => {
    expect(await probe({ 'docker/container-resolution': resolved })).toMatchObject({
      status: 'pass',
      measured: '192.0.2.7',
    })
  })

  test('without an image to ask with it is unknown, and one can be made', async () => {
    const verdict = await probe({ 'docker/container-resolution': { outcome: 'no-image' } })
    expect(verdict.status).toBe('unknown')
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/build-probe-image'])
  })

  test('other name servers are offered only after one of them has answered from inside', async () => {
    const verdict = await probe({
      'docker/container-resolution': notFound,
      'docker/container-resolution(mirror.example,192.0.2.54)': resolved,
    })
    expect(verdict).toMatchObject({ status: 'fail', advice: expect.stringContaining('192.0.2.54 answers') })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/set-container-name-servers'])
  })

  test('when none answers, the network is suspected instead', async () => {
    const verdict = await probe({ 'docker/container-resolution': notFound })
    expect(verdict.status).toBe('fail')
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/restart-engine'])
  })

  test('a name that the server does not know either proves nothing', async () => {
    const facts = {
      'docker/container-resolution': notFound,
      'docker/name-on-server': { resolves: false, inHostsFile: false },
    }
    expect(await probe(facts)).toMatchObject({ status: 'unknown' })
  })

  test('nor does one from the server’s own /etc/hosts', async () => {
    const facts = {
      'docker/container-resolution': notFound,
      'docker/name-on-server': { resolves: true, inHostsFile: true },
    }
    expect(await probe(facts)).toMatchObject({
      status: 'unknown',
      summary: expect.stringContaining('/etc/hosts'),
    })
  })

  test('the operator’s name goes before the package sources', async () => {
    const facts = { 'docker/container-resolution(shop.example,)': resolved }
    expect(await probe(facts, { probeName: 'shop.example' })).toMatchObject({ status: 'pass' })
  })

  test('there is no plan when no name server answers', async () => {
    const context = given(
      { probeName: 'mirror.example', dnsServers: ['192.0.2.1'] },
      { facts: { 'docker/container-resolution': notFound } },
    )
    await expect(setContainerNameServers.plan(context)).rejects.toThrow(/no name server answers/)
  })
})
