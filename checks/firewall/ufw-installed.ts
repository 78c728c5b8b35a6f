import { z } from 'zod'
import { otherFirewalls } from '../../src/facts/other-firewalls.ts'
import { ufwInstalled } from '../../src/facts/ufw.ts'
import { check } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { aptInstall } from '../packages/install.ts'

export const installUfw = remedy({
  id: 'firewall/install-ufw',
  title: 'Install ufw',
  why: 'ufw is the firewall that Debian and Ubuntu document and maintain. Installed, it is still off: the rules come before it is switched on.',
  risk: 'Installing changes no rule and closes nothing.',
  grade: 'reversible',
  params: z.object({}),
  async plan({ policy }) {
    return {
      actions: aptInstall('Install ufw', ['ufw'], policy),
      touches: ['package ufw, with iptables'],
      undo: 'sudo apt-get purge ufw',
      expectedSeconds: 20,
    }
  },
})

export const ufwIsInstalled = check({
  id: 'firewall/ufw-installed',
  title: 'ufw is installed',
  why: 'Without a firewall every service that listens by accident is on the internet. One firewall is enough: two that write the same tables undo each other.',
  params: z.object({}),
  remedies: [installUfw],
  async probe({ read }) {
    const others = await read(otherFirewalls)
    if (others.length > 0) {
      return fail(`${others.join(' and ')} runs, which would fight with ufw over the same rules`, {
        measured: others.join(', '),
        expected: 'ufw alone',
        advice: `Decide for one. To change over: note its rules, then sudo systemctl disable --now ${others.join(' ')}.`,
      })
    }
    if (!(await read(ufwInstalled))) {
      return fail('there is no ufw command', {
        measured: 'absent',
        expected: 'installed',
        telling: 'absent',
        remedies: [installUfw],
      })
    }
    return pass('the ufw command is there', { measured: 'installed', expected: 'installed' })
  },
})
