import { describe, expect, test } from 'vitest'
import { firstVisible } from '../../src/tui/components/list.tsx'
import { asOverwritten } from '../../src/tui/documents/remedy.ts'
import { layout } from '../../src/tui/layout.ts'
import { moved, scrolled, whereabouts } from '../../src/tui/scroll.ts'
import { ago, clock, duration } from '../../src/tui/words.ts'

describe('times as one says them', () => {
  test.each([
    [84, '84 ms'],
    [999.6, '1 s'],
    [1840, '1.8 s'],
    [4000, '4 s'],
    [41_400, '41 s'],
    [59_700, '1 min'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
  ])('%d ms is %s', (milliseconds, words) => {
    expect(duration(milliseconds)).toBe(words)
  })

  test('a running clock', () => {
    expect([clock(14_000), clock(3_723_000), clock(-5)]).toEqual(['00:14', '1:02:03', '00:00'])
  })

  test.each([
    ['2026-08-03T11:59:40Z', 'just now'],
    ['2026-08-03T11:15:00Z', '45 min ago'],
    ['2026-08-03T02:00:00Z', '10 h ago'],
    ['2026-08-02T11:00:00Z', 'yesterday'],
    ['2026-07-30T11:00:00Z', '4 days ago'],
    ['not a date', ''],
  ])('%s is %s', (at, words) => {
    expect(ago(at, Date.parse('2026-08-03T12:00:00Z'))).toBe(words)
  })
})

describe('live output', () => {
  test('a row that was written anew is shown as it was last', () => {
    expect(asOverwritten('Get:1\n10%␍40%␍100% [done]\nok␍\n')).toBe('Get:1\n100% [done]\nok')
  })
})

describe('where things go', () => {
  test.each([
    [59, 24, 'tiny'],
    [80, 15, 'tiny'],
    [60, 16, 'stacked'],
    [80, 24, 'stacked'],
    [99, 40, 'stacked'],
    [100, 24, 'beside'],
    [300, 80, 'beside'],
  ] as const)('%d columns and %d rows: %s', (columns, rows, arrangement) => {
    expect(layout(columns, rows).arrangement).toBe(arrangement)
  })

  test('the panels fill the body exactly, at every size', () => {
    for (let columns = 60; columns <= 300; columns += 7) {
      for (let rows = 16; rows <= 80; rows += 3) {
        const place = layout(columns, rows, 1, 9)
        const isBeside = place.arrangement === 'beside'
        const width = isBeside ? place.list.columns + place.detail.columns : place.list.columns
        const height = isBeside ? place.list.rows : place.list.rows + place.detail.rows
        expect([width, height + 1 + 2]).toEqual([columns, rows])
        expect(Math.min(place.list.rows, place.detail.rows)).toBeGreaterThan(4)
      }
    }
  })
})

describe('moving', () => {
  test('never leaves the list or the text', () => {
    expect([moved(0, 'up', 5, 3), moved(4, 'down', 5, 3), moved(2, 'last', 5, 3)]).toEqual([0, 4, 4])
    expect([scrolled(0, 'up', 10, 4), scrolled(6, 'pageDown', 10, 4), scrolled(0, 'last', 3, 4)]).toEqual([
      0, 6, 0,
    ])
  })

  test('says where one is only when not everything is visible', () => {
    expect(whereabouts(0, 10, 10)).toBeUndefined()
    expect(whereabouts(4, 10, 30)).toBe('5-14 of 30')
  })

  test('the selected row is always among the visible ones', () => {
    const entries = Array.from({ length: 40 }, (_, index) => ({ id: String(index), line: [] }))
    for (const [index] of entries.entries()) {
      const top = firstVisible(entries, String(index), 9)
      expect(index).toBeGreaterThanOrEqual(top)
      expect(index).toBeLessThan(top + 9)
    }
  })
})
