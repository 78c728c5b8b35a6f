import { describe, expect, test } from 'vitest'
import { planDaemonChange } from '../../../checks/docker/daemon-change.ts'
import { daemonConfigurationSound } from '../../../checks/docker/daemon-configuration.ts'
import { judgeDaemon, megabytes } from '../../../checks/docker/daemon-judgement.ts'
import { mergeJsonText } from '../../../src/engine/prepare.ts'
import type { DockerDaemon } from '../../../src/facts/docker.ts'
import {
  type DaemonConfiguration,
  parseCommandLine,
  parseDaemonJson,
} from '../../../src/facts/docker-daemon.ts'
import { given } from './given.ts'

const wanted = { logMaxSizeMB: 10, logFiles: 3, dns: [], liveRestore: true }
const around = { logDriver: 'json-file', logByFlags: false }
const judge = (keys: object, want = {}, surroundings = {}) =>
  judgeDaemon(
    parseDaemonJson(JSON.stringify(keys)).keys ?? {},
    { ...wanted, ...want },
    { ...around, ...surroundings },
  )

const rotated = { 'max-size': '10m', 'max-file': '3' }

describe('daemon.json, held against what is wanted', () => {
  test('an empty one lacks rotation and live-restore', () => {
    expect(judge({})).toMatchObject({
      missing: [expect.stringContaining('logs grow'), expect.stringContaining('live-restore is off')],
      patch: { 'log-driver': 'json-file', 'log-opts': rotated, 'live-restore': true },
    })
  })

  test('one that rotates and outlives restarts needs no patch', () => {
    expect(judge({ 'log-opts': rotated, 'live-restore': true })).toMatchObject({
      missing: [],
      loose: [],
      patch: {},
    })
  })

  test('tighter rotation than the policy’s stays as it is', () => {
    expect(judge({ 'log-opts': { 'max-size': '5m' }, 'live-restore': true })).toMatchObject({
      missing: [],
      loose: [],
      patch: {},
    })
  })

  test('looser rotation is said, and is no failure', () => {
    const judged = judge({ 'log-opts': { 'max-size': '1g', 'max-file': '5' }, 'live-restore': true })
    expect(judged).toMatchObject({ missing: [], patch: { 'log-opts': rotated } })
    expect(judged.loose).toEqual(['container logs may take 5 × 1024 MB each, more than the policy says'])
  })

  test('options of the file drivers are never given to another driver: containers would not start', () => {
    expect(judge({ 'log-driver': 'journald', 'live-restore': true })).toMatchObject({
      missing: [],
      patch: {},
    })
    expect(judge({ 'live-restore': true }, {}, { logDriver: 'journald' })).toMatchObject({
      missing: [],
      patch: {},
    })
  })

  test('the driver local rotates by itself', () => {
    expect(judge({ 'log-driver': 'local', 'live-restore': true })).toMatchObject({ missing: [], patch: {} })
  })

  test('in a swarm live-restore is not asked for', () => {
    expect(judge({ 'log-opts': rotated }, { liveRestore: false })).toMatchObject({ missing: [], patch: {} })
  })

  test('name servers are judged only when some were given', () => {
    const keys = { 'log-opts': rotated, 'live-restore': true, dns: ['192.0.2.1'] }
    expect(judge(keys).missing).toEqual([])
    expect(judge(keys, { dns: ['192.0.2.53'] })).toMatchObject({ patch: { dns: ['192.0.2.53'] } })
    expect(judge(keys, { dns: ['192.0.2.1'] }).missing).toEqual([])
  })

  test.each([
    ['10m', 10],
    ['512k', 0.5],
    ['1g', 1024],
    ['1048576', 1],
    ['-1', null],
    ['0', null],
    ['lots', null],
    [undefined, null],
  ] as const)('the size %s is %s MB', (text, size) => {
    expect(megabytes(text)).toBe(size)
  })
})

describe('the file as text', () => {
  test('no file and an empty one are an empty configuration', () => {
    expect(parseDaemonJson(null)).toEqual({ keys: {}, broken: '' })
    expect(parseDaemonJson(' \n')).toEqual({ keys: {}, broken: '' })
  })

  test('a comma too many is found with its line', () => {
    expect(parseDaemonJson('{\n "log-driver": "json-file",\n}\n')).toMatchObject({
      keys: null,
      broken: expect.stringMatching(/not JSON: .*line 3/),
    })
  })

  test.each(['[]', '{"log-opts": {"max-file": 3}}', '{"live-restore": "yes"}'])(
    '%s is not what Docker takes',
    text => {
      expect(parseDaemonJson(text)).toMatchObject({
        keys: null,
        broken: expect.stringContaining('not what Docker takes'),
      })
    },
  )

  test('the daemon’s command line is read as its options', () => {
    const line =
      '/usr/sbin/dockerd\n-H\nfd://\n--containerd=/run/containerd/containerd.sock\n--live-restore\n--log-opt\nmax-size=5m\n'
    expect([...parseCommandLine(line)]).toEqual([
      ['H', 'fd://'],
      ['containerd', '/run/containerd/containerd.sock'],
      ['live-restore', ''],
      ['log-opt', 'max-size=5m'],
    ])
  })
})

