import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { resolveClientConfig } from '../../../src/host/client-config.ts'
import { connectTo } from '../../../src/host/connect.ts'
import { ownEnvironment } from '../../../src/host/own-path.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import { sh } from '../../../src/model/script.ts'

/** Threat 18: what runs on the operator’s own machine is made to be something else. */
describe('threat 18, local commands', () => {
  const { PATH } = process.env
  const before = process.cwd()
  afterEach(() => {
    process.env.PATH = PATH
    process.chdir(before)
  })

  it('a program planted in the folder at hand is not run, although PATH begins with that folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-threat-18-'))
    const marker = join(folder, 'owned')
    for (const name of ['ssh', 'sh', 'sudo', 'id', 'timeout', 'base64']) {
      writeFileSync(join(folder, name), `#!/bin/sh\ntouch ${marker}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    process.chdir(folder)
    process.env.PATH = `.::bin:${PATH}`
    const config = await resolveClientConfig({ host: 'example.org', configFile: '/dev/null' })
    expect(config.hostname).toBe('example.org')
    const machine = await connectTo({ host: 'localhost' }, refusingPrompter)
    const result = await machine.run(sh`id -un; command -v sh`)
    expect(result).toMatchObject({ ending: 'exited', exitCode: 0 })
    await machine.run(sh`true`, { as: 'root', timeoutSeconds: 5 })
    await machine.close()
    expect(existsSync(marker)).toBe(false)
  })

  it('a PATH of relative folders alone is replaced by the system’s', () => {
    expect(ownEnvironment({ PATH: '.:bin:' }).PATH).toBe('/usr/local/bin:/usr/bin:/bin')
    expect(ownEnvironment({ PATH: '.:/usr/bin:bin:/bin' }).PATH).toBe('/usr/bin:/bin')
  })

  it('nothing is started through a shell of the system', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(name =>
      /\.tsx?$/.test(name),
    )
    expect(sources.length).toBeGreaterThan(100)
    const careless = sources.filter(name =>
      /shell: ?(true|['"])|\bexecSync\(|import \{[^}]*\bexec\b[^}]*\} from 'node:child_process'|from 'zx'/.test(
        readFileSync(join('src', name), 'utf8'),
      ),
    )
    expect(careless).toEqual([])
  })
})
