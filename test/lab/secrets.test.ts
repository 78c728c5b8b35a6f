/**
 * Threats 8 and 11: secrets on a real server. Every way in gets a value of its own; while a whole run uses them, the
 * arguments and environments of every process on both sides are read again and again; afterwards the server's logs,
 * histories and files are searched, and everything that Kneeboard stored and printed.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connectTo } from '../../src/host/connect.ts'
import type { ConnectRequest } from '../../src/host/connect-request.ts'
import type { Action } from '../../src/model/action.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail } from '../../src/model/verdict.ts'
import { asking } from '../integration/asking.ts'
import { wholeRun } from '../integration/whole-run.ts'
import { type Lab, type LabServer, labIsPossible, openLab, waitFor } from './index.ts'

const TAIL = 'Wq93hTz6'
const canary = (place: string): string => `canary${place}${TAIL}`
const SUDO_PASSWORD = canary('Sudo')
const WRONG_PASSWORD = canary('Wrong')
const PASSPHRASE = canary('Passphrase')
const OLD_VALUE = canary('Old')
const NEW_VALUE = canary('New')
const DSN_PASSWORD = canary('Dsn')
const URL_PASSWORD = canary('Url')
/** Put into the arguments of a process on purpose: when the sampler does not see this one, it sees nothing. */
const CONTROL = 'controlSeenBySampler'

/** Reads the arguments and environments of all processes of this machine, its containers' included, until stopped. */
function startSampler(folder: string): { stop(): Promise<string> } {
  const patterns = join(folder, 'patterns')
  writeFileSync(patterns, `${TAIL}\n${CONTROL}\n`, { mode: 0o600 })
  const flag = join(folder, 'sampling')
  writeFileSync(flag, '')
  const script = `while [ -e "$1" ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; sleep 0.01; done | grep -aFf "$2" | sort -u`
  const child: ChildProcess = spawn('sh', ['-c', script, 'sampler', flag, patterns])
  let seen = ''
  child.stdout?.on('data', chunk => {
    seen += chunk
  })
  return {
    async stop() {
      rmSync(flag)
      await once(child, 'close')
      return seen
    },
  }
}

