import fc from 'fast-check'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { unicodeSymbols } from '../../src/tui/symbols.ts'
import { loadExactWidths, widthOf } from '../../src/tui/width.ts'

test('before the rules are there, all of our own signs and frames have one cell', () => {
  const signs = Object.values(unicodeSymbols).flat().join('')
  for (const sign of `${signs}╭╮╰╯│─╔╗╚╝═║“”’…×`) expect([sign, widthOf(sign)]).toEqual([sign, 1])
})

test('before the rules are there, the rest is estimated', () => {
  expect(widthOf('証明書')).toBe(6)
  expect(widthOf('\x1b[31mred\x1b[39m')).toBe(3)
})

test('with the rules, every text is as wide as string-width says', async () => {
  await loadExactWidths()
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), text => {
      expect(widthOf(text)).toBe(stringWidth(text))
    }),
    { numRuns: 2000 },
  )
  for (let code = 0x20; code < 0x3000; code += 1) {
    const text = `a${String.fromCodePoint(code)}b`
    expect([code.toString(16), widthOf(text)]).toEqual([code.toString(16), stringWidth(text)])
  }
})
