import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { deployParams, rollbackParams } from '../../../checks/deploy/parameters.ts'
import { canRoll } from '../../../checks/deploy/roll-out.ts'
import { rollScript } from '../../../checks/deploy/roll-script.ts'
import { releaseRuns } from '../../../checks/deploy/runs.ts'
import {
  isRunning,
  lastGood,
  runningTag,
  type ServiceRelease,
  type Situation,
} from '../../../checks/deploy/situation.ts'
import { nothingHalfDone } from '../../../checks/deploy/watch.ts'
import { parseEnvironment } from '../../../src/facts/env-files.ts'
import { parseReleases } from '../../../src/facts/releases.ts'
import { parseRoundTrip } from '../../../src/facts/task-round-trip.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { ended, given } from '../docker/given.ts'

const OLD = `sha256:${'a'.repeat(64)}`
const NEW = `sha256:${'b'.repeat(64)}`
const image = (tag: string): string => `registry.lab/shop:${tag}`
const line = (epoch: number, event: string, tag: string, id: string, reason = ''): string =>
  `${epoch}\t${event}\tshop\t${tag}\tbackend=${image(tag)}@${id}\t${reason}`
const ledger = (...lines: string[]): string => `1795257343\n${lines.join('\n')}\n`

const service = (id: string, tag: string): ServiceRelease =>
  ({
    service: 'backend',
    config: { isBuilt: false },
    container: { image: image(tag), imageId: id, status: 'running' },
    wanted: image('v2'),
    wantedId: NEW,
  }) as unknown as ServiceRelease

describe('the ledger of releases', () => {
  test('is read line by line; what is no line is left out, and other stacks are told apart', () => {
    const read = parseReleases(
      ledger(
        line(1795250000, 'good', 'v1', OLD),
        'rubbish',
        line(1795250001, 'guessed', 'v1', OLD),
        line(1795250100, 'failed', 'v2', NEW, 'backend does not become healthy'),
      ),
    )
    expect(read.entries.map(({ event, tag, reason }) => [event, tag, reason])).toEqual([
      ['good', 'v1', ''],
      ['failed', 'v2', 'backend does not become healthy'],
    ])
    expect(read.entries[0]?.images.get('backend')).toEqual({ name: image('v1'), id: OLD })
    expect(read.now).toEqual(new Date(1795257343000))
  })

  test('what was good is found again by its digests, whatever its tag means by now', () => {
    const entries = parseReleases(ledger(line(1, 'good', 'v1', OLD), line(2, 'deployed', 'v2', NEW)))
    const situation: Situation = {
      project: 'shop',
      tag: 'v2',
      services: [service(OLD, 'v1')],
      ledger: entries,
    }
    const good = lastGood(situation)
    expect(good?.tag).toBe('v1')
    expect(good && isRunning(good, [service(OLD, 'moved')])).toBe(true)
    expect(good && isRunning(good, [service(NEW, 'v1')])).toBe(false)
    expect(lastGood(situation, 'v1')).toBeUndefined()
    expect(lastGood({ ...situation, project: 'other' })).toBeUndefined()
    expect(runningTag(situation)).toBe('v1')
  })
})

describe('which services may stand twice', () => {
  const free = { containerName: '', ports: [], hasHealthcheck: true }
  const params = { workerService: 'celery', beatService: 'celery-beat' }
  test.each([
    ['one with a health check and nothing of its own', free, 'backend', true],
    ['one with a name', { ...free, containerName: 'shop-backend' }, 'backend', false],
    ['one with a published port', { ...free, ports: [{ published: '8000' }] }, 'backend', false],
    ['one without a health check', { ...free, hasHealthcheck: false }, 'backend', false],
    ['workers', free, 'celery', false],
    ['the scheduler, of which there must be one', free, 'celery-beat', false],
  ])('%s', (_, config, name, may) => {
    expect(canRoll(config as never, name, params)).toBe(may)
  })
})

