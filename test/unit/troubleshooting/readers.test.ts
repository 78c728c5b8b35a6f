/** The readers of the sweep, on output captured from the lab’s shop: healthy, and broken in known ways. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parsePeers } from '../../../src/facts/container-peers.ts'
import { parseResources } from '../../../src/facts/container-resources.ts'
import { parseGatewayErrors } from '../../../src/facts/gateway-errors.ts'
import { parseBackendView, parseHealth } from '../../../src/facts/health.ts'
import { parseHostCondition, parsePressure } from '../../../src/facts/host-condition.ts'
import { imageIdOf, parseImages } from '../../../src/facts/images.ts'
import { parseLogs, signatureOf } from '../../../src/facts/logs.ts'
import { parseNginxView } from '../../../src/facts/nginx-view.ts'
import { parseRedis, redisBytes } from '../../../src/facts/redis-condition.ts'
import { Unreadable } from '../../../src/model/command.ts'

const captured = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'fixtures', `${name}.txt`), 'utf8')

describe('the machine', () => {
  test('load, memory, pressure and tables are read as the kernel prints them', () => {
    const condition = parseHostCondition(captured('host'))
    expect(condition).toMatchObject({
      processors: 2,
      load: [49.58, 32.69, 25.51],
      swap: { totalBytes: 0, freeBytes: 0 },
      memoryKills: 5,
      connections: { used: 114, most: 262144 },
      processes: { used: 59, most: 4194304 },
      zombies: 0,
      readOnly: [],
    })
    expect(condition.memory.availableBytes).toBe(18422708 * 1024)
    expect(condition.pressure.processor?.some).toEqual([94.85, 94.4, 92.49])
    expect(condition.deleted).toContainEqual({
      path: '/tmp/pymp-elqx0uj6/pym-6-ud52l0k0',
      bytes: 4096,
      processId: 752,
    })
  })

  test('a disk that was mounted read-only is seen, and what is so by nature is not', () => {
    const broken = captured('host').replace('== deleted', '/dev/sda1 / ext4 ro,relatime 0 0\n== deleted')
    expect(parseHostCondition(broken).readOnly).toEqual(['/'])
  })

  test('what does not say it all is no machine in good health', () => {
    expect(() => parseHostCondition('== load\n0.1 0.1 0.1 1/1 1\n')).toThrow(Unreadable)
    expect(parsePressure(['nothing'])).toBeNull()
  })
})

describe('control groups', () => {
  test('of version 1', () => {
    const resources = [...parseResources(captured('resources')).values()]
    expect(resources).toHaveLength(7)
    expect(resources.map(({ memoryLimit }) => memoryLimit / 2 ** 20)).toContain(128)
    expect(resources.every(({ processors }) => processors === null)).toBe(true)
  })

  test('who is connected, by address', () => {
    const toDatabase = parsePeers(captured('peers')).filter(({ port }) => port === 5432)
    expect(toDatabase.reduce((sum, { connections }) => sum + connections, 0)).toBeGreaterThan(0)
    expect(toDatabase.every(({ address }) => address.startsWith('172.18.0.'))).toBe(true)
  })

  test('of version 2, with and without limits', () => {
    const text = `== a\nused 104857600\nlimit 209715200\nquota 50000 100000\ninactive_file 4857600\noom_kill 2\nnr_periods 100\nnr_throttled 40\n== b\nused 1\nlimit max\nquota max 100000\n`
    const [one, other] = [...parseResources(text).values()]
    expect(one).toMatchObject({
      memoryUsed: 100_000_000,
      memoryLimit: 209715200,
      memoryKills: 2,
      processors: 0.5,
    })
    expect(one?.throttled).toBe(0.4)
    expect(other).toMatchObject({ memoryLimit: 0, processors: null, memoryKills: null })
  })
})

describe('images', () => {
  const images = parseImages(captured('images'))
  test.each([
    'nginx:1.22',
    'docker.io/library/nginx:1.22',
    'certbot/certbot',
    'registry.lab/webshop-backend:v1.1.0',
  ])('%s is on the server', name => {
    expect(imageIdOf(images, name)).toMatch(/^sha256:/)
  })
  test.each([
    'nginx',
    'registry.lab/webshop-backend:v9.9.9',
    'registry.lab/webshop-backend',
    'nginx@sha256:00',
  ])('%s is not', name => {
    expect(imageIdOf(images, name)).toBeUndefined()
  })
})

describe('nginx', () => {
  test('names, their addresses, and the certificate on disk', () => {
    const view = parseNginxView(captured('nginx'))
    expect(view.valid).toBe(true)
    expect([...view.upstreams.keys()]).toEqual(['backend', 'frontend'])
    expect(view.upstreams.get('backend')).toEqual([expect.stringMatching(/^172\.18\.0\.\d+$/)])
    expect(view.certificates).toHaveLength(1)
    expect(view.certificates[0]?.pem).toHaveLength(2)
    expect(view.workers).toEqual([45, 46])
    expect(view.workersAgeSeconds).toBeGreaterThan(10)
  })

  test('a configuration that it refuses is told with its line', () => {
    const view = parseNginxView(captured('nginx-refuses'))
    expect(view).toMatchObject({
      valid: false,
      error: 'host not found in upstream "backend:8000" in /etc/nginx/conf.d/upstreams.conf:3',
    })
  })

  test('names that were not looked up are not passed over', () => {
    const text = captured('nginx').replace(/^(backend|frontend) .*\n/gm, '')
    expect(() => parseNginxView(text)).toThrow(Unreadable)
  })

  test('the address that it asked in vain', () => {
    const { errors } = parseGatewayErrors(captured('gateway-errors'))
    expect(errors).toEqual([
      {
        at: Date.parse('2026-11-21T13:38:34Z'),
        worker: 8,
        upstream: '172.18.0.8:8000',
        words: 'upstream timed out (110: Connection timed out)',
      },
    ])
  })
})

describe('the backend', () => {
  test('answers, its components, and names that it finds', () => {
    const view = parseBackendView(captured('backend'))
    expect(view.health.status).toBe(200)
    expect(view.asSite.status).toBe(200)
    expect(view.names.get('db')).toHaveLength(1)
    expect(parseHealth(view.health.body)).toMatchObject({ status: 'healthy' })
  })

  test('with the wrong password for Redis', () => {
    const { health } = parseBackendView(captured('backend-redis-password'))
    expect(health.status).toBe(503)
    const cache = parseHealth(health.body).components.find(({ name }) => name === 'redis_cache')
    expect(cache).toMatchObject({ status: 'unhealthy', message: expect.stringContaining('WRONGPASS') })
  })

  test('an answer that is no health answer is not taken for one', () => {
    expect(() => parseHealth('<h1>Bad Request (400)</h1>')).toThrow(Unreadable)
    expect(() => parseHealth('{"status":"ok"}')).toThrow(Unreadable)
  })
})

describe('Redis', () => {
  test('what it holds, and who listens', () => {
    const condition = parseRedis(captured('redis'))
    expect(condition).toMatchObject({
      ping: 'PONG',
      started: { maxmemory: '256mb', 'maxmemory-policy': 'noeviction' },
      settings: { maxmemory: '268435456', 'maxmemory-policy': 'noeviction', appendonly: 'yes' },
      queued: 0,
      unacknowledged: 0,
      oldestTaken: null,
    })
    expect(condition.info).toMatchObject({ role: 'master', loading: '0' })
    expect(condition.clients.some(({ command, flags }) => command === 'brpop' && flags === 'b')).toBe(true)
  })

  test.each([
    ['256mb', 268435456],
    ['1gb', 2 ** 30],
    ['100m', 100_000_000],
    ['512', 512],
    ['lots', Number.NaN],
  ])('%s is %d bytes', (text, bytes) => {
    expect(redisBytes(text)).toBe(bytes)
  })
})

describe('logs', () => {
  test('errors by service, passwords in URLs blanked on the server, and pages that failed', () => {
    const { now, services } = parseLogs(captured('logs-redis-password'))
    expect(now).toBe(1795268363000)
    expect(services.get('celery')?.errors).toHaveLength(3)
    expect(services.get('celery')?.errors[0]?.text).toContain('redis://…@redis:6379/0')
    expect(services.get('backend')?.failing).toEqual([
      {
        path: '/api/health/',
        lastStatus: 503,
        failures: 2,
        lastFailure: Date.parse('2026-11-21T13:39:17.590Z'),
      },
    ])
  })

  test('one error at three times has one signature', () => {
    const lines = parseLogs(captured('logs-redis-password')).services.get('celery')?.errors ?? []
    expect(new Set(lines.map(({ text }) => signatureOf(text)))).toHaveLength(1)
  })
})