describe.skipIf(!(await labIsPossible()).possible)('threats 8 and 11, secrets on a real server', () => {
  let lab: Lab
  let server: LabServer
  let request: ConnectRequest
  beforeAll(async () => {
    lab = await openLab()
    server = await lab.startServer({ name: 'secrets' })
    const folder = mkdtempSync(join(tmpdir(), 'kneeboard-secrets-'))
    const identity = join(folder, 'id')
    copyFileSync(server.identityFile, identity)
    execFileSync('chmod', ['600', identity])
    execFileSync('ssh-keygen', ['-q', '-p', '-N', PASSPHRASE, '-P', '', '-f', identity])
    // Only here does the server get the password: on standard input, as chpasswd takes it.
    await server.must(
      `command -v sudo >/dev/null || apt-get install -qqy sudo >/dev/null
       useradd -m -s /bin/bash anna && install -d -m 700 -o anna /home/anna/.ssh
       install -m 600 -o anna /root/.ssh/authorized_keys /home/anna/.ssh/authorized_keys
       echo 'anna ALL=(ALL) ALL' >/etc/sudoers.d/anna; mkdir -p /srv/app; chpasswd`,
      { input: `anna:${SUDO_PASSWORD}\n` },
    )
    await server.must('cat >/srv/app/.env; chmod 600 /srv/app/.env', {
      input: `DB_PASSWORD=${OLD_VALUE}\nDATABASE_URL=postgres://shop:${DSN_PASSWORD}@db/shop\n`,
    })
    await server.must('cat >/srv/app/remote; chmod 600 /srv/app/remote', {
      input: `https://deploy:${URL_PASSWORD}@git.example.org/shop.git\n`,
    })
    request = {
      host: server.ipv4,
      port: server.sshPort,
      user: 'anna',
      identity,
      knownHostsFiles: [server.knownHostsFile],
      sshConfigFile: '/dev/null',
    }
  })
  afterAll(() => lab?.close())

  const run = (title: string, script: string, lasting: boolean): Action => ({
    type: 'run',
    title,
    script,
    as: 'root',
    timeoutSeconds: 30,
    lasting,
  })

  test('of all of them nothing is seen in any process, log, history, journal or report', async () => {
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
            title: 'Set the key',
            path: '/srv/app/.env',
            keys: { DB_PASSWORD: NEW_VALUE },
          },
          run('Show it', 'cat /srv/app/.env /srv/app/remote; sleep 1', false),
          run('Show it from a job', 'cat /srv/app/.env /srv/app/remote >&2; sleep 1', true),
          run('Be seen', `sh -c 'sleep 1; : ${CONTROL}'`, false),
        ],
        touches: ['/srv/app/.env'],
        undo: 'set the old one',
        guard: { revert: sh`:`, afterSeconds: 60 },
      }),
    })
    const leaking = check({
      id: 'a/leak',
      title: 'Nothing is printed',
      why: 'It is.',
      params: z.object({}),
      remedies: [rotate],
      async probe({ run: read }) {
        const { stdout } = await read(sh`cat /srv/app/.env /srv/app/remote`, { as: 'root' })
        return fail('it is printed', { measured: stdout, remedies: [rotate] })
      },
    })
    const prompter = asking({ passphrase: [PASSPHRASE], sudoPassword: [WRONG_PASSWORD, SUDO_PASSWORD] })
    const sampler = startSampler(mkdtempSync(join(tmpdir(), 'kneeboard-sampler-')))
    const done = await wholeRun(request, [leaking], {}, prompter)
    const seen = await sampler.stop()

    // It all happened: the wrong password was tried, the right one worked, the value was written.
    expect(prompter.asked.map(({ kind }) => kind)).toEqual(['passphrase', 'sudoPassword', 'sudoPassword'])
    expect(done.state.remedies[0]?.actions.map(({ progress }) => progress)).toEqual([
      'done',
      'done',
      'done',
      'done',
    ])
    expect(await server.must('cat /srv/app/.env')).toContain(NEW_VALUE)

    expect(seen).toContain(CONTROL)
    expect(seen).not.toContain(TAIL)
    expect(done.everything).toContain('[secret:DB_PASSWORD, new]')
    expect(done.everything).not.toContain(TAIL)

    const logged = await server.must(`
      journalctl --no-pager -o verbose 2>/dev/null
      for file in /var/log/*.log /var/log/syslog /var/log/audit/* /root/.*_history /home/anna/.*_history; do
        [ -f "$file" ] && cat "$file"
      done; last -w 2>/dev/null; systemctl list-units --all --no-legend | cat; :`)
    expect(logged).toContain('anna')
    expect(logged).toMatch(/COMMAND=\/bin\/sh/)
    expect(logged).not.toContain(TAIL)

    // Outside the files that they belong in, and the backup of the one that was changed, they are nowhere.
    const files = await server.must(
      `grep -rlaF "$(cat)" /etc /home /root /run /tmp /var /srv --exclude-dir=proc 2>/dev/null | sort || :`,
      { input: TAIL },
    )
    const belongs = /^\/srv\/app\/(\.env|remote)$|^\/var\/backups\/kneeboard\/[^/]+\/_srv_app_\.env$/
    expect(files.split('\n').filter(file => file !== '' && !belongs.test(file))).toEqual([])
    const kept = await server.must(
      'stat -c "%a %U" /var/backups/kneeboard /var/backups/kneeboard/*/_srv_app_.env',
    )
    expect(kept).toBe('700 root\n600 root\n')
  })

  test('the password is never a command, whatever sudo asks for: ticket, NOPASSWD, refusal', async () => {
    const password = asking({
      passphrase: [PASSPHRASE],
      sudoPassword: [SUDO_PASSWORD, SUDO_PASSWORD, SUDO_PASSWORD],
    })
    const machine = await connectTo(request, password)
    expect(await machine.run(sh`id -u`, { as: 'root' })).toMatchObject({ stdout: '0\n' })
    await machine.close()

    await server.must(`echo 'anna ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/anna`)
    const none = asking({ passphrase: [PASSPHRASE] })
    const free = await connectTo(request, none)
    expect(await free.run(sh`id -u`, { as: 'root' })).toMatchObject({ stdout: '0\n' })
    expect(none.asked.map(({ kind }) => kind)).toEqual(['passphrase'])
    await free.close()

    await server.must('rm /etc/sudoers.d/anna')
    const refused = asking({ passphrase: [PASSPHRASE], sudoPassword: [SUDO_PASSWORD] })
    const shut = await connectTo(request, refused)
    expect(await shut.run(sh`id -u`, { as: 'root' })).toMatchObject({ ending: 'not-run' })
    await shut.close()

    await waitFor('the log', async () => (await server.must('journalctl --no-pager')).includes('anna'))
    const logged = await server.must('journalctl --no-pager -o verbose')
    expect(logged).not.toContain(TAIL)
    expect(readFileSync(request.identity ?? '', 'utf8')).toContain('PRIVATE KEY')
  })
})
