import { describe, expect, test } from 'vitest'
import { allChecks, runbooks } from '../../../runbooks/index.ts'
import { serverSetup } from '../../../runbooks/server-setup.ts'
import { checksOf, parametersOf } from '../../../src/model/runbook.ts'

const order = checksOf(serverSetup).map(({ id }) => id)
const place = (id: string) => {
  const found = order.indexOf(id)
  if (found === -1) throw new Error(`${id} is not in the runbook`)
  return found
}

describe('the order of server-setup', () => {
  test.each([
    [
      'packages/lists-fresh',
      'docker/engine-installed',
      'what is installed is looked up in the package lists',
    ],
    ['accounts/deploy-login', 'ssh/password-login-refused', 'a way in is proven before another is closed'],
    ['ssh/operator-can-return', 'ssh/password-login-refused', 'and so is the operator’s'],
    [
      'firewall/active',
      'docker/engine-installed',
      'Docker makes its rules after the firewall has made its own',
    ],
    ['docker/engine-running', 'firewall/published-ports', 'what Docker publishes is seen once Docker runs'],
    ['accounts/deploy-exists', 'app/directory', 'a directory needs somebody to belong to'],
  ])('%s stands before %s: %s', (before, after) => {
    expect(place(before)).toBeLessThan(place(after))
  })

  test('no check stands after one that comes later', () => {
    const late = checksOf(serverSetup).flatMap(({ id, after = [] }) =>
      after.filter(other => place(other) > place(id)).map(other => `${id} after ${other}`),
    )
    expect(late).toEqual([])
  })
})

describe('what the checks promise', () => {
  test.each(allChecks.map(check => [check.id, check] as const))(
    '%s says what it is, and why',
    (id, check) => {
      expect(id).toMatch(/^[a-z0-9]+\/[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(check.title.length).toBeLessThanOrEqual(80)
      expect(check.why.length).toBeGreaterThan(40)
      for (const { why, risk, title } of check.remedies ?? []) {
        expect(why.length, title).toBeGreaterThan(20)
        expect(risk.length, title).toBeGreaterThan(10)
      }
    },
  )

  test('one name means one remedy', () => {
    const remedies = allChecks.flatMap(check => check.remedies ?? [])
    const names = new Map(remedies.map(remedy => [remedy.id, remedy]))
    expect(remedies.filter(remedy => names.get(remedy.id) !== remedy)).toEqual([])
  })

  test('every parameter has a default and a description, so that the runbook starts without a question', () => {
    const open = parametersOf(checksOf(serverSetup)).filter(parameter => parameter.default === undefined)
    expect(open.map(({ name }) => name)).toEqual([])
    const bare = parametersOf(allChecks).filter(parameter => parameter.description === '')
    expect(bare.map(({ name }) => name)).toEqual([])
  })

  test('a parameter that two checks share means the same in both', () => {
    const described = parametersOf(allChecks).map(({ name, description }) => [name, description])
    for (const check of allChecks) {
      for (const parameter of parametersOf([check])) {
        expect(described, check.id).toContainEqual([parameter.name, parameter.description])
      }
    }
  })

  test('runbooks have names of their own', () => {
    expect(new Set(runbooks.map(({ id }) => id)).size).toBe(runbooks.length)
  })
})