const daemon = {
  version: '26.1.5',
  containersRunning: 0,
  liveRestore: false,
  logDriver: 'json-file',
  swarm: false,
}
const theirs = '{"data-root": "/mnt/docker", "log-opts": {"tag": "{{.Name}}"}}'
const configuration = (more: Partial<DaemonConfiguration> = {}): DaemonConfiguration => ({
  path: '/etc/docker/daemon.json',
  text: theirs,
  keys: parseDaemonJson(more.text ?? theirs).keys,
  broken: '',
  newerThanDaemon: false,
  flags: ['H'],
  canValidate: true,
  ...more,
})
const facts = (config: Partial<DaemonConfiguration>, running: Partial<DockerDaemon>) => ({
  facts: {
    'docker/daemon-configuration': configuration(config),
    'docker/daemon': { answers: true, daemon: { ...daemon, ...running } },
  },
})
const plan = (
  config: Partial<DaemonConfiguration> = {},
  running: Partial<DockerDaemon> = {},
  patch = judge({}).patch,
) => planDaemonChange(given({}, facts(config, running)), patch)
const titles = (planned: Awaited<ReturnType<typeof plan>>) => planned.actions.map(({ title }) => title)

describe('changing the daemon’s configuration', () => {
  test('foreign keys survive the merge, at every depth', async () => {
    const [merge] = (await plan()).actions
    if (merge?.type !== 'merge-json') throw new Error('the first action should be a merge')
    expect(JSON.parse(mergeJsonText(theirs, merge.patch, merge.path))).toEqual({
      'data-root': '/mnt/docker',
      'log-driver': 'json-file',
      'log-opts': { tag: '{{.Name}}', ...rotated },
      'live-restore': true,
    })
    expect(merge.validate).toBe('dockerd --validate --config-file "$candidate"')
  })

  test('where dockerd cannot validate, the plan says so', async () => {
    expect(titles(await plan({ canValidate: false }))[0]).toMatch(/only its syntax can be checked/)
  })

  test('nothing is interrupted where nothing runs', async () => {
    const planned = await plan()
    expect(planned.grade).toBeUndefined()
    expect(titles(planned).slice(1)).toEqual(['Restart Docker', 'Wait until Docker answers'])
  })

  test('with containers and live-restore off, it is disruptive, and live-restore is proven on before the restart', async () => {
    const planned = await plan({}, { containersRunning: 2 })
    expect(planned.grade).toBe('disruptive')
    expect(titles(planned).slice(1, 4)).toEqual([
      'Reload Docker, which switches live-restore on',
      'Wait until live-restore is on; without it nothing is restarted',
      'Restart Docker',
    ])
  })

  test('with live-restore on already, containers keep running and consent stays light', async () => {
    const planned = await plan({}, { containersRunning: 2, liveRestore: true })
    expect(planned.grade).toBeUndefined()
    expect(planned.interrupts).toContain('will keep running')
  })

  test('a revert puts the old text back, byte for byte, or removes what was not there', async () => {
    expect((await plan()).guard?.revert.text).toContain(`printf %s '${theirs}' > /etc/docker/daemon.json`)
    expect((await plan({ text: null })).guard?.revert.text).toContain('rm -f -- /etc/docker/daemon.json')
  })

  test('a key that is an option on the command line as well is refused: Docker would not start', async () => {
    await expect(plan({ flags: ['log-opt'] })).rejects.toThrow(/--log-opts?.*would not start/)
    await expect(plan({ flags: ['dns'] }, {}, { dns: ['192.0.2.53'] })).rejects.toThrow(/--dns/)
  })

  test('a file that cannot be understood is never merged into', async () => {
    await expect(plan({ broken: 'it is not JSON', keys: null })).rejects.toThrow(/cannot be merged into/)
  })

  test('a mere restart changes no file and needs no revert', async () => {
    const planned = await plan({}, {}, {})
    expect(titles(planned)).toEqual([
      'Check /etc/docker/daemon.json',
      'Restart Docker',
      'Wait until Docker answers',
    ])
    expect(planned.guard).toBeUndefined()
  })
})

describe('the verdict on the daemon’s configuration', () => {
  const good = JSON.stringify({ 'log-opts': rotated, 'live-restore': true })
  const probe = (
    config: Partial<DaemonConfiguration>,
    running: Partial<DockerDaemon> = { liveRestore: true },
  ) => daemonConfigurationSound.probe(given({ dnsServers: [] }, facts(config, running)))

  test('what stands in the file and is in force passes', async () => {
    expect(await probe({ text: good })).toMatchObject({
      status: 'pass',
      measured: '3 × 10 MB, live-restore on',
    })
  })

  test('a file that is newer than the daemon is not in force', async () => {
    const verdict = await probe({ text: good, newerThanDaemon: true })
    expect(verdict).toMatchObject({ status: 'fail', summary: expect.stringContaining('not in force') })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['docker/restart-engine'])
  })

  test('live-restore that the daemon does not have on is not in force', async () => {
    expect(await probe({ text: good }, { liveRestore: false })).toMatchObject({ status: 'fail' })
  })

  test('a good file under a daemon that does not answer proves nothing', async () => {
    const context = given(
      { dnsServers: [] },
      {
        facts: {
          'docker/daemon-configuration': configuration({ text: good }),
          'docker/daemon': { answers: false, reason: 'docker.service is failed' },
        },
      },
    )
    expect(await daemonConfigurationSound.probe(context)).toMatchObject({ status: 'unknown' })
  })

  test('a broken file fails without a remedy, since a merge would lose what it means', async () => {
    const verdict = await probe({ text: '{,}', keys: null, broken: 'it is not JSON: …' })
    expect(verdict).toMatchObject({ status: 'fail', measured: 'broken' })
    expect(verdict.remedies).toBeUndefined()
  })
})
