import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fail2banChecks } from '../../checks/fail2ban/index.ts'
import { firewallChecks } from '../../checks/firewall/index.ts'
import { labIsPossible } from './index.ts'
import { logInWithPassword } from './password-login.ts'
import type { LabServer } from './server.ts'
import { type Lab, openLab } from './session.ts'
import { waitFor } from './shell.ts'
import { walk } from './walk.ts'

const checks = [...firewallChecks, ...fail2banChecks]
const published = 'firewall/published-ports'

/** Everything passes; without Docker there is nothing to publish. */
const good = checks.map(({ id }) => `${id} ${id === published ? 'not-applicable' : 'pass'}`)

describe.skipIf(!(await labIsPossible()).possible)('the firewall and fail2ban', () => {
  let lab: Lab
  beforeAll(async () => {
    lab = await openLab()
  })
  afterAll(() => lab?.close())

  describe('on a bare Debian server', () => {
    let server: LabServer
    beforeAll(async () => {
      server = await lab.startServer({ name: 'bare' })
    })

    test('a rule against SSH that comes between consent and the switch: the server switches the firewall off again', async () => {
      await server.must(
        'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq ufw',
      )
      const { outcomes, events } = await walk(server, firewallChecks, {
        policy: { sshRevertSeconds: 30 },
        consent: async ({ plan, attempt }) => {
          if (plan.check !== 'firewall/ssh-port-allowed' || attempt > 1) return { answer: 'no', by: 'test' }
          await server.must('ufw prepend deny from 10.0.0.0/8 to any port 22 proto tcp')
          return { answer: 'yes', by: 'test' }
        },
      })
      expect(outcomes[0]).toBe('firewall/raise reverted')
      expect(events.find(event => event.type === 'guard-fired')).toMatchObject({
        reason: expect.stringContaining('fresh login'),
      })
      expect(await server.must('ufw status')).toContain('Status: inactive')
      // A rule against SSH that was there before is somebody’s decision: nothing is planned over it.
      const { events: after, asked } = await walk(server, firewallChecks)
      expect(asked).toEqual([])
      expect(after.find(event => event.type === 'remedy-not-planned')).toMatchObject({
        reason: expect.stringContaining('says deny to SSH on port 22'),
      })
      await server.must('ufw --force reset && apt-get purge -y -qq ufw && rm -rf /etc/ufw')
    })

    test('ufw comes up with SSH let in first, fail2ban hears sshd, and a second run offers nothing', async () => {
      const first = await walk(server, checks)
      expect(first.outcomes).toEqual([
        'firewall/install-ufw proven',
        'firewall/raise proven',
        'fail2ban/set-up proven',
      ])
      expect(first.statuses).toEqual(good)
      const raise = first.asked.find(({ plan }) => plan.remedy === 'firewall/raise')?.plan
      expect(raise?.actions.map(({ title }) => title)).toEqual([
        'Let SSH in first: 22',
        'Let visitors in: 80, 443',
        'Switch the firewall on, now and at every boot',
      ])
      expect(raise?.guard).toMatchObject({ revert: expect.stringContaining('ufw disable') })
      const second = await walk(server, checks)
      expect(second.statuses).toEqual(good)
      expect(second.asked).toEqual([])
    })

    test('they are still there after a reboot, and so is the way in', async () => {
      await server.reboot()
      await waitFor('fail2ban', async () => (await server.exec('fail2ban-client ping')).exitCode === 0)
      expect((await walk(server, checks, { mode: 'check' })).statuses).toEqual(good)
    })

    test('whoever keeps guessing is really shut out', async () => {
      await server.must(`
        useradd -m -s /bin/bash anna && echo 'anna:right' | chpasswd
        echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-aaa.conf && systemctl restart ssh`)
      // From our IPv6 address, so that the one that the tests work through is left alone.
      const guess = { user: 'anna', password: 'wrong', address: server.ipv6 }
      for (let tries = 0; tries < 5; tries += 1)
        expect(await logInWithPassword(server, guess)).toBe('refused')
      await waitFor('the ban', async () =>
        (await server.must('fail2ban-client status sshd')).includes('Currently banned:\t1'),
      )
      expect(await logInWithPassword(server, { ...guess, password: 'right' })).toBe('unreachable')
      expect(await logInWithPassword(server, { ...guess, password: 'right', address: server.ipv4 })).toBe(
        'let in',
      )
      await server.must(
        'fail2ban-client unban --all; rm /etc/ssh/sshd_config.d/00-aaa.conf; systemctl restart ssh',
      )
    })

    test('a jail that reads the wrong place, and one that bans on the wrong port, are found out and mended', async () => {
      await server.must(`
        sed -i 's/^journalmatch.*/journalmatch = _COMM=nobody/' /etc/fail2ban/jail.d/kneeboard.local
        systemctl restart fail2ban; until fail2ban-client status sshd; do sleep 0.2; done`)
      const deaf = await walk(server, fail2banChecks, { mode: 'check' })
      expect(deaf.verdict('fail2ban/sshd-jail').summary).toContain('the jail is deaf')
      expect((await walk(server, fail2banChecks)).outcomes).toEqual(['fail2ban/set-up proven'])
      await server.must(`
        sed -i 's/^port.*/port = 2200/' /etc/fail2ban/jail.d/kneeboard.local
        systemctl restart fail2ban; until fail2ban-client status sshd; do sleep 0.2; done`)
      const elsewhere = await walk(server, fail2banChecks)
      expect(elsewhere.asked[0]?.verdict.summary).toBe('a ban closes 2200, but sshd listens on 22')
      expect(elsewhere.outcomes).toEqual(['fail2ban/set-up proven'])
    })

    test('a rule taken away, a default turned around and IPv6 left out are each seen and put back', async () => {
      await server.must('ufw delete allow 443/tcp && ufw default allow incoming')
      await server.must(`sed -i 's/^IPV6=.*/IPV6=no/' /etc/default/ufw && ufw reload`)
      const seen = await walk(server, firewallChecks, { mode: 'check' })
      expect(seen.verdict('firewall/web-ports-allowed').status).toBe('fail')
      expect(seen.verdict('firewall/default-deny').summary).toContain('everything is let in')
      const { statuses, outcomes } = await walk(server, firewallChecks)
      expect(outcomes).toEqual(['firewall/raise proven'])
      expect(statuses).toEqual(good.slice(0, firewallChecks.length))
      expect(await server.must('ufw status verbose')).toContain('443/tcp (v6)')
    })

    test('a database that listens to the world is named with its program', async () => {
      await server.must('systemd-run -q --unit=db python3 -m http.server 5432 --bind 0.0.0.0')
      await waitFor(
        '5432',
        async () => (await server.exec('ss -Hltn sport = :5432 | grep -q .')).exitCode === 0,
      )
      const shielded = await walk(server, firewallChecks, { mode: 'check' })
      expect(shielded.verdict('firewall/unexpected-listeners')).toMatchObject({
        status: 'warn',
        summary: 'python3 on 5432/tcp listens to the world, and only the firewall stands before it',
      })
      await server.must('ufw allow 5432/tcp')
      const open = await walk(server, firewallChecks, { mode: 'check' })
      expect(open.verdict('firewall/unexpected-listeners')).toMatchObject({
        status: 'fail',
        telling: expect.stringContaining('0.0.0.0:5432'),
      })
      await server.must('ufw delete allow 5432/tcp; systemctl stop db')
    })

    test('a port that Docker publishes past ufw is seen; on 127.0.0.1 it is nobody’s business', async () => {
      await server.must(`
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq && apt-get install -y -qq docker.io busybox-static
        mkdir -p /tmp/root/bin && cp /bin/busybox /tmp/root/bin/sleep && tar -C /tmp/root -c . | docker import - lab/sleep`)
      await server.must('docker run -d --name db -p 5432:5432 lab/sleep /bin/sleep 600')
      const open = (await walk(server, firewallChecks, { mode: 'check' })).verdict(published)
      expect(open).toMatchObject({ status: 'fail', summary: expect.stringContaining('db 0.0.0.0:5432/tcp') })
      // On IPv6 docker-proxy stands behind ufw.
      expect(open.summary).not.toContain('[::]')
      await server.must('iptables -I DOCKER-USER -p tcp -m conntrack --ctorigdstport 5432 -j DROP')
      const closed = (await walk(server, firewallChecks, { mode: 'check' })).verdict(published)
      expect(closed).toMatchObject({ status: 'pass', summary: expect.stringContaining('DOCKER-USER') })
      await server.must(
        'docker rm -f db; docker run -d --name db -p 127.0.0.1:5432:5432 -p 80:80 lab/sleep /bin/sleep 600',
      )
      const quiet = (await walk(server, firewallChecks, { mode: 'check' })).verdict(published)
      expect(quiet).toMatchObject({ status: 'pass', measured: '80' })
    })
  })

  test('where sshd is on 2222, that is the port which is let in, watched and banned on', async () => {
    const server = await lab.startServer({ name: 'awkward', variant: 'awkward' })
    const { statuses, verdict } = await walk(server, checks)
    expect(statuses).toEqual(good)
    expect(verdict('firewall/ssh-port-allowed').summary).toContain('port 2222 on IPv6')
    expect(await server.must('ufw status')).not.toMatch(/^22\/tcp/m)
    expect(verdict('fail2ban/sshd-jail').measured).toContain('on 2222')
  })

  test('Debian 13 comes out the same', async () => {
    const server = await lab.startServer({ name: 'trixie', release: 'trixie' })
    expect((await walk(server, checks)).statuses).toEqual(good)
  })
})
