import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quote, sh } from '../../../src/model/script.ts'
import { SHELLS } from './shells.ts'

/** Made by a value that became syntax; nobody else knows its name. */
const MARKER = join(mkdtempSync(join(tmpdir(), 'kneeboard-quoting-')), 'marker')

/** Pieces that break careless quoting. */
const NASTY = fc.constantFrom(
  "'",
  '"',
  '\\',
  `$(touch ${MARKER})`,
  `\`touch ${MARKER}\``,
  '$HOME',
  '${IFS}',
  '\n',
  '\r',
  '\t',
  ' ',
  '~',
  '~root',
  '*',
  '?',
  '[a-z]',
  ';',
  '&',
  '|',
  '<',
  '>',
  '#',
  '!',
  '!!',
  '=',
  '-',
  '-oProxyCommand=x',
  '--',
  '{a,b}',
  '%s',
  '\\0',
  'é',
  '日',
  '😀',
  '\u001b[31m',
  '\u007f',
)
const value = fc
  .array(fc.oneof(NASTY, fc.string({ unit: 'binary' })), { maxLength: 6 })
  .map(parts => parts.join('').replaceAll('\0', '').toWellFormed())

describe('quoting', () => {
  it('is tried in at least one shell', () => {
    expect(SHELLS.length).toBeGreaterThan(0)
  })

  it.each(SHELLS)('comes back byte for byte through %s', (_, [program, ...words]) => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 100, maxLength: 400 }), values => {
        const script = `printf '%s\\0' ${values.map(quote).join(' ')}\n`
        const { stdout } = spawnSync(program, [...words, '-s'], { input: script })
        expect(stdout.toString('utf8').split('\0').slice(0, -1)).toEqual(values)
      }),
      { numRuns: 30 },
    )
  })

  it('runs nothing that a value holds', () => {
    expect(existsSync(MARKER)).toBe(false)
  })

  it.each(SHELLS)('keeps values of a template apart in %s', (_, [program, ...words]) => {
    const list = ["it's", '', 'two words', '$x', 'line\nbreak']
    const script = sh`
      set -- ${list}
      for value in "$@"; do printf '<%s>' "$value"; done
      printf %s ${'a b'} ${7}
    `
    const { stdout } = spawnSync(program, [...words, '-s'], { input: script.text })
    expect(stdout.toString()).toBe("<it's><><two words><$x><line\nbreak>a b7")
  })

  it('refuses a NUL byte', () => {
    expect(() => quote('a\0b')).toThrow(RangeError)
  })
})
