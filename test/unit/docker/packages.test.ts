import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineInstalled, installFromDistribution } from '../../../checks/docker/engine-installed.ts'
import { sourceFile } from '../../../checks/docker/repository.ts'
import { composePackage, majorMinor, parseAptPolicy } from '../../../src/facts/docker-packages.ts'
import { given } from './given.ts'

const captured = (release: string) =>
  parseAptPolicy(readFileSync(join(import.meta.dirname, 'fixtures', `policy-${release}.txt`), 'utf8'))

const params = { dockerSource: 'distribution' as const }
const nothing = { clients: [], daemons: [], snap: false }

describe('what apt says of Docker', () => {
  test('Debian 12 alone has only Compose v1, whatever its package is called', () => {
    const packages = captured('debian-12')
    expect(packages.get('docker-compose')).toEqual({ installed: '1.29.2-3', candidate: '1.29.2-3' })
    expect(packages.get('docker-ce')).toEqual({ installed: null, candidate: null })
    expect(composePackage(packages)).toBeNull()
  })

  test('a newer docker-compose that apt prefers counts as Compose v2', () => {
    expect(composePackage(captured('debian-12-pinned'))).toEqual({
      name: 'docker-compose',
      version: '2.26.1-4',
    })
  })

  test('Ubuntu’s and Docker’s own packages go before Debian’s', () => {
    const policy = (name: string, candidate: string) =>
      `${name}:\n  Installed: (none)\n  Candidate: ${candidate}\n`
    const packages = parseAptPolicy(
      policy('docker-compose', '1.29.2-6') + policy('docker-compose-v2', '2.27.1+ds1-0ubuntu1'),
    )
    expect(composePackage(packages)?.name).toBe('docker-compose-v2')
  })

  test('versions are read past an epoch and a v', () => {
    expect(majorMinor('5:27.3.1-1~debian.12~bookworm')).toEqual([27, 3])
    expect(majorMinor('v2.26.1')).toEqual([2, 26])
    expect(majorMinor('dev')).toBeNull()
  })
})

describe('how Docker would be installed', () => {
  const probe = (release: string, source: 'distribution' | 'docker' = 'distribution') =>
    engineInstalled.probe(
      given(
        { dockerSource: source },
        { facts: { 'docker/installation': nothing, 'docker/packages': captured(release) } },
      ),
    )
  const order = async (...args: Parameters<typeof probe>) =>
    (await probe(...args)).remedies?.map(({ id }) => id)

  test('the distribution goes first where it has Compose v2', async () => {
    expect(await order('debian-12-pinned')).toEqual([
      'docker/install-from-distribution',
      'docker/install-from-docker',
    ])
  })

  test('Docker’s repository goes first where the distribution has not, and the reason is said', async () => {
    const verdict = await probe('debian-12')
    expect(verdict.remedies?.[0]?.id).toBe('docker/install-from-docker')
    expect(verdict.advice).toContain('only docker-compose 1.29.2-3, which is Compose v1')
  })

  test('the operator’s choice of source wins', async () => {
    expect((await order('debian-12-pinned', 'docker'))?.[0]).toBe('docker/install-from-docker')
  })

  test('without any list of packages the distribution is not ruled out', async () => {
    const verdict = await engineInstalled.probe(
      given(params, { facts: { 'docker/installation': nothing, 'docker/packages': parseAptPolicy('') } }),
    )
    expect(verdict.remedies?.[0]?.id).toBe('docker/install-from-distribution')
    expect(verdict.advice).toMatch(/fetch the package lists first/i)
  })

  const planned = async (release: string) =>
    installFromDistribution.plan(given(params, { facts: { 'docker/packages': captured(release) } }))

  test('a client of a newer release is not mixed with the engine of this one', async () => {
    const { actions } = await planned('debian-12-pinned')
    expect(JSON.stringify(actions)).toContain('install docker.io docker-compose')
  })

  test('where the client is a package of its own, it comes along', async () => {
    const { actions } = await planned('debian-13')
    expect(JSON.stringify(actions)).toContain('install docker.io docker-cli docker-compose')
  })

  test('there is no plan where the distribution has no Compose v2', async () => {
    await expect(planned('debian-12')).rejects.toThrow(/Docker’s repository/)
  })

  test('the undo warns of purging, which deletes every volume', async () => {
    expect((await planned('debian-13')).undo).toMatch(/^apt-get remove .*never purge/)
  })
})

test('the source of Docker’s repository trusts one key for one suite', () => {
  expect(sourceFile('https://download.docker.com/linux/debian', 'bookworm', 'arm64')).toBe(`Types: deb
URIs: https://download.docker.com/linux/debian
Suites: bookworm
Components: stable
Architectures: arm64
Signed-By: /etc/apt/keyrings/docker.asc
`)
})
