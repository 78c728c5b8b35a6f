/** ufw's own notes of its rules, and what they make of one port. The first rule that fits decides (ufw(8)). */

import { Unreadable } from '../model/command.ts'
import { type Family, isWithin } from './address.ts'

export interface UfwRule {
  readonly family: Family
  readonly action: 'allow' | 'limit' | 'deny' | 'reject'
  readonly protocol: 'tcp' | 'udp' | 'any' | string
  /** `any`, one port, several with commas, or ranges `a:b`. */
  readonly ports: string
  readonly to: string
  readonly from: string
  readonly fromPorts: string
  /** `in`, `out`, or with an interface: `in_eth0`. */
  readonly direction: string
  /** False for rules about what is passed on to other machines and containers. */
  readonly local: boolean
  /** The note, verbatim. */
  readonly line: string
}

/** What the rules make of one port. */
export interface PortRule {
  /** `none`: no rule names it, so the default decides. */
  readonly action: UfwRule['action'] | 'none'
  /** True when only some addresses are meant, ours among them. */
  readonly restricted: boolean
  /** Rules that would let in certain other addresses, where no rule speaks of us. */
  readonly elsewhere: number
  readonly rule?: UfwRule
}

const ANYWHERE = ['0.0.0.0/0', '::/0', 'any']

/**
 * Reads `FILE:### tuple ### ACTION PROTO DPORT DST SPORT SRC [DAPP SAPP] DIRECTION [comment=…]` lines, as ufw
 * writes them into user.rules and user6.rules (`backend_iptables.py`, `_write_rules`).
 *
 * @throws Unreadable on a line of another shape.
 */
export function parseTuples(text: string): UfwRule[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(parseTuple)
}

function parseTuple(line: string): UfwRule {
  const [, file, note = ''] = /^(\/\S+?):### tuple ### (.*)$/.exec(line.trim()) ?? []
  const words = note.replace(/ comment=[0-9a-f]*$/, '').split(' ')
  const [verb = '', protocol = '', ports = '', to = '', fromPorts = '', from = ''] = words
  const action = verb.replace(/^route:/, '').replace(/_log.*$/, '')
  const direction = words.at(-1) ?? ''
  const isAction = action === 'allow' || action === 'limit' || action === 'deny' || action === 'reject'
  if (!file || !isAction || words.length < 7 || !/^(in|out)/.test(direction)) {
    throw new Unreadable(`the firewall’s rules could not be read: “${line.trim().slice(0, 100)}”`)
  }
  return {
    family: file.endsWith('user6.rules') ? 6 : 4,
    action,
    protocol,
    ports,
    to,
    from,
    fromPorts,
    direction,
    local: !verb.startsWith('route:'),
    line: line.trim(),
  }
}

/**
 * The first rule that fits a connection from outside to this port of this server.
 *
 * @param client our address, which a rule for some addresses may mean; null when it is not known.
 */
export function ruleFor(
  rules: readonly UfwRule[],
  wanted: { family: Family; port: number; protocol: 'tcp' | 'udp' },
  client: string | null,
): PortRule {
  let elsewhere = 0
  for (const rule of rules) {
    if (rule.family !== wanted.family || !concerns(rule, wanted)) continue
    const { action } = rule
    if (ANYWHERE.includes(rule.from)) return { action, restricted: false, elsewhere, rule }
    if (client !== null && isWithin(client, rule.from)) return { action, restricted: true, elsewhere, rule }
    if (action === 'allow' || action === 'limit') elsewhere += 1
  }
  return { action: 'none', restricted: false, elsewhere }
}

/** Whether a rule is about connections to this port of this server, on whatever interface. */
function concerns(rule: UfwRule, wanted: { port: number; protocol: 'tcp' | 'udp' }): boolean {
  return (
    rule.local &&
    rule.direction === 'in' &&
    (rule.protocol === 'any' || rule.protocol === wanted.protocol) &&
    ANYWHERE.includes(rule.to) &&
    rule.fromPorts === 'any' &&
    holdsPort(rule.ports, wanted.port)
  )
}

/** Whether a list of ports and ranges (`22`, `80,443`, `9000:9010`, `any`) holds one port. */
export function holdsPort(list: string, port: number): boolean {
  if (list === 'any') return true
  return list.split(',').some(part => {
    const [low = Number.NaN, high = low] = part.split(/[:-]/).map(Number)
    return port >= low && port <= high
  })
}
