import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openPlaces } from '../../../src/config/places.ts'
import { openTargets } from '../../../src/config/targets.ts'
import { createJournal, readJournal, reopenJournal } from '../../../src/engine/journal.ts'
import { EXIT } from '../../../src/model/failure.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'kneeboard-threat-10-'))
const refused = expect.objectContaining({ exitCode: EXIT.configuration })
const mode = (path: string): number => statSync(path).mode & 0o777

/** Threat 10: other users of the operator’s machine, who plant files where ours will be. */
describe('threat 10, a laptop with other users', () => {
  const before = process.umask()
  afterEach(() => void process.umask(before))

  it('everything is the operator’s alone, whatever the umask', () => {
    process.umask(0)
    const home = join(folder(), 'home')
    const places = openPlaces({ KNEEBOARD_HOME: home })
    const targets = openTargets(places.config)
    targets.add({ name: 'web-1', environment: 'staging', host: 'h', stack: {} })
    const journal = createJournal(join(places.runs, 'x.jsonl'))
    journal.append({ type: 'note', at: '', text: 'x' })
    expect([mode(home), mode(places.runs)]).toEqual([0o700, 0o700])
    expect([mode(targets.path), mode(journal.path), mode(`${journal.path}.writer`)]).toEqual([
      0o600, 0o600, 0o600,
    ])
    journal.close()
  })

  it('a folder that is a link is refused', () => {
    const home = folder()
    const elsewhere = folder()
    symlinkSync(elsewhere, join(home, 'runs'))
    expect(() => openPlaces({ KNEEBOARD_HOME: home })).toThrow(refused)
    const link = join(folder(), 'link')
    symlinkSync(elsewhere, link)
    expect(() => openPlaces({ KNEEBOARD_HOME: link })).toThrow(refused)
  })

  it.each([0o777, 0o770, 0o720, 0o702])('a folder that others may write to (mode %o) is refused', open => {
    const home = folder()
    chmodSync(home, open)
    expect(() => openPlaces({ KNEEBOARD_HOME: home })).toThrow(refused)
  })

  it('a folder in one that everybody may rename things in is refused', () => {
    const outer = folder()
    mkdirSync(join(outer, 'home'), { mode: 0o700 })
    chmodSync(outer, 0o777)
    expect(() => openPlaces({ KNEEBOARD_HOME: join(outer, 'home') })).toThrow(refused)
    // As /tmp is: there only a file's owner may rename it.
    chmodSync(outer, 0o1777)
    expect(openPlaces({ KNEEBOARD_HOME: join(outer, 'home') }).config).toBe(join(outer, 'home'))
  })

  it.runIf(process.getuid?.() === 0)(
    'a folder of another user is refused (left out unless run as root)',
    () => {
      const home = folder()
      chownSync(home, 65534, 65534)
      expect(() => openPlaces({ KNEEBOARD_HOME: home })).toThrow(refused)
    },
  )

  it('a journal is never written through a planted link, into a planted file or into a pipe', () => {
    const runs = folder()
    const victim = join(folder(), 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(runs, 'link.jsonl'))
    writeFileSync(join(runs, 'file.jsonl'), '')
    execFileSync('mkfifo', [join(runs, 'pipe.jsonl')])
    for (const name of ['link', 'file', 'pipe']) {
      expect(() => createJournal(join(runs, `${name}.jsonl`))).toThrow(refused)
    }
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  })

  it('a journal that was replaced by a link or a pipe is neither read nor gone on with, at once', () => {
    const runs = folder()
    const other = createJournal(join(folder(), 'other.jsonl'))
    other.close()
    symlinkSync(other.path, join(runs, 'link.jsonl'))
    execFileSync('mkfifo', [join(runs, 'pipe.jsonl')])
    mkdirSync(join(runs, 'folder.jsonl'))
    for (const name of ['link', 'pipe', 'folder']) {
      expect(() => readJournal(join(runs, `${name}.jsonl`))).toThrow(refused)
      expect(() => reopenJournal(join(runs, `${name}.jsonl`))).toThrow(refused)
    }
  })

  it.each([
    ['no JSON', '{"version":1,"targets":[{'],
    ['another shape', '{"version":1,"targets":[{"name":"x","command":"rm -rf /"}]}'],
    ['a prototype', '{"version":1,"targets":[],"__proto__":{"polluted":true}}'],
    [
      'a target whose host is an option',
      '{"version":1,"targets":[{"name":"-x","environment":"staging","host":"h"}]}',
    ],
    ['brackets without end', '['.repeat(200_000)],
    ['bytes that are no text', '\u0000\ufffd'],
  ])('a configuration edited to hold %s is one sentence, and is left as it is', (_, text) => {
    const home = folder()
    writeFileSync(join(home, 'targets.json'), text)
    expect(() => openTargets(home).list()).toThrow(refused)
    expect(readFileSync(join(home, 'targets.json'), 'utf8')).toBe(text)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
