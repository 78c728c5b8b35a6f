import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exact, labelled } from '../../src/tui/documents/build.ts'
import {
  breakAnywhere,
  cut,
  cutLine,
  lineWidth,
  spread,
  visible,
  widthOf,
  wrapWords,
} from '../../src/tui/lines.ts'
import { unicodeSymbols } from '../../src/tui/symbols.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 120 })
const page = (width: number) => ({ width, symbols: unicodeSymbols })

describe('text as rows', () => {
  test('a text that is too long is cut with a mark, counting cells and not characters', () => {
    expect(cut('certificate', 8)).toBe('certifi…')
    expect(cut('証明書の期限', 7)).toBe('証明書…')
    expect(cut('short', 8)).toBe('short')
  })

  test('no cut text is wider than asked', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 60 }), (words, width) => {
        expect(widthOf(cut(words, width))).toBeLessThanOrEqual(width)
      }),
    )
  })

  test('broken text loses nothing', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (words, width) => {
        expect(breakAnywhere(words, width).join('')).toBe(words)
      }),
    )
  })

  test('wrapped prose fits and keeps its words in order', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 2, max: 60 }), (words, width) => {
        const rows = wrapWords(words, width)
        for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(width)
        expect(rows.join('').replaceAll(/\s/g, '')).toBe(visible(words).replaceAll(/\s/g, ''))
      }),
    )
  })

  test('rows to be read exactly fit, and mark where they go on', () => {
    const rows = exact(page(20), 'apt-get -y install docker.io docker-compose-v2', { gutter: { text: '$ ' } })
    expect(rows.map(row => row.map(span => span.text).join(''))).toEqual([
      '$ apt-get -y install',
      '  ↪  docker.io ',
      '  ↪ docker-compose-v',
      '  ↪ 2',
    ])
  })

  test('rows to be read exactly give the text back', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 12, max: 60 }), (words, width) => {
        const rows = exact(page(width), words)
        const back = rows.map(row => row.at(-1)?.text ?? '').join('')
        expect(back).toBe(words.split('\n').map(visible).join(''))
      }),
    )
  })

  test('every row of an exact text fits its width', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 12, max: 80 }), (words, width) => {
        for (const row of exact(page(width), words, { gutter: { text: '+ ' } }))
          expect(lineWidth(row)).toBeLessThanOrEqual(width)
      }),
    )
  })

  test('what would not show, or would show in another order, is made visible', () => {
    expect(visible('a\x1b[31mb')).toBe('a␛[31mb')
    expect(visible('rm \u202e fdp.exe')).toBe('rm <U+202E> fdp.exe')
    expect(visible('👩\u200d👧 🇩🇪 👍🏽')).toBe('👩<U+200D>👧 <U+1F1E9><U+1F1EA> 👍<U+1F3FD>')
    expect(visible('a\tb')).toBe('a       b')
    expect(visible('naïve 証明書')).toBe('naïve 証明書')
  })

  test('the right end of a row stays, the left one gives way', () => {
    const row = spread([{ text: 'Password login is refused' }], [{ text: 'failed' }], 20)
    expect(row.map(span => span.text).join('')).toBe('Password log… failed')
    expect(lineWidth(row)).toBe(20)
  })

  test('a row of several spans is cut in the span that goes over', () => {
    const row = cutLine([{ text: 'abc' }, { text: 'defgh', tone: 'bad' }, { text: 'xyz' }], 6)
    expect(row).toEqual([{ text: 'abc' }, { text: 'de…', tone: 'bad' }])
  })

  test('a label stands once, and its text hangs beside it', () => {
    const rows = labelled(page(24), 'Why', 'Bots try passwords all day', undefined, 6)
    expect(rows.map(row => row.map(span => span.text).join(''))).toEqual([
      'Why   Bots try passwords',
      '      all day',
    ])
  })
})
