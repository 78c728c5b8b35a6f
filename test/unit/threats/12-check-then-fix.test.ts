import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { STALE, writeFileScript } from '../../../src/engine/write-file.ts'
import { writeFile } from '../../../src/model/action.ts'
import { verbatim } from '../../../src/model/script.ts'
import { shellMachine } from '../../shell-machine.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from '../engine/stage.ts'

const { username, gid } = userInfo()
const owner = `${username}:${gid}`
const sha256 = async (text: string): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('hex')

/** Threat 12: the server changes between the look and the change. */
describe('threat 12, time of check and time of change', () => {
  it('a file that changed after it was shown is not written', async () => {
    const on = stage({
      consent: () => {
        writeFileSync(path, 'changed by somebody else\n')
        return { answer: 'yes', by: 'test' }
      },
    })
    const path = join(on.folder, 'app.conf')
    writeFileSync(path, 'as it was shown\n')
    const remedy = scriptRemedy('a/write', verbatim('true'), {
      params: z.object({}),
      plan: async () => ({ actions: [writeFile(path, 'new\n', { owner })], touches: [], undo: '' }),
    })
    const state = await on.play(bookOf([fileIsThere('a/x', join(on.folder, 'no'), { remedies: [remedy] })]))
    expect(readFileSync(path, 'utf8')).toBe('changed by somebody else\n')
    expect(state.remedies[0]).toMatchObject({
      outcome: 'failed',
      summary: expect.stringContaining('has changed since it was shown; nothing was written'),
    })
  })

  it('of two that write at once, shown the same file, one wins and the other is told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-threat-12-'))
    const path = join(folder, 'app.conf')
    for (let round = 0; round < 10; round += 1) {
      const old = `old ${round}\n`
      writeFileSync(path, old)
      const before = { content: old, sha256: await sha256(old), mode: '0644', owner }
      const results = await Promise.all(
        [1, 2].map(n => {
          const action = {
            type: 'write-file',
            title: '',
            path,
            content: `new ${n}\n`,
            mode: '0644',
            owner,
            before,
          } as const
          // Each run keeps what it replaces in a folder of its own.
          return shellMachine().run(writeFileScript(action, join(folder, `backup-${n}`)), {
            input: action.content,
          })
        }),
      )
      const codes = results.map(result => result.exitCode).sort()
      // Both may have compared before either renamed: then the last one stands, whole.
      expect([
        [0, 0],
        [0, STALE],
      ]).toContainEqual(codes)
      expect(readFileSync(path, 'utf8')).toMatch(/^new [12]\n$/)
    }
  })

  it('killed at any line, a write leaves the old file or the new one, never a mix', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-threat-12-'))
    const path = join(folder, 'app.conf')
    const old = 'old line\n'.repeat(1000)
    const fresh = 'new line\n'.repeat(2000)
    const before = { content: old, sha256: await sha256(old), mode: '0644', owner }
    const action = {
      type: 'write-file',
      title: '',
      path,
      content: fresh,
      mode: '0644',
      owner,
      before,
    } as const
    const lines = writeFileScript(action, join(folder, 'backup')).text.split('\n')
    const seen = new Set<string>()
    for (let line = 0; line <= lines.length; line += 1) {
      writeFileSync(path, old)
      const killed = [...lines.slice(0, line), 'kill -9 $$', ...lines.slice(line)].join('\n')
      await shellMachine().run(verbatim(killed), { input: fresh })
      const now = readFileSync(path, 'utf8')
      expect([old, fresh]).toContain(now)
      seen.add(now === old ? 'old' : 'new')
    }
    expect([...seen].sort()).toEqual(['new', 'old'])
    // What a killed write left beside the file is hidden, and not read by any *.conf include.
    const left = readdirSync(folder).filter(name => name !== 'app.conf' && name !== 'backup')
    expect(left.every(name => name.startsWith('.kneeboard.'))).toBe(true)
  })

  it('cut off from whoever listens, a write goes on to its end, and leaves nothing beside the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-threat-12-'))
    const path = join(folder, 'app.conf')
    const old = 'old\n'
    writeFileSync(path, old)
    const before = { content: old, sha256: await sha256(old), mode: '0644', owner }
    const validate = 'echo checking; echo checking >&2; sleep 0.2; echo good; echo good >&2'
    const action = {
      type: 'write-file',
      title: '',
      path,
      content: 'new\n',
      mode: '0644',
      owner,
      before,
      validate,
    } as const
    const script = writeFileScript(action, join(folder, 'backup'))
    // Both streams lead to a reader that has gone away, as when the session’s sshd is gone.
    const child = spawn('sh', ['-c', '{ sh -c "$0" 2>&1; } | true', script.text], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.end('new\n')
    await once(child, 'close')
    expect(readFileSync(path, 'utf8')).toBe('new\n')
    expect(readdirSync(folder).sort()).toEqual(['app.conf', 'backup'])
  })

  it('ended at its time limit, a write takes its candidate away, and puts no part of it in place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-threat-12-'))
    const path = join(folder, 'app.conf')
    const action = {
      type: 'write-file',
      title: '',
      path,
      content: 'new\n',
      mode: '0644',
      owner,
      before: null,
      validate: 'sleep 5',
    } as const
    const script = writeFileScript(action, join(folder, 'backup'))
    const child = spawn('timeout', ['1', 'sh', '-c', script.text], { stdio: ['pipe', 'ignore', 'ignore'] })
    child.stdin.end('new\n')
    await once(child, 'close')
    expect(readdirSync(folder)).toEqual([])
  })

  it('the new file takes the place of the old one in one step: a reader sees one or the other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-threat-12-'))
    const path = join(folder, 'app.conf')
    writeFileSync(path, 'old\n')
    const { ino } = statSync(path)
    const before = { content: 'old\n', sha256: await sha256('old\n'), mode: '0644', owner }
    const action = {
      type: 'write-file',
      title: '',
      path,
      content: 'new\n',
      mode: '0644',
      owner,
      before,
    } as const
    await shellMachine().run(writeFileScript(action, join(folder, 'backup')), { input: 'new\n' })
    expect(readFileSync(path, 'utf8')).toBe('new\n')
    expect(statSync(path).ino).not.toBe(ino)
  })
})
