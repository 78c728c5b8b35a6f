import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { writeFile } from '../../../src/model/action.ts'
import { sh } from '../../../src/model/script.ts'
import { bookOf, fileIsThere, scriptRemedy, stage } from '../engine/stage.ts'

const SECRET = 'canaryWritten7Kx2'
/** Put into an argument on purpose: when this one is not seen, nothing is. */
const CONTROL = 'controlInAnArgument'

/** The arguments and the environment of every process of this machine that can be read. */
const processes = (): string =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        return `${readFileSync(`/proc/${pid}/cmdline`)}\n${readFileSync(`/proc/${pid}/environ`)}`
      } catch {
        return ''
      }
    })
    .join('\n')

/** Threat 8: whoever may list processes reads what is in their arguments. A whole server is searched in lab/secrets.test.ts. */
describe.skipIf(process.platform !== 'linux')(
  'threat 8, secrets in arguments and environments (left out but on Linux)',
  () => {
    it('what is written into a file travels on standard input: it is in no script and in no process', async () => {
      const { username, gid } = userInfo()
      const on = stage()
      const env = join(on.folder, 'env')
      writeFileSync(env, 'DB_PASSWORD=old\n')
      const started = join(on.folder, 'started')
      // The candidate is held back while the processes are read.
      const slow = sh`touch ${started}; sh -c 'sleep 1; : controlInAnArgument'`
      const remedy = scriptRemedy('a/rotate', sh`true`, {
        params: z.object({}),
        plan: async () => ({
          actions: [
            writeFile(env, `DB_PASSWORD=${SECRET}\n`, { owner: `${username}:${gid}`, validate: slow }),
          ],
          touches: [],
          undo: '',
        }),
      })
      let seen = ''
      const watching = setInterval(() => {
        seen += processes()
      }, 100)
      await on.play(bookOf([fileIsThere('a/started', started, { remedies: [remedy] })]))
      clearInterval(watching)
      expect(readFileSync(env, 'utf8')).toContain(SECRET)
      expect(seen).toContain(CONTROL)
      expect(seen.includes(SECRET)).toBe(false)
      expect(on.machine.ran.some(script => script.includes(SECRET))).toBe(false)
    }, 30_000)
  },
)
