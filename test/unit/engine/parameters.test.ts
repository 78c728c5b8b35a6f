import { expect, test } from 'vitest'
import { z } from 'zod'
import { nearest } from '../../../src/engine/nearest.ts'
import { resolveParameters } from '../../../src/engine/parameters.ts'
import type { Parameter } from '../../../src/model/runbook.ts'

const parameter = (name: string, schema: z.ZodType, fallback?: unknown): Parameter => ({
  name,
  schema,
  description: `the ${name}`,
  default: fallback,
})
const user = parameter(
  'user',
  z
    .string()
    .regex(/^[a-z]+$/, 'lower-case letters')
    .default('deploy'),
)
const ports = parameter('ports', z.array(z.number()).default([80]))
const strict = parameter('strict', z.boolean().default(false))

test('a default is overridden by the stack, and the stack by what is given', () => {
  expect(resolveParameters([user], {}, {})).toEqual({ user: 'deploy' })
  expect(resolveParameters([user], { user: 'stacked' }, {})).toEqual({ user: 'stacked' })
  expect(resolveParameters([user], { user: 'stacked' }, { user: 'given' })).toEqual({ user: 'given' })
})

test('text becomes what the schema wants', () => {
  expect(resolveParameters([ports, strict], {}, { ports: '80, 443', strict: 'yes' })).toEqual({
    ports: [80, 443],
    strict: true,
  })
})

test('keys of the stack that no parameter has are left alone, given ones are refused with the nearest name', () => {
  expect(resolveParameters([user], { other: 1 }, {})).toEqual({ user: 'deploy' })
  expect(() => resolveParameters([user], {}, { usr: 'x' })).toThrow(
    expect.objectContaining({ exitCode: 64, next: 'Did you mean user?' }),
  )
})

test('a value that does not fit is named, with what was expected', () => {
  expect(() => resolveParameters([user], {}, { user: 'No Good' })).toThrow(
    'user: “No Good” does not fit, expected lower-case letters (the user)',
  )
})

test('a value that is missing, or of another kind, is asked for in words', () => {
  const domains = parameter('domains', z.array(z.string()))
  expect(() => resolveParameters([domains], {}, {})).toThrow(
    'domains: no value was given, and there is no default (the domains)',
  )
  expect(() => resolveParameters([ports], {}, { ports: 'http' })).toThrow(
    'ports: “http” does not fit, expected a list with commas (the ports)',
  )
  expect(() => resolveParameters([strict], {}, { strict: 'perhaps' })).toThrow(
    'strict: “perhaps” does not fit, expected yes or no (the strict)',
  )
})

test('the nearest name is offered only when it is near', () => {
  const names = ['server-setup', 'ssl-issuance', 'restore-drill']
  expect(nearest('server-stup', names)).toBe('server-setup')
  expect(nearest('server', names)).toBe('server-setup')
  expect(nearest('banana', names)).toBeUndefined()
})
