/** ufw, the firewall of Debian and Ubuntu: whether it stands, what it lets in, and what it is set to. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { parseTuples, type UfwRule } from './ufw-rules.ts'

export type UfwPolicy = 'allow' | 'deny' | 'reject'

export interface UfwStatus {
  /** Its rules are in the kernel now. */
  readonly active: boolean
  /** What happens to what no rule names; null while it is inactive. */
  readonly incoming: UfwPolicy | null
  readonly outgoing: UfwPolicy | null
  /** The line that says so, verbatim. */
  readonly line: string
}

export interface UfwSettings {
  /** `IPV6` in /etc/default/ufw: without it every rule is for IPv4 alone. */
  readonly ipv6: boolean
  /** What it will do by default once it is active. */
  readonly incoming: UfwPolicy
  readonly outgoing: UfwPolicy
  /** `ENABLED` in /etc/ufw/ufw.conf: it comes up with the server. */
  readonly enabled: boolean
  /** Whether systemd starts it: `enabled`, `disabled`, `masked` …; empty where systemd does not know it. */
  readonly unit: string
}

/** Whether the ufw command is there. @throws Unreadable when that could not be looked up. */
export const ufwInstalled = fact('ufw/installed', async context => {
  const result = await context.run(
    sh`PATH=$PATH:/usr/sbin:/sbin; if command -v ufw; then :; else echo absent; fi`,
    { as: 'root' },
  )
  return outputOf(result, 'whether ufw is installed').trim() !== 'absent'
})

/** @throws Unreadable when ufw gives no status. */
export const ufwStatus = fact('ufw/status', async context => {
  const result = await context.run(sh`PATH=$PATH:/usr/sbin:/sbin; LC_ALL=C ufw status verbose`, {
    as: 'root',
  })
  return parseStatus(outputOf(result, 'the firewall’s status'))
})

/** @throws Unreadable when its files cannot be read. */
export const ufwSettings = fact('ufw/settings', async context => {
  const result = await context.run(
    sh`
      cat /etc/default/ufw /etc/ufw/ufw.conf || exit 1
      printf '\\nUNIT=%s\\n' "$(systemctl is-enabled ufw.service 2>/dev/null)"
    `,
    { as: 'root' },
  )
  return parseSettings(outputOf(result, 'the firewall’s settings'))
})

/** The operator's rules in their order, active or not. @throws Unreadable when they cannot be read. */
export const ufwRules = fact('ufw/rules', async (context): Promise<UfwRule[]> => {
  const result = await context.run(
    sh`
      for file in /etc/ufw/user.rules /etc/ufw/user6.rules; do
        [ -e "$file" ] || continue
        grep -H '^### tuple ###' "$file" || [ $? = 1 ] || exit 2
      done
    `,
    { as: 'root' },
  )
  return parseTuples(outputOf(result, 'the firewall’s rules'))
})

/** Reads `ufw status verbose`. @throws Unreadable when it says neither active nor inactive. */
export function parseStatus(text: string): UfwStatus {
  const [line, state] = /^Status: (active|inactive)$/m.exec(text) ?? []
  if (!line) throw new Unreadable('the firewall’s status could not be read: ufw names none')
  const [defaults, incoming, outgoing] =
    /^Default: (\w+) \(incoming\), (\w+) \(outgoing\).*$/m.exec(text) ?? []
  if (state === 'active' && !defaults) {
    throw new Unreadable('the firewall’s status could not be read: ufw names no default')
  }
  return {
    active: state === 'active',
    incoming: policyOf(incoming),
    outgoing: policyOf(outgoing),
    line: defaults ?? line,
  }
}

/** Reads the two settings files and the unit's state. @throws Unreadable when a default policy is missing. */
export function parseSettings(text: string): UfwSettings {
  const value = (key: string) =>
    [...text.matchAll(new RegExp(`^\\s*${key}=["']?([^"'\\s#]*)`, 'gm'))].at(-1)?.[1] ?? ''
  const incoming = policyOf(value('DEFAULT_INPUT_POLICY'))
  const outgoing = policyOf(value('DEFAULT_OUTPUT_POLICY'))
  if (incoming === null || outgoing === null) {
    throw new Unreadable(
      'the firewall’s settings could not be read: /etc/default/ufw names no default policy',
    )
  }
  return {
    ipv6: value('IPV6').toLowerCase() === 'yes',
    incoming,
    outgoing,
    enabled: value('ENABLED').toLowerCase() === 'yes',
    unit: value('UNIT'),
  }
}

/** ufw's word for a policy, from its own words or from those of iptables. */
function policyOf(word: string | undefined): UfwPolicy | null {
  switch (word?.toLowerCase()) {
    case 'allow':
    case 'accept':
      return 'allow'
    case 'deny':
    case 'drop':
      return 'deny'
    case 'reject':
      return 'reject'
    default:
      return null
  }
}
