import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { composeV2 } from '../../../checks/docker/compose-v2.ts'
import { deployInGroup } from '../../../checks/docker/deploy-in-group.ts'
import { engineRunning } from '../../../checks/docker/engine-running.ts'
import { noConflictingInstall } from '../../../checks/docker/no-conflicting-install.ts'
import { storage } from '../../../checks/docker/storage.ts'
import {
  answering,
  type DockerDaemon,
  daemonAnswer,
  dockerDaemon,
  parseInstallation,
  parseService,
} from '../../../src/facts/docker.ts'
import { parseStandalone, pluginVersion } from '../../../src/facts/docker-compose.ts'
import { parseAptPolicy } from '../../../src/facts/docker-packages.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { ended, given } from './given.ts'

const info = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', `info-${name}.txt`), 'utf8')
const captured = (name: string): DockerDaemon => answering(daemonAnswer(ended({ stdout: info(name) })))

describe('what the daemon answers', () => {
  test.each([
    ['20.10', '20.10.24+dfsg1'],
    ['26.1', '26.1.5+dfsg1'],
  ])('Docker %s says what it is and where it keeps its data', (name, version) => {
    expect(captured(name)).toMatchObject({
      version,
      root: '/var/lib/docker',
      logDriver: 'json-file',
      storageDriver: 'overlay2',
      backingFileSystem: 'extfs',
      supportsFileTypes: true,
      swarm: false,
      liveRestore: true,
    })
  })

  test('a client that exits 0 without a daemon is no answer', () => {
    const answer = daemonAnswer(ended({ stdout: info('26.1-down') }))
    expect(answer).toMatchObject({
      answers: false,
      reason: expect.stringContaining('Cannot connect to the Docker daemon'),
    })
  })

  test.each([
    ['a missing client', ended({ exitCode: 127, stderr: 'sh: 1: docker: not found' })],
    ['a time-out', ended({ ending: 'timed-out', exitCode: null, reason: 'it passed its time limit' })],
    ['silence', ended({})],
  ])('%s proves nothing', (_, result) => {
    expect(() => daemonAnswer(result)).toThrow(Unreadable)
  })
})

describe('the service', () => {
  const service = (active: string, enabled: string) =>
    parseService(
      `MainPID=1746\nExecMainStartTimestamp=Sat 2026-11-21 09:27:45 UTC\nLoadState=loaded\nActiveState=${active}\nUnitFileState=${enabled}\n`,
    )
  const probe = (active: string, enabled: string) =>
    engineRunning.probe(
      given(
        {},
        {
          facts: {
            'docker/service': service(active, enabled),
            'docker/daemon':
              active === 'active'
                ? { answers: true, daemon: captured('26.1') }
                : { answers: false, reason: `docker.service is ${active}` },
          },
        },
      ),
    )

  test('it passes when it runs and is enabled', async () => {
    expect(await probe('active', 'enabled')).toMatchObject({ status: 'pass', measured: 'active, enabled' })
  })

  test('it fails when only a hand has started it', async () => {
    expect(await probe('active', 'disabled')).toMatchObject({ status: 'fail', measured: 'active, disabled' })
  })

  test('it fails when it does not run', async () => {
    const verdict = await probe('failed', 'enabled')
    expect(verdict).toMatchObject({ status: 'fail', telling: 'docker.service is failed' })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/start-engine'])
  })

  test.each(['inactive', 'failed'])(
    'a daemon that is %s is not asked, since its socket would start it',
    async state => {
      const asked = given(
        {},
        { facts: { 'docker/service': service(state, 'enabled') }, run: { stdout: info('26.1') } },
      )
      expect(await dockerDaemon.read(asked)).toEqual({ answers: false, reason: `docker.service is ${state}` })
    },
  )

  test('states that are not there are not guessed', () => {
    expect(() => parseService('MainPID=0\n')).toThrow(Unreadable)
  })
})

describe('Compose', () => {
  test('the plugin’s version is read', () => {
    expect(pluginVersion(ended({ stdout: 'Docker Compose version 2.26.1-4\n' }))).toBe('2.26.1-4')
    expect(pluginVersion(ended({ stdout: 'Docker Compose version v2.29.7\n' }))).toBe('2.29.7')
  })

  test.each([
    "docker: 'compose' is not a docker command.\nSee 'docker --help'\n",
    "unknown flag: --short\nSee 'docker --help'.\n",
    'docker: unknown command: docker compose\n',
  ])('a client that knows no compose has no plugin: %s', stderr => {
    expect(pluginVersion(ended({ exitCode: 1, stderr }))).toBeNull()
  })

  test('a missing docker is not a missing plugin', () => {
    expect(() => pluginVersion(ended({ exitCode: 127, stderr: 'sh: 1: docker: not found' }))).toThrow(
      Unreadable,
    )
  })

  test('without a package of version 2 it comes from Docker’s repository alone', async () => {
    const facts = { 'docker/compose-plugin': null, 'docker/packages': parseAptPolicy('') }
    const verdict = await composeV2.probe(given({}, { facts }))
    expect(verdict).toMatchObject({ status: 'fail', measured: 'not installed' })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/install-compose-from-docker'])
  })
})

