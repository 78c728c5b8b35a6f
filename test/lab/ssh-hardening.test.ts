import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DROP_IN } from '../../checks/ssh/drop-in.ts'
import { validateDropIn } from '../../checks/ssh/harden-scripts.ts'
import { sshChecks } from '../../checks/ssh/index.ts'
import { writeFileScript } from '../../src/engine/write-file.ts'
import { labIsPossible } from './index.ts'
import { logInWithPassword } from './password-login.ts'
import type { LabServer } from './server.ts'
import { type Lab, openLab } from './session.ts'
import { connectToLab, walk } from './walk.ts'

const PASSWORD = 'correct horse 7'
const anna = { user: 'anna', password: PASSWORD }
const allPass = sshChecks.map(({ id }) => `${id} pass`)

describe.skipIf(!(await labIsPossible()).possible)('hardening sshd', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab()
  })
  afterAll(() => lab?.close())

  describe('on a bare Debian server', () => {
    let server: LabServer
    beforeAll(async () => {
      server = await lab.startServer({ name: 'bare' })
      await server.must(`useradd -m -s /bin/bash anna && echo 'anna:${PASSWORD}' | chpasswd`)
      await server.must('cp -a /etc/ssh /root/ssh-as-it-was')
    })
    beforeEach(async () => {
      await server.must(`
        find /etc/ssh -mindepth 1 -delete && cp -a /root/ssh-as-it-was/. /etc/ssh/
        rm -rf /var/backups/kneeboard
        systemctl reset-failed ssh; systemctl restart ssh`)
      await server.waitForSsh()
    })

    test('a password that let somebody in before is refused after, and a second run offers nothing', async () => {
      expect(await logInWithPassword(server, anna)).toBe('let in')
      const first = await walk(server, sshChecks)
      expect(first.statuses).toEqual(allPass)
      expect(first.outcomes).toEqual(['ssh/harden proven'])
      expect(await logInWithPassword(server, anna)).toBe('refused')
      const second = await walk(server, sshChecks)
      expect(second.statuses).toEqual(allPass)
      expect(second.asked).toEqual([])
      const { summary } = second.verdict('ssh/password-login-refused')
      expect(summary).toContain(`because ${DROP_IN}:2 says PasswordAuthentication no`)
    })

    test('the way around by keyboard-interactive is closed, too', async () => {
      await server.must(`
        echo 'KbdInteractiveAuthentication yes' >/etc/ssh/sshd_config.d/40-totp.conf
        systemctl restart ssh`)
      const method = 'keyboard-interactive' as const
      expect(await logInWithPassword(server, { ...anna, method })).toBe('let in')
      const { statuses, verdict } = await walk(server, sshChecks)
      expect(statuses).toEqual(allPass)
      expect(verdict('ssh/keyboard-interactive-refused').summary).toContain(DROP_IN)
      expect(await logInWithPassword(server, { ...anna, method })).toBe('refused')
    })

    test('a file that says no while the daemon still runs with yes is found out from outside', async () => {
      await server.must(`echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/20-mine.conf`)
      const seen = await walk(server, sshChecks, { mode: 'check' })
      expect(seen.verdict('ssh/password-login-refused').status).toBe('pass')
      expect(seen.verdict('ssh/forbidden-login-refused').status).toBe('fail')
      expect(await logInWithPassword(server, anna)).toBe('let in')
      expect((await walk(server, sshChecks)).statuses).toEqual(allPass)
      expect(await logInWithPassword(server, anna)).toBe('refused')
    })

    test('a Match block that lets one user use a password is named and overridden', async () => {
      await server.must(`
        printf 'Match User anna\\n  PasswordAuthentication yes\\n' >>/etc/ssh/sshd_config
        systemctl restart ssh`)
      const { asked, statuses, events } = await walk(server, sshChecks)
      const first = events.find(
        event => event.type === 'check-finished' && event.check === 'ssh/password-login-refused',
      )
      expect(first).toMatchObject({ verdict: { status: 'fail' } })
      expect(asked[0]?.plan.touches.join()).toContain('(Match User anna): overridden')
      expect(statuses).toEqual(allPass)
      expect(await logInWithPassword(server, anna)).toBe('refused')
    })

    test('a main file without an Include gets one, above what it says itself', async () => {
      await server.must(`
        printf 'UsePAM yes\\nPasswordAuthentication yes\\nSubsystem sftp internal-sftp\\n' >/etc/ssh/sshd_config
        systemctl restart ssh`)
      const { statuses } = await walk(server, sshChecks)
      expect(statuses).toEqual(allPass)
      expect(await logInWithPassword(server, anna)).toBe('refused')
    })

    test('a candidate that sshd does not accept is never put in place', async () => {
      const machine = await connectToLab(server)
      try {
        const write = {
          type: 'write-file',
          title: 'Write it',
          path: DROP_IN,
          content: 'PasswordAuthentication maybe\n',
          mode: '0644',
          owner: 'root:root',
          before: null,
          validate: validateDropIn({ text: '', proof: [], overridden: [], needsInclude: false }).text,
        } as const
        const result = await machine.run(writeFileScript(write, '/var/backups/kneeboard/test'), {
          as: 'root',
          input: write.content,
        })
        expect(result.exitCode).not.toBe(0)
        expect(result.stderr).toContain('nothing was changed')
        // One that sshd takes, but that a line read before it would overrule, is no better.
        const weak = {
          ...write,
          content: 'Port 22\n',
          validate: validateDropIn({
            text: '',
            proof: [['passwordauthentication no']],
            overridden: [],
            needsInclude: false,
          }).text,
        }
        const refused = await machine.run(writeFileScript(weak, '/var/backups/kneeboard/test'), {
          as: 'root',
          input: weak.content,
        })
        expect(refused.stderr).toContain('with it sshd would not say: passwordauthentication no')
        expect((await server.exec('ls -A /etc/ssh/sshd_config.d')).stdout).toBe('')
        expect((await server.exec('sshd -t')).exitCode).toBe(0)
      } finally {
        await machine.close()
      }
    })

    test('AllowUsers made wrong after consent: no fresh login works, and the server takes it back by itself', async () => {
      const wrong = '/etc/ssh/sshd_config.d/05-team.conf'
      const { outcomes, events, verdict } = await walk(server, sshChecks, {
        policy: { sshRevertSeconds: 30 },
        consent: async ({ attempt }) => {
          if (attempt > 1) return { answer: 'no', by: 'test' }
          await server.must(`echo 'AllowUsers somebody-else' >${wrong}`)
          return { answer: 'yes', by: 'test' }
        },
      })
      expect(outcomes[0]).toBe('ssh/harden reverted')
      expect(events.find(event => event.type === 'guard-fired')).toMatchObject({
        reason: expect.stringContaining('a fresh login no longer worked'),
      })
      // The server is as it was when the plan was made, and what came in between is kept under another name.
      expect(await server.must('ls /etc/ssh/sshd_config.d')).toBe('05-team.conf.set-aside-by-kneeboard\n')
      expect(verdict('ssh/operator-can-return').status).toBe('pass')
      const machine = await connectToLab(server)
      expect((await machine.login({ with: 'credentials' })).outcome).toBe('accepted')
      await machine.close()
    })

    test('AllowUsers that is wrong already is named, and nothing is planned on top of it', async () => {
      await server.must(`echo 'AllowUsers somebody-else' >/etc/ssh/sshd_config.d/05-team.conf`)
      const { verdict, events, asked } = await walk(server, sshChecks)
      expect(verdict('ssh/operator-can-return')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining('/etc/ssh/sshd_config.d/05-team.conf:1'),
      })
      expect(events.find(event => event.type === 'remedy-not-planned')).toMatchObject({
        reason: expect.stringContaining('AllowUsers somebody-else turns root away'),
      })
      expect(asked).toEqual([])
    })

    test('root is shut out only when the deploy user can come back and become root', async () => {
      const params = { rootLogin: 'no' }
      const alone = await walk(server, sshChecks, { params })
      expect(alone.events.find(event => event.type === 'remedy-not-planned')).toMatchObject({
        reason: expect.stringContaining('root is to be shut out; there is no user deploy'),
      })
      await server.must(`
        useradd -m -s /bin/bash deploy
        install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
        install -m 600 -o deploy -g deploy /root/.ssh/authorized_keys /home/deploy/.ssh/authorized_keys
        echo 'deploy ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/deploy`)
      const { statuses, asked, verdict } = await walk(server, sshChecks, { params })
      expect(asked[0]?.plan.guard?.provenBy).toBe('deploy')
      expect(statuses).toEqual(allPass)
      const refused = () =>
        server.must(`journalctl -u ssh -o cat --since=-1min | grep -c 'ROOT LOGIN REFUSED'`)
      expect(verdict('ssh/forbidden-login-refused').status).toBe('pass')
      const tries = await refused()
      // Further runs do not try again: fail2ban would count them and shut us out.
      const again = await walk(server, sshChecks, { params, user: 'deploy' })
      expect(again.statuses).toEqual(allPass)
      expect(again.verdict('ssh/forbidden-login-refused').telling).toContain('ROOT LOGIN REFUSED FROM')
      expect(await refused()).toBe(tries)
    })

    test('the hardened server lets the operator in after a reboot', async () => {
      expect((await walk(server, sshChecks)).statuses).toEqual(allPass)
      await server.reboot()
      const again = await walk(server, sshChecks)
      expect(again.statuses).toEqual(allPass)
      expect(again.asked).toEqual([])
    })
  })

  test('where cloud-init turned passwords on and sshd is on 2222, they are off afterwards', async () => {
    const server = await lab.startServer({ name: 'awkward', variant: 'awkward' })
    await server.must(`echo 'debian:${PASSWORD}' | chpasswd`)
    const debian = { user: 'debian', password: PASSWORD }
    expect(await logInWithPassword(server, debian)).toBe('let in')
    const { statuses, events } = await walk(server, sshChecks)
    const first = events.find(
      event => event.type === 'check-finished' && event.check === 'ssh/password-login-refused',
    )
    expect(first).toMatchObject({
      verdict: {
        summary: expect.stringContaining(
          '/etc/ssh/sshd_config.d/50-cloud-init.conf:1 says PasswordAuthentication yes',
        ),
      },
    })
    expect(statuses).toEqual(allPass)
    expect(await logInWithPassword(server, debian)).toBe('refused')
  })

  test('Debian 13 is hardened the same way', async () => {
    const server = await lab.startServer({ name: 'trixie', release: 'trixie' })
    await server.must(`useradd -m -s /bin/bash anna && echo 'anna:${PASSWORD}' | chpasswd`)
    expect(await logInWithPassword(server, anna)).toBe('let in')
    expect((await walk(server, sshChecks)).statuses).toEqual(allPass)
    expect(await logInWithPassword(server, anna)).toBe('refused')
  })
})
