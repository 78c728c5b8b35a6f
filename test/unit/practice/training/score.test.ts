import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Attempt,
  costOfHint,
  type Expected,
  SCALE,
  score,
  span,
} from '../../../../src/practice/training/score.ts'

const ids = ['nginx/reload', 'disk/make-room', 'docker/start-missing'] as const
const remedy = fc.constantFrom(...ids).map(id => ({ id, title: id }))
const attempts: fc.Arbitrary<Attempt> = fc.record(
  {
    causeAfter: fc.integer({ min: 0, max: 3_600_000 }),
    remedies: fc.array(remedy, { maxLength: 6 }),
    hints: fc.integer({ min: 0, max: 5 }),
    recovered: fc.boolean(),
  },
  { requiredKeys: ['remedies', 'hints', 'recovered'] },
)
const expectations: fc.Arbitrary<Expected> = fc.record(
  { needed: fc.subarray([...ids]), outOfReach: fc.constant('It cannot be done from here.') },
  { requiredKeys: ['needed'] },
)
const totals = (one: Attempt, other: Attempt, expected: Expected) =>
  [score(one, expected).total, score(other, expected).total] as const

const flawless: Attempt = {
  causeAfter: 60_000,
  remedies: [{ id: 'nginx/reload', title: 'Have nginx look its servers up again' }],
  hints: 0,
  recovered: true,
}
const mendable: Expected = { needed: ['nginx/reload'] }

describe('whatever was done', () => {
  test('the score is a whole number from 0 to 100, and no rule gives more than it has', () => {
    fc.assert(
      fc.property(attempts, expectations, (attempt, expected) => {
        const { total, rules } = score(attempt, expected)
        expect(Number.isInteger(total)).toBe(true)
        expect(total).toBeGreaterThanOrEqual(0)
        expect(total).toBeLessThanOrEqual(100)
        for (const { points, of, why } of rules) {
          expect(points).toBeLessThanOrEqual(of)
          expect(why).toMatch(/\.$/)
        }
        expect(rules.reduce((sum, { of }) => sum + of, 0)).toBe(100)
      }),
    )
  })

  test('a hint never raises it', () => {
    fc.assert(
      fc.property(attempts, expectations, (attempt, expected) => {
        const [before, after] = totals(attempt, { ...attempt, hints: attempt.hints + 1 }, expected)
        expect(after).toBeLessThanOrEqual(before)
      }),
    )
  })

  test('one more remedy never raises it, and a needed one costs nothing', () => {
    fc.assert(
      fc.property(attempts, expectations, remedy, (attempt, expected, extra) => {
        const [before, after] = totals(
          attempt,
          { ...attempt, remedies: [...attempt.remedies, extra] },
          expected,
        )
        if (expected.needed.includes(extra.id)) expect(after).toBe(before)
        else expect(after).toBeLessThanOrEqual(before)
      }),
    )
  })

  test('a site that came back never lowers it', () => {
    fc.assert(
      fc.property(attempts, expectations, (attempt, expected) => {
        const [without, back] = totals(
          { ...attempt, recovered: false },
          { ...attempt, recovered: true },
          expected,
        )
        expect(back).toBeGreaterThanOrEqual(without)
      }),
    )
  })

  test('finding the cause sooner never lowers it, and finding it at all never does', () => {
    fc.assert(
      fc.property(attempts, expectations, fc.nat(3_600_000), (attempt, expected, sooner) => {
        const { causeAfter, ...never } = attempt
        const late = causeAfter ?? 3_600_000
        const [slow, quick] = totals(
          { ...attempt, causeAfter: late },
          { ...attempt, causeAfter: Math.min(late, sooner) },
          expected,
        )
        expect(quick).toBeGreaterThanOrEqual(slow)
        expect(slow).toBeGreaterThanOrEqual(score(never, expected).total)
      }),
    )
  })
})

describe('the scale', () => {
  test('everything done well is 100', () => {
    expect(score(flawless, mendable).total).toBe(100)
  })

  test('doing nothing is 0: leaving all alone is no merit by itself', () => {
    expect(score({ remedies: [], hints: 0, recovered: false }, mendable).total).toBe(0)
  })

  test('a site that is still broken costs its share', () => {
    expect(score({ ...flawless, recovered: false }, mendable).total).toBe(100 - SCALE.recovered)
  })

  test('where nothing can be mended from here, the cause is worth those points too', () => {
    const found = { ...flawless, remedies: [], recovered: false }
    expect(score(found, { needed: [], outOfReach: 'Elsewhere.' }).total).toBe(100)
  })

  test.each([
    [2, 40],
    [6, 25],
    [10, 10],
    [60, 10],
  ])('the cause after %d minutes is worth %d points', (minutes, points) => {
    const { rules } = score({ ...flawless, causeAfter: minutes * 60_000 }, mendable)
    expect(rules[1]).toMatchObject({ points, of: 40 })
  })

  test('hints cost more the more they tell, and all of them less than the cause', () => {
    expect([0, 1, 2, 3].map(costOfHint)).toEqual([5, 10, 15, 15])
    expect(SCALE.hints.reduce((sum, cost) => sum + cost, 0)).toBeLessThan(SCALE.cause)
    expect(score({ ...flawless, hints: 3 }, mendable).total).toBe(70)
  })

  test('a remedy that was not needed is named by its title', () => {
    const wrong = { id: 'docker/start-missing', title: 'Start what does not run' }
    const { total, rules } = score({ ...flawless, remedies: [wrong, wrong, wrong] }, mendable)
    expect(total).toBe(80)
    expect(rules[2]).toMatchObject({
      points: 0,
      why: 'Not needed: “Start what does not run”. Each time costs 10.',
    })
  })

  test('a time is said as one says it', () => {
    expect([0, 59_400, 60_000, 125_000].map(span)).toEqual(['0 s', '59 s', '1 min', '2 min 05 s'])
  })
})
