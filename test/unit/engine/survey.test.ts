import { expect, test } from 'vitest'
import { mostAwaitedFirst } from '../../../src/engine/survey.ts'
import type { AnyCheck } from '../../../src/model/check.ts'

const checks = (after: Record<string, readonly string[]>): AnyCheck[] =>
  Object.entries(after).map(([id, before]) => ({ id, after: before }) as unknown as AnyCheck)
const order = (after: Record<string, readonly string[]>): string[] =>
  mostAwaitedFirst(checks(after)).map(({ id }) => id)

test('what most others stand after begins first, through others as well; the rest keep their order', () => {
  expect(
    order({
      disk: [],
      clock: [],
      backend: ['running'],
      running: ['engine'],
      engine: [],
      nginx: ['running'],
      host: [],
    }),
  ).toEqual(['engine', 'running', 'disk', 'clock', 'backend', 'nginx', 'host'])
})

test('what is not among them, and a circle, count for nothing more', () => {
  expect(order({ a: ['elsewhere'], b: ['c'], c: ['b'], d: ['b'] })).toEqual(['b', 'c', 'a', 'd'])
})
