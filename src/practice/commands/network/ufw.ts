/** ufw(8). */

import type { Call } from '../../system/call.ts'
import type { Rule } from '../../world/ufw.ts'

export function ufw(call: Call): number {
  const { ufw: firewall } = call.world
  const words = call.words.filter(word => word !== '--force' && word !== '--dry-run')
  if (!call.process.isRoot) return say(call, 'ERROR: You need to be root to run this script', 1)
  const [verb = ''] = words
  switch (verb) {
    case 'status':
      return status(call, words[1] ?? '')
    case 'enable':
      firewall.setEnabled(true)
      call.world.systemd.unit('ufw.service').active = 'active'
      return say(call, 'Firewall is active and enabled on system startup')
    case 'disable':
      firewall.setEnabled(false)
      return say(call, 'Firewall stopped and disabled on system startup')
    case 'reload':
      return say(call, firewall.active ? 'Firewall reloaded' : 'Firewall not enabled (skipping reload)')
    case 'default': {
      const [, policy = '', direction = 'incoming'] = words
      const value = { allow: 'ACCEPT', deny: 'DROP', reject: 'REJECT' }[policy]
      const key = { incoming: 'INPUT', outgoing: 'OUTPUT', routed: 'FORWARD' }[direction]
      if (!value || !key) return say(call, 'ERROR: Invalid syntax', 1)
      firewall.set('/etc/default/ufw', `DEFAULT_${key}_POLICY`, `"${value}"`)
      return say(
        call,
        `Default ${direction} policy changed to '${policy}'\n(be sure to update your rules accordingly)`,
      )
    }
    case 'version':
    case '--version':
      return say(call, 'ufw 0.36.2')
  }
  return change(call, words)
}

function say(call: Call, text: string, status = 0): number {
  if (status === 0) call.line(text)
  else call.err(`${text}\n`)
  return status
}

function change(call: Call, words: readonly string[]): number {
  const { ufw: firewall } = call.world
  const rest = [...words]
  const routed = rest[0] === 'route'
  if (routed) rest.shift()
  const deletes = rest[0] === 'delete'
  if (deletes) rest.shift()
  const rule = parse(rest, routed)
  if (!rule) return say(call, 'ERROR: Invalid syntax', 1)
  const families =
    rule.from === 'any' ? ([4, 6] as const) : rule.from.includes(':') ? ([6] as const) : ([4] as const)
  for (const family of families) {
    if (family === 6 && !firewall.ipv6) continue
    const done = deletes ? firewall.remove(rule, family) : firewall.add(rule, family)
    const suffix = family === 6 ? ' (v6)' : ''
    if (deletes) call.line(done ? `Rule deleted${suffix}` : `Could not delete non-existent rule${suffix}`)
    else
      call.line(
        done
          ? `${firewall.active ? 'Rule added' : 'Rules updated'}${suffix}`
          : `Skipping adding existing rule${suffix}`,
      )
  }
  return 0
}

/** `allow 22/tcp`, `allow 80,443/tcp`, `allow from ADDRESS to any port N proto tcp`, `allow OpenSSH`. */
function parse(words: readonly string[], routed: boolean): Rule | null {
  const action = words.find(word => /^(allow|deny|limit|reject)$/.test(word)) as Rule['action'] | undefined
  if (!action) return null
  const rest = words.slice(words.indexOf(action) + 1).filter(word => word !== 'in')
  const after = (name: string): string | undefined => {
    const at = rest.indexOf(name)
    return at === -1 ? undefined : rest[at + 1]
  }
  const plain = /^(\d[\d,:]*|OpenSSH|ssh|http|https)(?:\/(tcp|udp))?$/.exec(rest[0] ?? '')
  const named = { OpenSSH: '22', ssh: '22', http: '80', https: '443' }[plain?.[1] ?? '']
  const ports = plain ? (named ?? plain[1] ?? '') : (after('port') ?? 'any')
  const protocol = (plain?.[2] ?? (named ? 'tcp' : after('proto')) ?? 'any') as Rule['protocol']
  if (!plain && after('port') === undefined && after('from') === undefined) return null
  return { action, protocol, ports, from: after('from') ?? 'any', routed }
}

function status(call: Call, kind: string): number {
  const { ufw: firewall } = call.world
  call.line(`Status: ${firewall.active ? 'active' : 'inactive'}`)
  if (!firewall.active) return 0
  if (kind === 'verbose') {
    const routed = firewall.policy('FORWARD') === 'deny' ? 'disabled' : firewall.policy('FORWARD')
    call.line('Logging: on (low)')
    call.line(
      `Default: ${firewall.policy('INPUT')} (incoming), ${firewall.policy('OUTPUT')} (outgoing), ${routed} (routed)`,
    )
    call.line('New profiles: skip')
  }
  const lines = ([4, 6] as const).flatMap(family =>
    firewall.rules(family).map(rule => {
      const mark = family === 6 ? ' (v6)' : ''
      const to = `${rule.ports}${rule.protocol === 'any' ? '' : `/${rule.protocol}`}${mark}`
      const from = rule.from.endsWith('/0') ? `Anywhere${mark}` : rule.from
      return `${to.padEnd(26)} ${`${rule.action.toUpperCase()} ${rule.routed ? 'FWD' : 'IN'}`.padEnd(11)} ${from}`
    }),
  )
  if (lines.length === 0) return 0
  call.line()
  call.line('To                         Action      From')
  call.line('--                         ------      ----')
  for (const [index, line] of lines.entries())
    call.line(kind === 'numbered' ? `[${String(index + 1).padStart(2)}] ${line}` : line)
  call.line()
  return 0
}

/** iptables(8) and ip6tables: only what is asked of Docker's chains. */
export function iptables(call: Call): number {
  if (
    !call.world.packages.has('docker.io') &&
    !call.world.packages.has('docker-ce') &&
    call.words.some(word => word.startsWith('DOCKER'))
  )
    return call.fail(`No chain/target/match by that name.`)
  const at = call.words.findIndex(word => word === '-S' || word === '-L')
  if (at === -1) {
    call.world.extraRules.push(call.words.join(' '))
    return 0
  }
  const chain = call.words[at + 1] ?? ''
  if (chain === 'DOCKER-USER') {
    call.line('-N DOCKER-USER')
    for (const rule of call.world.extraRules.filter(words => words.includes('DOCKER-USER')))
      call.line(rule.replace(/^-I (\S+)( \d+)?/, '-A $1'))
    call.line('-A DOCKER-USER -j RETURN')
  } else if (call.name === 'iptables') call.line(`-P INPUT ${call.world.ufw.active ? 'DROP' : 'ACCEPT'}`)
  else return call.fail('No chain/target/match by that name.')
  return 0
}