describe('competing installations', () => {
  const clean = '/usr/sbin/dockerd\t/usr/sbin/dockerd\n/usr/bin/docker\t/usr/bin/docker\n'
  const probe = (installation: string, compose = '', packages = '') =>
    noConflictingInstall.probe(
      given(
        {},
        {
          facts: {
            'docker/installation': parseInstallation(installation),
            'docker/standalone-compose': parseStandalone(compose),
            'docker/packages': parseAptPolicy(packages),
          },
        },
      ),
    )

  test('one packaged Docker and Compose v2 are fine, also as docker-compose', async () => {
    expect(await probe(clean, '/usr/bin/docker-compose\t2.26.1-4\n')).toMatchObject({ status: 'pass' })
  })

  test('the snap fails, and its removal is destructive', async () => {
    const verdict = await probe(`${clean}/snap/bin/docker\t/usr/bin/snap\n`)
    expect(verdict).toMatchObject({ status: 'fail', measured: 'the Docker snap' })
    expect(verdict.remedies?.map(({ grade }) => grade)).toEqual(['destructive'])
  })

  test('podman’s stand-in fails', async () => {
    const packages = 'podman-docker:\n  Installed: 4.3.1+ds1-8\n  Candidate: 4.3.1+ds1-8\n'
    expect(await probe(clean, '', packages)).toMatchObject({
      status: 'fail',
      measured: 'podman’s stand-in for docker',
    })
  })

  test('Compose v1 is a warning with its place', async () => {
    const verdict = await probe(clean, '/usr/local/bin/docker-compose\t1.29.2\n')
    expect(verdict).toMatchObject({
      status: 'warn',
      measured: 'Compose 1.29.2 (/usr/local/bin/docker-compose)',
    })
  })

  test('two engines are not taken for one, one engine under two names is', async () => {
    expect(await probe(`${clean}/usr/local/bin/dockerd\t/usr/local/bin/dockerd\n`)).toMatchObject({
      status: 'fail',
    })
    expect(await probe(`${clean}/usr/local/bin/dockerd\t/usr/sbin/dockerd\n`)).toMatchObject({
      status: 'pass',
    })
  })
})

describe('the deploy user', () => {
  const deploy = (...groups: string[]) => ({ name: 'deploy', uid: 1000, group: 'deploy', groups })
  const daemon = { answers: true, daemon: captured('26.1') }
  const client = { address: '198.51.100.7', port: 50_000 }
  const probe = (
    account: unknown,
    more: { login?: Parameters<typeof given>[1] } = {},
    session: unknown = { user: 'root', client, server: client },
  ) =>
    deployInGroup.probe(
      given(
        { deployUser: 'deploy' },
        { facts: { account, 'docker/daemon': daemon, 'ssh/session': session }, ...more.login },
      ),
    )
  const accepted = (result: Parameters<typeof ended>[0]) => ({
    login: { login: { outcome: 'accepted' as const, methods: [], reason: 'key', result: ended(result) } },
  })

  test('outside of the group it fails with the remedy', async () => {
    const verdict = await probe(deploy('deploy', 'sudo'))
    expect(verdict).toMatchObject({ status: 'fail', measured: 'in deploy, sudo' })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/add-deploy-to-group'])
  })

  test('being in the group is not enough: without a fresh login it is unknown', async () => {
    expect(await probe(deploy('deploy', 'docker'))).toMatchObject({
      status: 'unknown',
      measured: 'not proven',
    })
  })

  test('a fresh login that runs docker passes', async () => {
    expect(await probe(deploy('deploy', 'docker'), accepted({}))).toMatchObject({ status: 'pass' })
  })

  test('a fresh login that Docker refuses fails, whatever the groups say', async () => {
    const stderr =
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock'
    expect(await probe(deploy('deploy', 'docker'), accepted({ exitCode: 1, stderr }))).toMatchObject({
      status: 'fail',
      telling: stderr,
    })
  })

  test('any other end of it is unknown', async () => {
    expect(await probe(deploy('deploy', 'docker'), accepted({ exitCode: 127 }))).toMatchObject({
      status: 'unknown',
    })
  })

  test('without SSH a new process of that user has to do', async () => {
    const local = { user: 'root', client: null, server: null }
    const verdict = await probe(deploy('deploy', 'docker'), { login: { run: { exitCode: 0 } } }, local)
    expect(verdict).toMatchObject({ status: 'pass', summary: expect.stringContaining('in a new session') })
  })
})

describe('the room for Docker’s data', () => {
  const probe = (usedPercent: number, inodesUsedPercent: number | null, daemon: Partial<DockerDaemon> = {}) =>
    storage.probe(
      given(
        {},
        {
          facts: {
            'docker/daemon': { answers: true, daemon: { ...captured('26.1'), ...daemon } },
            'directory/space': {
              device: '/dev/sda1',
              mountedOn: '/',
              usedBytes: 1,
              availableBytes: 5 * 1024 ** 3,
              usedPercent,
              inodesUsedPercent,
            },
          },
        },
      ),
    )

  test.each([
    [79, 79, 'pass'],
    [80, 1, 'warn'],
    [1, 80, 'warn'],
    [90, 1, 'fail'],
    [1, 90, 'fail'],
    [50, null, 'pass'],
  ] as const)('%d %% of bytes and %s %% of inodes: %s', async (bytes, inodes, status) => {
    expect(await probe(bytes, inodes)).toMatchObject({ status })
  })

  test('XFS without file types fails, however empty', async () => {
    expect(await probe(1, 1, { supportsFileTypes: false, backingFileSystem: 'xfs' })).toMatchObject({
      status: 'fail',
    })
  })
})
