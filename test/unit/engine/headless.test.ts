import { expect, test } from 'vitest'
import { headlessOperator } from '../../../src/engine/headless.ts'
import type { ConsentRequest } from '../../../src/engine/operator.ts'

function request(grade: 'reversible' | 'disruptive' | 'destructive'): ConsentRequest {
  return {
    plan: { grade, actions: [] },
    confirmation: grade === 'destructive' ? 'web-1' : null,
  } as unknown as ConsentRequest
}

const answers = async (policy: Parameters<typeof headlessOperator>[0]) => {
  const operator = headlessOperator(policy)
  const all = await Promise.all(
    (['reversible', 'disruptive', 'destructive'] as const).map(
      async grade => (await operator.consent(request(grade))).answer,
    ),
  )
  return all.join(' ')
}

test('nothing is changed without --consent', async () => {
  expect(await answers({})).toBe('no no no')
  expect(await answers({ confirm: 'web-1' })).toBe('no no no')
})

test('--consent allows up to its grade', async () => {
  expect(await answers({ consent: 'reversible' })).toBe('yes no no')
  expect(await answers({ consent: 'disruptive' })).toBe('yes yes no')
})

test('a destructive remedy needs the exact name besides', async () => {
  expect(await answers({ consent: 'disruptive', confirm: 'web-1' })).toBe('yes yes yes')
  expect(await answers({ consent: 'disruptive', confirm: 'web' })).toBe('yes yes no')
  expect(await answers({ consent: 'reversible', confirm: 'web-1' })).toBe('yes no no')
})

test('what needs a person is declined', async () => {
  const ask = {
    plan: { grade: 'reversible', actions: [{ type: 'ask', title: '', instructions: ['x'] }] },
    confirmation: null,
  } as unknown as ConsentRequest
  expect(await headlessOperator({ consent: 'disruptive' }).consent(ask)).toMatchObject({
    answer: 'no',
    reason: 'it needs a person at a terminal',
  })
})
