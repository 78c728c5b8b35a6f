import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { confirmable, confirmedBy } from '../../../checks/confirmed/confirmed.ts'
import { deployWarnings } from '../../../checks/readiness/proofs.ts'
import { headersLacking } from '../../../checks/readiness/web.ts'
import { CONFIRMATIONS, parseConfirmations } from '../../../src/facts/confirmations.ts'
import { parseSentryOptions } from '../../../src/facts/sentry.ts'
import { parseWebAnswer } from '../../../src/facts/web-answer.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { given } from '../docker/given.ts'

const answer = () =>
  parseWebAnswer(readFileSync(join(import.meta.dirname, '../configuration/fixtures/web-answer.txt'), 'utf8'))

describe('security headers', () => {
  const without = (name: string) => {
    const { headers, ...rest } = answer()
    return { ...rest, headers: new Map([...headers].filter(([key]) => key !== name)) }
  }
  const changed = (name: string, value: string) => {
    const { headers, ...rest } = answer()
    return { ...rest, headers: new Map([...headers, [name, value]]) }
  }
  test('what the lab’s shop sends is all there', () => {
    expect(headersLacking(answer(), 'production', defaultPolicy)).toEqual([])
  })
  test.each([
    'strict-transport-security',
    'content-security-policy',
    'x-content-type-options',
    'x-frame-options',
    'referrer-policy',
    'permissions-policy',
  ])('%s is missed', name => {
    expect(headersLacking(without(name), 'production', defaultPolicy)).toHaveLength(1)
  })
  test('a short HSTS, one without subdomains, and a frame for the same site are not enough', () => {
    for (const value of ['max-age=300; includeSubDomains', 'max-age=31536000'])
      expect(
        headersLacking(changed('strict-transport-security', value), 'production', defaultPolicy),
      ).toHaveLength(1)
    expect(
      headersLacking(changed('x-frame-options', 'SAMEORIGIN'), 'production', defaultPolicy),
    ).toHaveLength(1)
  })
  test('a policy that only reports is enough for staging alone', () => {
    const headers = new Map(without('content-security-policy').headers).set(
      'content-security-policy-report-only',
      "default-src 'self'",
    )
    expect(headersLacking({ headers }, 'staging', defaultPolicy)).toEqual([])
    expect(headersLacking({ headers }, 'production', defaultPolicy)).toEqual(['Content-Security-Policy'])
  })
})

test('of Django’s warnings those stay that nginx cannot see to', () => {
  const text = `System check identified some issues:

WARNINGS:
?: (security.W004) You have not set a value for the SECURE_HSTS_SECONDS setting.
?: (security.W009) Your SECRET_KEY has less than 50 characters
?: (urls.W002) Your URL pattern '/x/' has a route beginning with a '/'.

System check identified 3 issues (0 silenced).`
  expect(deployWarnings(text)).toEqual([
    'security.W009 Your SECRET_KEY has less than 50 characters',
    "urls.W002 Your URL pattern '/x/' has a route beginning with a '/'.",
  ])
})

describe('what a person confirmed', () => {
  const item = confirmable({
    id: 'test/seen',
    title: 'It was seen',
    why: 'Because nothing else can tell whether it was.',
    instructions: () => ['Look at it'],
    days: () => 30,
    params: z.object({ confirmedBy }),
  })
  const at = (text: string) =>
    given({ confirmedBy: 'Ada' }, { facts: { confirmations: parseConfirmations(text) } })
  const NOW = 1795257343

  test('nobody, somebody long ago, and somebody lately', async () => {
    expect(await item.probe(at(`${NOW}\n`))).toMatchObject({
      status: 'unknown',
      summary: 'nobody has confirmed it yet',
    })
    expect(await item.probe(at(`${NOW}\n${NOW - 31 * 86_400}\ttest/seen\tGrace\n`))).toMatchObject({
      status: 'unknown',
      summary: 'Grace confirmed it 31 days ago',
    })
    expect(
      await item.probe(at(`${NOW}\n${NOW - 86_400}\ttest/seen\tGrace\n${NOW}\ttest/other\tAda\n`)),
    ).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining('Grace confirmed it on'),
    })
  })

  test('the remedy asks first and writes the name down afterwards', async () => {
    const plan = await item.remedies?.[0]?.plan(given({ confirmedBy: 'Ada O’Brien' }) as never)
    expect(plan?.actions.map(({ type }) => type)).toEqual(['ask', 'run'])
    const [, write] = plan?.actions ?? []
    expect(write?.type === 'run' && write.script).toContain(CONFIRMATIONS)
    expect(write?.type === 'run' && write.script).toContain("'Ada O’Brien'")
  })
})

test('what Sentry’s client was told', () => {
  expect(parseSentryOptions('on production v1.1.0\n')).toEqual({
    isOn: true,
    environment: 'production',
    release: 'v1.1.0',
  })
  expect(parseSentryOptions('some warning\noff - -\n')).toEqual({ isOn: false, environment: '', release: '' })
  expect(() => parseSentryOptions('Traceback (most recent call last):')).toThrow(Unreadable)
})
