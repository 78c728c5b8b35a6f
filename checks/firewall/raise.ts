import { z } from 'zod'
import { sshPorts } from '../../src/facts/ssh-ports.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { type UfwSettings, type UfwStatus, ufwRules, ufwSettings, ufwStatus } from '../../src/facts/ufw.ts'
import { ruleFor, type UfwRule } from '../../src/facts/ufw-rules.ts'
import { type Action, runAction } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { type Guard, remedy } from '../../src/model/remedy.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'
import { webPorts } from '../parameters.ts'

const PATH = verbatim('PATH=$PATH:/usr/sbin:/sbin')

export const raise = remedy({
  id: 'firewall/raise',
  title: 'Let SSH and the web in, keep the rest out',
  why: 'SSH first, on the port that sshd really listens on, then the web ports, then the default, and only then the switch: in this order no step can shut you out.',
  risk: 'Whatever else is reached from outside stops being reachable: look at the list of listening sockets first. If no fresh login works afterwards, the server switches the firewall off again by itself.',
  grade: 'disruptive',
  params: z.object({ webPorts }),
  async plan({ params, policy, read }) {
    const status = await read(ufwStatus)
    const settings = await read(ufwSettings)
    const rules = await read(ufwRules)
    const client = (await read(sshSession)).client?.address ?? null
    const ssh = (await read(sshPorts)).map(({ port }) => port)
    const actions = [
      ...ipv6(settings),
      ...allow(
        'Let SSH in first',
        ssh.filter(port => !isOpen(rules, port, client)),
        takeUpIpv6(status, settings),
      ),
      ...allow(
        'Let visitors in',
        params.webPorts.filter(port => !isNamed(rules, port)),
      ),
      ...defaults(status, settings),
      ...switchOn(status, settings),
    ]
    const guard = guardFor(status, settings, policy.sshRevertSeconds)
    return {
      actions,
      touches: [
        'the rules of ufw',
        ...(settings.ipv6 ? [] : ['/etc/default/ufw']),
        'every port from outside',
      ],
      interrupts: status.active
        ? 'Nothing that is let in today'
        : `New connections from outside to anything but ${[...new Set([...ssh, ...params.webPorts])].join(', ')}; what Docker publishes stays open`,
      undo: status.active
        ? 'sudo ufw status numbered, then sudo ufw delete NUMBER for each rule that was added'
        : 'sudo ufw disable',
      expectedSeconds: 5,
      ...(guard ? { guard } : {}),
    }
  },
})

function ipv6(settings: UfwSettings): Action[] {
  if (settings.ipv6) return []
  return [
    {
      type: 'set-env',
      title: 'Make every rule one for IPv6, too',
      path: '/etc/default/ufw',
      keys: { IPV6: 'yes' },
    },
  ]
}

/**
 * A firewall that is on adds no IPv6 rule until it has made its IPv6 chains. It goes into one script with the rule
 * for SSH, since the connection at hand may be one that the new chains do not know.
 */
function takeUpIpv6(status: UfwStatus, settings: UfwSettings): string[] {
  if (!status.active || settings.ipv6) return []
  return [settings.enabled ? 'ufw reload' : 'ufw --force enable']
}

/** ufw itself makes it a rule for both families, and skips the one that is there already. */
function allow(title: string, ports: readonly number[], before: readonly string[] = []): Action[] {
  const lines = [...before, ...ports.map(port => `ufw allow ${port}/tcp`)]
  if (lines.length === 0) return []
  return [runAction(ports.length > 0 ? `${title}: ${ports.join(', ')}` : 'Take IPv6 up', script(lines))]
}

function defaults(status: UfwStatus, settings: UfwSettings): Action[] {
  const lines: string[] = []
  if ((status.incoming ?? settings.incoming) === 'allow') lines.push('ufw default deny incoming')
  // Only on a firewall that is off: on a working one, whoever closed the way out meant it.
  if (!status.active && settings.outgoing !== 'allow') lines.push('ufw default allow outgoing')
  return lines.length === 0 ? [] : [runAction('Keep everything else out', script(lines))]
}

function switchOn(status: UfwStatus, settings: UfwSettings): Action[] {
  const lines: string[] = []
  if (!status.active || !settings.enabled) lines.push('ufw --force enable')
  if (settings.unit !== '' && !settings.unit.startsWith('enabled')) lines.push('systemctl enable ufw.service')
  return lines.length === 0 ? [] : [runAction('Switch the firewall on, now and at every boot', script(lines))]
}

const script = (lines: readonly string[]): Script => sh`
  set -e
  ${PATH}
  export LC_ALL=C
  ${verbatim(lines.join('\n'))}
`

/** Adding a rule that lets in can shut nobody out; everything else is guarded. */
function guardFor(status: UfwStatus, settings: UfwSettings, afterSeconds: number): Guard | undefined {
  const lines: string[] = []
  if (!status.active) lines.push('ufw disable')
  else {
    if (status.incoming === 'allow') lines.push('ufw default allow incoming')
    if (!settings.ipv6) lines.push("sed -i 's/^IPV6=yes$/IPV6=no/' /etc/default/ufw", 'ufw reload')
  }
  if (lines.length === 0) return undefined
  return { revert: sh`${PATH}\n${verbatim(lines.join('\n'))}`, afterSeconds }
}

/**
 * Whether SSH gets in for us on both families already.
 *
 * @throws Unreadable when a rule is against it that only its author should take away.
 */
function isOpen(rules: readonly UfwRule[], port: number, client: string | null): boolean {
  const found = ([4, 6] as const).map(family => ruleFor(rules, { family, port, protocol: 'tcp' }, client))
  const against = found.find(({ action }) => action === 'deny' || action === 'reject')
  if (against) {
    throw new Unreadable(
      `a rule of ufw says ${against.action} to SSH on port ${port} before any rule lets it in: find it with “sudo ufw status numbered” and take it out first, or switching on would shut you out`,
    )
  }
  if (found.some(({ restricted }) => restricted)) return true
  if (found.some(({ action, elsewhere }) => action === 'none' && elsewhere > 0)) {
    throw new Unreadable(
      `SSH on port ${port} is let in for certain addresses, and yours (${client ?? 'unknown'}) is not one of them: add yours by hand first, with “sudo ufw allow from ADDRESS to any port ${port} proto tcp”`,
    )
  }
  return found.every(({ action }) => action !== 'none')
}

/** Whether rules say anything of a web port on both families: what is refused or narrowed on purpose is left alone. */
function isNamed(rules: readonly UfwRule[], port: number): boolean {
  return ([4, 6] as const).every(family => {
    const { action, elsewhere } = ruleFor(rules, { family, port, protocol: 'tcp' }, null)
    return action !== 'none' || elsewhere > 0
  })
}
