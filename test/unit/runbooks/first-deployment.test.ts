import { describe, expect, test } from 'vitest'
import { firstDeployment } from '../../../runbooks/first-deployment.ts'
import { inARow, onceThat, part } from '../../../runbooks/journey.ts'
import { checksOf } from '../../../src/model/runbook.ts'

const order = checksOf(firstDeployment).map(({ id }) => id)

describe('the first day', () => {
  test('is walked in its order: server, configuration, database, certificate, start, migrations, health, monitoring', () => {
    const marks = [
      'docker/engine-running',
      'configuration/secret-key-strong',
      'database/ready',
      'start/web-started',
      'issuance/certificate-issued',
      'start/stack-runs',
      'database/migrated',
      'deploy/components-healthy',
      'monitoring/sentry-on',
    ]
    expect(marks.map(id => order.indexOf(id))).not.toContain(-1)
    expect([...marks].sort((one, other) => order.indexOf(one) - order.indexOf(other))).toEqual(marks)
  })

  test('each step tells which part it is of, and no check stands twice', () => {
    expect(new Set(order).size).toBe(order.length)
    for (const { title } of firstDeployment.steps) expect(title).toMatch(/^[A-Z][a-z]+: /)
  })

  test('what needs a person is no part of it', () => {
    expect(
      order.filter(id => id.startsWith('monitoring/alert-') || id.startsWith('monitoring/uptime-')),
    ).toEqual([])
  })
})

test('a check that two parts have is asked where it comes first', () => {
  const step = (id: string, ...checks: string[]) => ({
    id,
    title: `The ${id}`,
    checks: checks.map(name => ({ id: name })) as never,
  })
  const steps = inARow(
    part('a', 'A', [step('one', 'x/one', 'x/two')]),
    part('b', 'B', [step('two', 'x/two'), step('three', 'x/three')]),
  )
  expect(steps.map(({ id, title, checks }) => [id, title, checks.map(check => check.id)])).toEqual([
    ['a-one', 'A: the one', ['x/one', 'x/two']],
    ['b-three', 'B: the three', ['x/three']],
  ])
})

test('a check stands after others, never after itself', () => {
  expect(onceThat('a/b', 'c/d')({ id: 'a/b', after: ['e/f'] } as never).after).toEqual(['c/d', 'e/f'])
})
