import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPlaces } from '../../../src/config/places.ts'
import { readPolicy } from '../../../src/config/policy.ts'
import { openTargets } from '../../../src/config/targets.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import type { Target } from '../../../src/model/target.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'kneeboard-config-'))
const shop: Target = { name: 'shop', environment: 'staging', host: '203.0.113.5', user: 'root', stack: {} }

test('targets are stored, found and forgotten, in a file that only its owner reads', () => {
  const targets = openTargets(folder())
  expect(targets.list()).toEqual([])
  targets.add(shop)
  expect(targets.find('shop')).toEqual(shop)
  expect(statSync(targets.path).mode & 0o777).toBe(0o600)
  expect(() => targets.add(shop)).toThrow('there is a target “shop” already')
  expect([targets.remove('shop'), targets.remove('shop')]).toEqual([true, false])
})

test('a file that is no JSON is named with line and column, and left as it is', () => {
  const here = folder()
  const text = '{\n  "version": 1,\n  "targets": [}\n'
  writeFileSync(join(here, 'targets.json'), text)
  const targets = openTargets(here)
  expect(() => targets.list()).toThrow(
    expect.objectContaining({
      exitCode: 78,
      message: expect.stringMatching(/targets\.json: it is not valid JSON, line 3, column 15$/),
    }),
  )
  expect(() => targets.add(shop)).toThrow('not valid JSON')
  expect(readFileSync(join(here, 'targets.json'), 'utf8')).toBe(text)
})

test('a value that does not fit is named with its line and field', () => {
  const here = folder()
  writeFileSync(
    join(here, 'targets.json'),
    JSON.stringify({ version: 1, targets: [shop, { ...shop, name: 'two', environment: 'prod' }] }, null, 2),
  )
  expect(() => openTargets(here).list()).toThrow(/line 13, column 22, targets\.1\.environment: /)
})

test('policy.json changes single thresholds, and a wrong name is refused', () => {
  const here = folder()
  writeFileSync(join(here, 'policy.json'), '{"diskUsedWarnPercent": 70}')
  expect(readPolicy(here)).toEqual({ ...defaultPolicy, diskUsedWarnPercent: 70 })
  writeFileSync(join(here, 'policy.json'), '{"diskUsed": 70}')
  expect(() => readPolicy(here)).toThrow(/policy\.json: line 1, column 1, /)
})

test('everything is under KNEEBOARD_HOME, for its owner alone', () => {
  const home = join(folder(), 'home')
  const places = openPlaces({ KNEEBOARD_HOME: home })
  expect(places).toEqual({ config: home, runs: join(home, 'runs') })
  expect(statSync(home).mode & 0o777).toBe(0o700)
  expect(statSync(places.runs).mode & 0o777).toBe(0o700)
})

test.each([
  ['is a link', (home: string) => symlinkSync(folder(), home), 'is a link to somewhere else'],
  [
    'is open to others',
    (home: string) => {
      mkdirSync(home)
      chmodSync(home, 0o777)
    },
    'can be written by other users',
  ],
  ['is a file', (home: string) => writeFileSync(home, ''), 'cannot be made'],
])('a home that %s is refused', (_, prepare, words) => {
  const home = join(folder(), 'home')
  prepare(home)
  expect(() => openPlaces({ KNEEBOARD_HOME: home })).toThrow(words)
})
