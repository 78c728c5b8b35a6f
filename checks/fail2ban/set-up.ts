import { z } from 'zod'
import { fail2ban, sshdJail } from '../../src/facts/fail2ban.ts'
import { packageVersion } from '../../src/facts/packages.ts'
import { sshPorts } from '../../src/facts/ssh-ports.ts'
import { sshdService } from '../../src/facts/sshd-service.ts'
import { type Action, runAction, writeFile } from '../../src/model/action.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { aptInstall } from '../packages/install.ts'

/** The last of the files that fail2ban reads, so that nobody's jail.local is touched (jail.conf(5)). */
export const JAIL = '/etc/fail2ban/jail.d/kneeboard.local'

/**
 * `python3-systemd` lets it read the journal. Which of the two packet filters bans go through differs between
 * releases, and the default's tool may be missing where the other one is there: with both, every default works.
 */
const PACKAGES = ['fail2ban', 'python3-systemd', 'iptables', 'nftables'] as const

export const setUp = remedy({
  id: 'fail2ban/set-up',
  title: 'Set fail2ban up for sshd',
  why: 'A jail file of its own that reads the journal, under every name that sshd logs by, and bans on the ports where sshd really listens. Your own jails stay as they are.',
  risk: 'Whoever fails too often is shut out for a while, you included: `sudo fail2ban-client set sshd unbanip ADDRESS` lets an address in again. Bans that stand now survive the restart.',
  grade: 'reversible',
  params: z.object({}),
  async plan(context) {
    const { read, policy } = context
    const missing = await missingPackages(context)
    const state = await read(fail2ban)
    const jail = state.answers ? await read(sshdJail) : null
    const ports = (await read(sshPorts)).map(({ port }) => port)
    const { unit } = await read(sshdService)
    const maxRetry = Math.min(jail?.maxRetry ?? policy.fail2banMaxRetry, policy.fail2banMaxRetry)
    return {
      actions: [
        // Before the package: with the file in place its very first start is a good one.
        writeFile(JAIL, jailText(unit, ports, maxRetry)),
        ...aptInstall(`Install ${missing.join(', ')}`, missing, policy),
        ...start(),
      ],
      touches: [JAIL, 'fail2ban.service', ...missing.map(name => `package ${name}`)],
      undo: `sudo rm ${JAIL} and sudo systemctl restart fail2ban${missing.includes('fail2ban') ? ', or sudo apt-get purge fail2ban' : ''}`,
      expectedSeconds: missing.length > 0 ? 40 : 5,
    }
  },
})

async function missingPackages({ read }: ReadContext): Promise<string[]> {
  const missing: string[] = []
  for (const name of PACKAGES) if ((await read(packageVersion, name)) === null) missing.push(name)
  return missing
}

/** Since OpenSSH 9.8 a login is handled, and logged, by a program called sshd-session. */
function jailText(unit: string, ports: readonly number[], maxRetry: number): string {
  return `# Written by Kneeboard. fail2ban reads it after jail.conf and jail.local, key by key.
[sshd]
enabled = true
backend = systemd
journalmatch = _SYSTEMD_UNIT=${unit} + _COMM=sshd + _COMM=sshd-session
port = ${ports.join(',')}
maxretry = ${maxRetry}
`
}

function start(): Action[] {
  return [
    runAction(
      'Let fail2ban read it, now and at every boot',
      sh`
      set -e
      fail2ban-client -t
      systemctl enable fail2ban.service
      systemctl restart fail2ban.service
    `,
    ),
    {
      type: 'wait',
      title: 'Wait until the jail for sshd is up',
      script: 'fail2ban-client ping && fail2ban-client status sshd',
      as: 'root',
      everySeconds: 0.5,
      timeoutSeconds: 30,
    },
  ]
}
