import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { whichChecks, whichRunbook } from '../../../src/cli/which-runbook.ts'
import { EXIT } from '../../../src/model/failure.ts'

const sources = ['src', 'checks', 'runbooks'].flatMap(folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => join(folder, name)),
)

/** Threat 6: a runbook that means harm. There is no way in for one: those that run are those that are built in. */
describe('threat 6, hostile runbooks', () => {
  const before = process.cwd()
  afterEach(() => process.chdir(before))

  it.each([
    'evil.ts',
    './evil.ts',
    '../evil',
    '/tmp/evil.mjs',
    'https://evil.example/evil.ts',
    'file:///tmp/evil',
  ])('none is loaded from elsewhere: %s is a name that nobody has', name => {
    process.chdir(mkdtempSync(join(tmpdir(), 'kneeboard-threat-6-')))
    for (const file of ['evil.ts', 'evil.mjs', 'runbook.yaml']) writeFileSync(file, 'process.exit(99)\n')
    const refused = expect.objectContaining({ exitCode: EXIT.usage })
    expect(() => whichRunbook(name)).toThrow(refused)
    expect(() => whichChecks([name])).toThrow(refused)
  })

  it('no text becomes a program: no module is loaded by a name that was made, nothing is evaluated', () => {
    expect(sources.length).toBeGreaterThan(200)
    // What loads by a fixed name is the program itself; a name in a variable could be anybody’s.
    const made = /\bimport\((?!\s*['"][^'"$]+['"]\s*\))|\brequire\((?!\s*['"][^'"$]+['"]\s*\))/
    const evaluated = /(?<![.\w])eval\(|\bnew Function\(|['"]node:vm['"]|\bsetTimeout\(\s*['"`]/
    const careless = sources.filter(path => {
      const text = readFileSync(path, 'utf8').replace(/^\s*(?:\*|\/\/).*$/gm, '')
      return made.test(text) || evaluated.test(text)
    })
    expect(careless).toEqual([])
  })
})