describe('what a deployment says of itself', () => {
  const params = deployParams.parse({ releaseTag: 'v2', releaseServices: ['backend'] })
  const container = {
    service: 'backend',
    isOneOff: false,
    image: image('v1'),
    imageId: OLD,
    status: 'running',
    id: 'c',
  }
  const facts = (text: string, tag = 'v1') => ({
    'stack/config': {
      project: 'shop',
      services: [{ name: 'backend', isBuilt: false, mounts: [] }],
      volumes: {},
      warnings: [],
    },
    'stack/containers': [container],
    'stack/images-under': new Map([['backend', image('v2')]]),
    'stack/local-images': new Map([
      [image('v1'), OLD],
      [image('v2'), NEW],
    ]),
    'deploy/ledger': parseReleases(text),
    'configuration/environment': parseEnvironment(
      ended({
        stdout: `path\tcompose\t/opt/shop/.env\t600 deploy deploy\nfile\t/opt/shop/.env\tIMAGE_TAG\t1\t2\t2\t-\t${tag}\n`,
      }),
      '/c',
    ),
  })

  test('before: what does not run yet, with the way there', async () => {
    const verdict = await releaseRuns.probe(given(params, { facts: facts(ledger()) }))
    expect(verdict).toMatchObject({ status: 'fail', summary: 'backend does not run v2 yet' })
    expect(verdict.remedies?.map(({ id }) => id)).toEqual(['deploy/roll-out'])
  })

  test('after a failure within the hour: why it failed', async () => {
    const failed = ledger(
      line(1795257000, 'good', 'v1', OLD),
      line(1795257300, 'failed', 'v2', OLD, 'no index'),
    )
    expect(await releaseRuns.probe(given(params, { facts: facts(failed, 'v2') }))).toMatchObject({
      status: 'fail',
      summary: 'v2 was tried and failed: no index',
    })
  })

  test('what is left of a failed release is offered to be put back, as long as .env names it', async () => {
    const failed = ledger(
      line(1795257000, 'good', 'v1', OLD),
      line(1795257300, 'failed', 'v2', OLD, 'no index'),
    )
    const left = await nothingHalfDone.probe(given(params, { facts: facts(failed, 'v2') }))
    expect(left).toMatchObject({
      status: 'fail',
      summary: 'v2 failed: no index',
      advice: 'v1 was good, and its images are here',
    })
    expect(left.remedies?.map(({ id }) => id)).toEqual(['rollback/roll-back'])
    expect(await nothingHalfDone.probe(given(params, { facts: facts(failed, 'v1') }))).toMatchObject({
      status: 'pass',
    })
    const never = await nothingHalfDone.probe(
      given(params, { facts: facts(ledger(line(1, 'failed', 'v2', OLD, 'x')), 'v2') }),
    )
    expect(never.remedies).toEqual([])
  })
})

describe('parameters', () => {
  test('a tag cannot become syntax', () => {
    expect(deployParams.safeParse({ releaseTag: 'v1; rm -rf /' }).success).toBe(false)
    expect(rollbackParams.safeParse({ rollbackTag: '-x' }).success).toBe(false)
    expect(deployParams.safeParse({}).success).toBe(false)
  })

  test('lists are taken from one text', () => {
    expect(deployParams.parse({ releaseTag: 'v1', smokePaths: '/, /a' }).smokePaths).toEqual(['/', '/a'])
  })
})

test('a task’s way: back, lost, and an answer that is none', () => {
  expect(parseRoundTrip('returned 41\n')).toEqual({ returned: true, milliseconds: 41, reason: '' })
  expect(parseRoundTrip('lost 20004 TimeoutError The operation timed out.\n')).toMatchObject({
    returned: false,
    reason: 'TimeoutError The operation timed out.',
  })
  expect(() => parseRoundTrip('Traceback')).toThrow(Unreadable)
})

test('the script of a deployment is one that sh takes', () => {
  const params = deployParams.parse({ releaseTag: 'v2' })
  const { text } = rollScript({
    params,
    project: 'shop',
    tag: 'v2',
    rolling: ['backend'],
    recreated: ['celery'],
    healthSeconds: 60,
  })
  expect(spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
})
