import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ConnectRequest } from '../../../src/host/connect-request.ts'
import { createRedactor } from '../../../src/host/redact.ts'
import type { Action } from '../../../src/model/action.ts'
import { check } from '../../../src/model/check.ts'
import { Unreadable } from '../../../src/model/command.ts'
import { remedy } from '../../../src/model/remedy.ts'
import { sh } from '../../../src/model/script.ts'
import { fail } from '../../../src/model/verdict.ts'
import { asking } from '../asking.ts'
import { makeKey, type Sshd, sshdInstalled, startSshd } from '../sshd.ts'
import { wholeRun } from '../whole-run.ts'

/** One for each way in. None has a shape that is known: only its place gives it away. */
const TAIL = 'Zx81qLw0'
const canary = (place: string): string => `canary${place}${TAIL}`
const CANARIES = {
  envOld: canary('Old'),
  envNew: canary('New'),
  envNeutral: 'q7Rk2mXv9TbN4cLw8PzH',
  dsn: canary('Dsn'),
  userInfo: canary('Url'),
  assignment: canary('Assigned'),
  header: canary('Header'),
  cookie: canary('Cookie'),
  passphrase: canary('Passphrase'),
  password: canary('Password'),
} as const

const asUser = userInfo().username

/** Threat 9: secrets in what we show, store, print and throw. */
describe.skipIf(!sshdInstalled)(
  'threat 9, secrets in our own output (left out without openssh-server)',
  () => {
    let sshd: Sshd
    let request: ConnectRequest
    let env: string
    let privateKey: string
    beforeAll(async () => {
      sshd = await startSshd()
      const identity = makeKey(join(sshd.folder, 'id_locked'), 'ed25519', CANARIES.passphrase)
      writeFileSync(sshd.authorizedKeys, readFileSync(`${identity}.pub`))
      const { host, port, user, clientConfig: sshConfigFile } = sshd
      request = { host, port, user, identity, sshConfigFile }
      env = join(sshd.folder, 'env')
      privateKey = readFileSync(makeKey(join(sshd.folder, 'leaked')), 'utf8')
      writeFileSync(
        env,
        `DB_PASSWORD=${CANARIES.envOld}\nDATABASE_URL=postgres://shop:${CANARIES.dsn}@db:5432/shop\nDEBUG=false\n`,
      )
      writeFileSync(
        join(sshd.folder, 'leaks'),
        [
          privateKey,
          `remote: https://deploy:${CANARIES.userInfo}@git.example.org/shop.git`,
          `smtp_password: ${CANARIES.assignment}`,
          `Authorization: Bearer ${CANARIES.header}`,
          `Set-Cookie: sessionid=${CANARIES.cookie}; HttpOnly`,
          `echoed back: ${CANARIES.passphrase} ${CANARIES.password}`,
          '',
        ].join('\n'),
      )
    })
    afterAll(() => sshd?.stop())

    function leakyChecks() {
      const run = (title: string, script: string, lasting = false): Action => ({
        type: 'run',
        title,
        script,
        as: 'login',
        timeoutSeconds: 20,
        lasting,
      })
      const leaks = join(sshd.folder, 'leaks')
      // Half of the secret, a pause, the other half: two pieces of live output.
      const halves = `v=$(sed -n 's/^DB_PASSWORD=//p' ${env}); printf 'it is %.9s' "$v"; sleep 0.4; echo "${'$'}{v#?????????}"`
      const rotate = remedy({
        id: 'a/rotate',
        title: 'Set a new password',
        why: 'It is old.',
        risk: 'None.',
        grade: 'reversible',
        params: z.object({}),
        plan: async () => ({
          actions: [
            {
              type: 'set-env',
              title: 'Set the keys',
              path: env,
              keys: { DB_PASSWORD: CANARIES.envNew, SHOP_FLAVOUR: CANARIES.envNeutral },
            },
            run('Show the file', `cat ${env}`),
            run('Say it in two pieces', halves),
            run('Say it from a job', `cat ${leaks}; ${halves}; cat ${env} >&2`, true),
            run('Fail with it', `cat ${env} ${leaks} >&2; exit 3`),
          ],
          touches: [env],
          undo: `set DB_PASSWORD back to ${CANARIES.envOld}`,
        }),
      })
      const leaking = check({
        id: 'a/leak',
        title: 'Nothing is printed that is a secret',
        why: 'It is.',
        params: z.object({ password: z.string() }),
        remedies: [rotate],
        async probe({ run: read }) {
          const { stdout } = await read(sh`cat ${leaks} ${env}`)
          return fail(stdout, { measured: stdout, expected: stdout, advice: stdout, remedies: [rotate] })
        },
      })
      const throwing = check({
        id: 'a/throw',
        title: 'It can be read',
        why: 'It cannot.',
        params: z.object({}),
        async probe({ run: read }) {
          const { stdout } = await read(sh`cat ${leaks}`)
          throw new Unreadable(stdout)
        },
      })
      const breaking = check({
        id: 'a/break',
        title: 'It does not break',
        why: 'It does.',
        params: z.object({}),
        async probe({ run: read }) {
          const { stdout } = await read(sh`cat ${leaks}`)
          throw new Error(stdout)
        },
      })
      return [leaking, throwing, breaking]
    }

    const bodyOf = (key: string): string[] =>
      key.split('\n').filter(line => line !== '' && !line.startsWith('-----'))

    it('no way in leads out: journal, events, reports, progress', async () => {
      execFileSync('chown', [asUser, env])
      const redactor = createRedactor()
      redactor.learn('password', CANARIES.password)
      const prompter = asking({ passphrase: [CANARIES.passphrase] })
      const params = { password: CANARIES.password }
      const run = await wholeRun(request, leakyChecks(), params, prompter, redactor)
      expect(run.state.remedies[0]).toMatchObject({ outcome: 'failed' })
      expect(run.state.remedies[0]?.actions.map(({ progress }) => progress)).toEqual([
        'done',
        'done',
        'done',
        'done',
        'failed',
      ])
      // They were there to be found: the file was written, and the commands printed it.
      expect(readFileSync(env, 'utf8')).toContain(CANARIES.envNew)
      expect(run.everything).toContain('[secret:DB_PASSWORD, new]')
      for (const [place, value] of Object.entries(CANARIES)) {
        expect(run.everything.includes(value), `${place} got out`).toBe(false)
        expect(run.everything.includes(Buffer.from(value).toString('base64')), `${place} in Base64`).toBe(
          false,
        )
      }
      // Not even a piece of one, as where output is cut in two.
      expect(run.everything).not.toContain(TAIL)
      for (const line of bodyOf(privateKey)) expect(run.everything).not.toContain(line)
    })

    it('when the redactor fails, what it could not redact is left out, in every place', async () => {
      const broken = {
        learn: () => {},
        known: () => 0,
        redact: (): string => {
          throw new Error(`it broke on ${CANARIES.envNew}`)
        },
      }
      const prompter = asking({ passphrase: [CANARIES.passphrase] })
      const run = await wholeRun(request, leakyChecks(), { password: CANARIES.password }, prompter, broken)
      expect(run.everything).toContain('[left out: the text could not be redacted]')
      for (const [place, value] of Object.entries(CANARIES)) {
        expect(run.everything.includes(value), `${place} got out`).toBe(false)
      }
      for (const line of bodyOf(privateKey)) expect(run.everything).not.toContain(line)
    })
  },
)
