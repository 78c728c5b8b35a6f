/** The shell and awk that run on the server, run here: by dash, as there. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { envFunctions } from '../../../checks/configuration/edit-env.ts'
import { numberValues } from '../../../src/facts/env-reading.ts'

const shell = (script: string, input = ''): string => {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    input,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
}

/** Name, number, length and flags of each line. */
const numbered = (input: string): string[] =>
  shell(numberValues.text, input)
    .trim()
    .split('\n')
    .map(row => {
      const [kind, , name, number, length, , flags, plain] = row.split('\t')
      return [kind, name, number, length, flags, plain].join(' ').trim()
    })

describe('values are numbered', () => {
  test('the same value has the same number wherever it stands, in quotes or not', () => {
    expect(
      numbered(`@@ file /a
|A=secret1
|export B = "secret1" # a comment
|C='secret1'
|D=secret2
|# E=secret3
|F=with#hash # and a comment
@@ resolved -
|{
|  "name": "shop",
|  "services": {
|    "web": {
|      "environment": {
|        "A": "secret1",
|        "N": null,
|        "G": "a$$b\\u003c\\"c"
|      },
|      "image": "x"
|    }
|  },
|  "volumes": {
@@ container 12
|"A=secret1"
|"G=a$b<\\"c"
|"PATH=/bin"
`),
    ).toEqual([
      'file A 1 7 a',
      'file B 1 7 a',
      'file C 1 7 a',
      'file D 2 7 a',
      'file F 3 9 -',
      'resolved A 1 7 a',
      'resolved G 4 6 -',
      'container A 1 7 a',
      'container G 4 6 -',
      'container PATH 5 4 -',
    ])
  })

  test('placeholders, prefixes, open quotes, Windows line ends and empty values are told apart', () => {
    expect(
      numbered(
        '@@ file /a\n|A=change-me\n|B=live_abc\n|C=test_change-me\n|D="open\n|E=windows\r\n|F=\n|G=your-key-here\n|H=<fill in>\n',
      ),
    ).toEqual([
      'file A 1 9 p',
      'file B 2 8 l',
      'file C 3 14 tp',
      'file D 4 4 qa',
      'file E 5 7 a',
      'file F 6 0 -',
      'file G 7 13 p',
      'file H 8 9 p',
    ])
  })

  test('no value comes out but those of the names on the list, and these only where they look harmless', () => {
    const out = shell(
      numberValues.text,
      '@@ file /a\n|DB_PASSWORD=hunter22hunter\n|BACKEND_URL=https://shop.test\n|IMAGE_TAG=https://u:hunter22hunter@x\n',
    )
    expect(out).not.toContain('hunter22hunter')
    expect(out).toContain('https://shop.test')
  })
})

describe('an env file is changed on the server', () => {
  const file = (content: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'kneeboard-env-')), '.env')
    writeFileSync(path, content, { mode: 0o640 })
    return path
  }
  const edit = (path: string, script: string): string =>
    shell(`${envFunctions.text}\nset -e\nfile=${path}\n${script}`)

  test('one key, the last of two lines, keeping every other line and the mode', () => {
    const path = file("# first\nA=1\nexport B=2\nA=3\n\nURL='x=y'\n")
    edit(
      path,
      `value='p&q\\1/x|'; set_key "$file" A; value=new; set_key "$file" C; value=5; set_key "$file" B`,
    )
    expect(readFileSync(path, 'utf8')).toBe("# first\nA=1\nB=5\nA=p&q\\1/x|\n\nURL='x=y'\nC=new\n")
    expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  test('a name that begins like another is another', () => {
    const path = file('DB_PASSWORD_OLD=1\nDB_PASSWORD=2\n')
    edit(path, `value=3; set_key "$file" DB_PASSWORD`)
    expect(readFileSync(path, 'utf8')).toBe('DB_PASSWORD_OLD=1\nDB_PASSWORD=3\n')
  })

  test('a value is read without its quotes and its comment, raw with them', () => {
    const path = file(`A="quoted # no comment" # comment\nB=bare#part # comment\n`)
    expect(edit(path, `read_key "$file" A; read_key "$file" B; raw_key "$file" A`)).toBe(
      'quoted # no comment\nbare#part\n"quoted # no comment" # comment\n',
    )
  })

  test('what is generated is as long as asked for, and never twice the same', () => {
    const [one = '', other = ''] = edit('/dev/null', 'random 64; echo; random 64').split('\n')
    expect(one).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(other).not.toBe(one)
  })
})
