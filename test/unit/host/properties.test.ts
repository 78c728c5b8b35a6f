/** What must hold for every input there is: no crash, no leak, no injection. 100 000 cases with KNEEBOARD_THOROUGH=1. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { harmless } from '../../../src/host/evidence.ts'
import { FrameParser } from '../../../src/host/frames.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import { visible } from '../../../src/host/visible.ts'
import { quote } from '../../../src/model/script.ts'
import { ALL_CASES, cases, PROPERTY_TIMEOUT, THOROUGH } from '../../thorough.ts'
import { SHELLS } from './shells.ts'

/** What may stand in no text that is shown or stored. */
const ACTING = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\p{NChar}]/u

const NONCE = '0123456789abcdef0123456789abcdef'

/** Arbitrary bytes, and bytes that look like what the parser looks for. */
const hostileBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map(bytes => Buffer.from(bytes)),
      fc
        .constantFrom(
          NONCE,
          `${NONCE} `,
          `${NONCE} end 1 0\n`,
          `${NONCE} begin 1\n`,
          NONCE.slice(0, 31),
          '\n',
          ' ',
        )
        .map(text => Buffer.from(text)),
    ),
    { maxLength: 8 },
  )
  .map(parts => Buffer.concat(parts))

/** Text as servers send it at their worst: any code unit, control sequences, assignments, half of everything. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 })
        .map(units => String.fromCharCode(...units)),
      fc.constantFrom(
        '\u001b]52;c;AAAA\u0007',
        '\u001b[31m',
        '\u009b0m',
        '\u202e',
        '\u200b',
        'password=',
        'token: ',
        '-----BEGIN RSA PRIVATE KEY-----\n',
        '-----END RSA PRIVATE KEY-----',
        'https://user:',
        '@',
        '"',
        "'",
        '\\',
        '${',
        '\n',
        '\u0301\u0301\u0301\u0301\u0301\u0301',
      ),
    ),
    { maxLength: 10 },
  )
  .map(parts => parts.join(''))

/** As passwords are: long enough to be told from chance, none of the words that stand everywhere. */
const secret = fc
  .string({ unit: 'grapheme-ascii', minLength: 10, maxLength: 40 })
  .filter(value => value.trim().length >= 10 && new Set(value).size > 5)

