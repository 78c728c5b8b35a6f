import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutLongLines, visible } from '../../../src/host/visible.ts'

const ESC = '\u001b'

/** Sequences that do something to a terminal or to the eye: none may get through. */
const HOSTILE: Record<string, string> = {
  'clipboard (OSC 52)': `${ESC}]52;c;cm0gLXJmIC8=\u0007`,
  'link (OSC 8)': `${ESC}]8;;http://evil\u001b\\click${ESC}]8;;${ESC}\\`,
  'title (OSC 0)': `${ESC}]0;root@db\u0007`,
  'title echo': `${ESC}[21t`,
  'cursor report': `${ESC}[6n`,
  'device attributes': `${ESC}[c`,
  'alternate screen': `${ESC}[?1049h`,
  'mouse reports': `${ESC}[?1000h`,
  reset: `${ESC}c`,
  'DCS request': `${ESC}P$q"p${ESC}\\`,
  APC: `${ESC}_Gi=1;AAAA${ESC}\\`,
  PM: `${ESC}^hidden${ESC}\\`,
  SOS: `${ESC}Xhidden${ESC}\\`,
  'lone escape': `a${ESC}`,
  'C1 CSI': '\u009b31mred',
  'C1 OSC': '\u009d0;title\u009c',
  'carriage return over': 'FAILED\rPASSED',
  'backspace over': 'FAILED\b\b\b\b\b\bPASSED',
  'shift out': '\u000e\u000f',
  enquiry: '\u0005',
  NUL: 'a\0b',
  delete: 'a\u007fb',
  'form feed': '\f\v',
  'right-to-left override': 'user\u202etxt.exe',
  isolate: '\u2066x\u2069',
  'zero width': 'pass\u200bword\u200d\ufeff',
  'line separator': 'a\u2028b\u2029c',
  'tag characters': '\u{e0041}\u{e007f}',
  'variation selector': 'x\ufe0f\u{e0100}',
  'soft hyphen': 'a\u00adb',
  filler: 'a\u3164\u115fb',
  'lone surrogate': 'a\ud83db',
  annotation: '\ufff9a\ufffab\ufffb',
  'musical control': '\u{1d173}x',
  noncharacter: '\ufffe\uffff',
}

const FORBIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\p{NChar}]/u

describe('visible', () => {
  it.each(Object.entries(HOSTILE))('shows %s instead of doing it', (_, text) => {
    const shown = visible(text)
    expect(shown).not.toMatch(FORBIDDEN)
    expect(shown).not.toBe(text)
    // Nothing is removed: every ordinary character is still there.
    for (const letter of text.match(/[A-Za-z]/g) ?? []) expect(shown).toContain(letter)
  })

  it('lets nothing through in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(visible(text)).not.toMatch(FORBIDDEN)
      }),
      { numRuns: 1000 },
    )
  })

  it('leaves ordinary text alone, in any script', () => {
    const text = 'Größe\t12 %\n日本語 العربية हिन्दी 😀 — “quoted” a\u0301'
    expect(visible(text)).toBe(text)
  })

  it('shows what is hidden in a way that can be looked up', () => {
    expect(visible(`${ESC}[31m\u202e\r`)).toBe('␛[31m<U+202E>␍')
  })

  it('cuts a pile of combining marks', () => {
    expect(visible(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}<46 more marks>b`)
  })

  it('changes nothing the second time', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => visible(visible(text)) === visible(text)))
  })
})

describe('cutLongLines', () => {
  it('cuts each line and says by how much', () => {
    const text = `short\n${'x'.repeat(2005)}\nend`
    expect(cutLongLines(text)).toBe(`short\n${'x'.repeat(2000)}… (5 more characters)\nend`)
  })

  it('does not split a character', () => {
    expect(cutLongLines('abc😀def', 4)).toBe('abc… (5 more characters)')
  })
})
