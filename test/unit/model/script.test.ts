import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quote, sh, verbatim } from '../../../src/model/script.ts'

const shells = [['sh'], ['dash'], ['bash'], ['busybox', 'sh'], ['mksh']].filter(([name]) =>
  ['/bin', '/usr/bin'].some(folder => existsSync(`${folder}/${name}`)),
)
const nasty = fc.string({
  unit: fc.constantFrom(
    "'",
    '"',
    '$',
    '`',
    '\\',
    '\n',
    ' ',
    '~',
    '*',
    '-',
    '=',
    '!',
    '#',
    ';',
    '|',
    '&',
    '(',
    ')',
    'a',
    'é',
    '\u202e',
    '\t',
    '%',
  ),
})

test.each(shells)(
  'every value comes back as it was through %s',
  (...command) => {
    const [program = 'sh', ...before] = command.filter(Boolean)
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 40, maxLength: 60 }), values => {
        const script = values.map(value => `printf '%s\\0' ${quote(value)}`).join('\n')
        const output = execFileSync(program, [...before, '-s'], { input: script, encoding: 'utf8' })
        expect(output.split('\0').slice(0, -1)).toEqual(values)
      }),
      { numRuns: 30 },
    )
  },
  30_000,
)

test('a value never becomes syntax', () => {
  expect(sh`ls ${'$(reboot)'} ${'-rf'} ${"it's"}`.text).toBe(`ls '$(reboot)' -rf 'it'\\''s'`)
})

test('lists are quoted one by one, numbers and scripts go in as they are', () => {
  expect(sh`apt-get install ${['a b', 'c']} && sleep ${3} && ${verbatim('true')}`.text).toBe(
    `apt-get install 'a b' c && sleep 3 && true`,
  )
})

test('the template’s own indentation goes, a value’s lines stay', () => {
  expect(
    sh`
    if true; then
      cat ${'a\n    b'}
    fi
  `.text,
  ).toBe(`if true; then\n  cat 'a\n    b'\nfi`)
})

test('NUL, undefined and numbers without an end are refused', () => {
  expect(() => quote('a\0b')).toThrow(RangeError)
  expect(() => sh`sleep ${Number.NaN}`).toThrow(RangeError)
})