describe('for any input', () => {
  it(
    'the frame parser hands on every byte once and in order, and no mark that was not whole',
    () => {
      fc.assert(
        fc.property(hostileBytes, fc.array(fc.nat({ max: 200 }), { maxLength: 6 }), (bytes, cuts) => {
          const back: Buffer[] = []
          let marks = 0
          const parser = new FrameParser(NONCE, {
            data: data => back.push(Buffer.from(data)),
            mark: words => {
              marks += 1
              back.push(Buffer.from(`${NONCE} ${words.join(' ')}\n`, 'latin1'))
            },
          })
          const at = [...new Set(cuts)].sort((a, b) => a - b)
          for (const [index, end] of [...at, bytes.length].entries()) {
            parser.feed(bytes.subarray(at[index - 1] ?? 0, Math.max(end, at[index - 1] ?? 0)))
          }
          parser.finish()
          expect(Buffer.concat(back).equals(bytes)).toBe(true)
          const text = bytes.toString('latin1')
          expect(marks).toBeLessThanOrEqual(text.split(`${NONCE} `).length - 1)
        }),
        { numRuns: cases(2000) },
      )
    },
    PROPERTY_TIMEOUT,
  )

  it(
    'the sanitiser leaves nothing that acts, and changes nothing the second time',
    () => {
      fc.assert(
        fc.property(hostileText, text => {
          const shown = visible(text)
          expect(shown).not.toMatch(ACTING)
          expect(visible(shown)).toBe(shown)
        }),
        { numRuns: cases(2000) },
      )
    },
    PROPERTY_TIMEOUT,
  )

  it(
    'the redactor leaves no known value, in whatever form and company it comes',
    () => {
      const forms = fc.constantFrom<(value: string) => string>(
        value => value,
        value => Buffer.from(value).toString('base64'),
        value => Buffer.from(value).toString('base64url'),
        value => encodeURIComponent(value.toWellFormed()),
        value => JSON.stringify(value),
        value => `'${value.replaceAll("'", `'\\''`)}'`,
        value => `${value.slice(0, 5)}\u001b[1m${value.slice(5)}`,
        value => [...value].join('\u200b'),
      )
      fc.assert(
        fc.property(secret, forms, hostileText, hostileText, (value, form, before, after) => {
          const redactor = createRedactor()
          redactor.learn('x', value)
          const shown = harmless(`${before}${form(value)}${after}`, redactor)
          expect(shown).not.toMatch(ACTING)
          expect(shown).not.toContain(value.trim())
          // What is left without the pictures of what was hidden in it must not spell the value either.
          const bare = shown.replace(/<U\+[0-9A-F]+>|\u241b\[[0-9;]*m/g, '')
          expect(bare).not.toContain(value.trim())
        }),
        { numRuns: cases(1000) },
      )
    },
    PROPERTY_TIMEOUT,
  )

  it(
    'an assignment to the name of a secret shows no value, wherever it stands',
    () => {
      const name = fc.constantFrom(
        'PASSWORD',
        'db_password',
        'API_TOKEN',
        'secretKey',
        'aws-secret-access-key',
      )
      const sign = fc.constantFrom('=', ': ', ' = ', ':=', '=>')
      const value = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{9,30}$/).filter(text => /\d/.test(text))
      const around = fc.stringMatching(/^[ -~]{0,20}$/)
      fc.assert(
        fc.property(name, sign, value, around, (key, between, hidden, rest) => {
          const shown = harmless(`${rest}\n${key}${between}${hidden}\n${rest}`, createRedactor())
          expect(shown.split('\n').slice(1, -1).join('\n')).not.toContain(hidden)
        }),
        { numRuns: cases(2000) },
      )
    },
    PROPERTY_TIMEOUT,
  )
})

/** Values that break careless quoting, in any order and company; without NUL, which no shell can carry. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          "'",
          '"',
          '\\',
          '$',
          '`',
          '$(',
          ')',
          '${IFS}',
          '\n',
          '\r',
          '\t',
          ' ',
          '~',
          '*',
          '?',
          '[a-z]',
          ';',
          '&',
          '|',
        ],
        ...[
          '<',
          '>',
          '#',
          '!',
          '=',
          '-',
          '--',
          '-oProxyCommand=',
          '{a,b}',
          '%s',
          '%n',
          'é',
          '日',
          '😀',
          '\u001b',
          '\u007f',
        ],
        ...['$(touch owned)', '`touch owned`', ';touch owned;', '\ntouch owned\n', "';touch owned;'"],
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 6 },
  )
  .map(parts => parts.join('').replaceAll('\0', '').toWellFormed())

/** Values in one shell: starting a shell for each would measure nothing but that. */
const BATCH = 250

describe.each(SHELLS)('quoting for %s', (_, [program, ...words]) => {
  it(
    'gives back every byte of every value, and runs none of it',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'kneeboard-quoting-'))
      fc.assert(
        fc.property(fc.array(nasty, { minLength: BATCH, maxLength: BATCH }), values => {
          const script = `printf '%s\\0' ${values.map(quote).join(' ')}\n`
          const { stdout } = spawnSync(program, [...words, '-s'], { input: script, cwd: folder })
          expect(stdout.toString('utf8').split('\0').slice(0, -1)).toEqual(values)
          expect(existsSync(join(folder, 'owned'))).toBe(false)
        }),
        { numRuns: THOROUGH ? ALL_CASES / BATCH : 8, endOnFailure: true },
      )
      rmSync(folder, { recursive: true })
    },
    PROPERTY_TIMEOUT,
  )
})
