/** ufw: rules in its own files, and whether they are in the kernel. */

import type { FileSystem } from '../system/file-system.ts'
import { within } from './names.ts'

export interface Rule {
  readonly action: 'allow' | 'deny' | 'limit' | 'reject'
  readonly protocol: 'tcp' | 'udp' | 'any'
  readonly ports: string
  readonly from: string
  readonly routed: boolean
}

const ANYWHERE = { 4: '0.0.0.0/0', 6: '::/0' } as const

export class Ufw {
  readonly #files: FileSystem
  /** Rules are in the kernel. */
  active = false

  constructor(files: FileSystem) {
    this.#files = files
  }

  get installed(): boolean {
    return this.#files.exists('/usr/sbin/ufw')
  }

  get ipv6(): boolean {
    return this.setting('IPV6').toLowerCase() === 'yes'
  }

  /** A value of /etc/default/ufw. */
  setting(key: string): string {
    return new RegExp(`^${key}=["']?([^"'\\s#]*)`, 'm').exec(this.#files.text('/etc/default/ufw'))?.[1] ?? ''
  }

  set(path: string, key: string, value: string): void {
    const text = this.#files.text(path)
    this.#files.write(path, text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${value}`), 0o644)
  }

  get enabled(): boolean {
    return /^ENABLED=yes$/m.test(this.#files.text('/etc/ufw/ufw.conf'))
  }

  setEnabled(on: boolean): void {
    this.set('/etc/ufw/ufw.conf', 'ENABLED', on ? 'yes' : 'no')
    this.active = on
  }

  #path(family: 4 | 6): string {
    return family === 4 ? '/etc/ufw/user.rules' : '/etc/ufw/user6.rules'
  }

  rules(family: 4 | 6): Rule[] {
    return [
      ...this.#files
        .text(this.#path(family))
        .matchAll(/^### tuple ### (route:)?(\w+?)(?:_log\S*)? (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$/gm),
    ].map(([, routed, action, protocol, ports = '', , , from = '']) => ({
      action: action as Rule['action'],
      protocol: protocol as Rule['protocol'],
      ports,
      from,
      routed: routed !== undefined,
    }))
  }

  /** @returns false when the same rule is there already. */
  add(rule: Rule, family: 4 | 6): boolean {
    const from = rule.from === 'any' ? ANYWHERE[family] : rule.from
    const path = this.#path(family)
    const tuple = `### tuple ### ${rule.routed ? 'route:' : ''}${rule.action} ${rule.protocol} ${rule.ports} ${ANYWHERE[family]} any ${from} in`
    const text = this.#files.text(path)
    if (text.includes(`${tuple}\n`)) return false
    const chain = family === 4 ? 'ufw-user-input' : 'ufw6-user-input'
    const lines = `${tuple}\n-A ${chain} -p tcp --dport ${rule.ports} -j ACCEPT\n\n### END RULES ###`
    this.#files.write(path, text.replace('### END RULES ###', lines), 0o640)
    return true
  }

  remove(rule: Rule, family: 4 | 6): boolean {
    const from = rule.from === 'any' ? ANYWHERE[family] : rule.from
    const path = this.#path(family)
    const tuple = `### tuple ### ${rule.routed ? 'route:' : ''}${rule.action} ${rule.protocol} ${rule.ports} ${ANYWHERE[family]} any ${from} in`
    const text = this.#files.text(path)
    if (!text.includes(`${tuple}\n`)) return false
    const at = text.indexOf(`${tuple}\n`)
    const end = text.indexOf('\n\n', at)
    this.#files.write(path, text.slice(0, at) + text.slice(end + 2), 0o640)
    return true
  }

  /** `deny`, `allow` or `reject`: what happens to what no rule names. */
  policy(direction: 'INPUT' | 'OUTPUT' | 'FORWARD'): string {
    return (
      { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' }[this.setting(`DEFAULT_${direction}_POLICY`)] ??
      'deny'
    )
  }

  /** Whether a connection from outside to one of the server's own sockets gets through. */
  lets(port: number, address: string, family: 4 | 6): boolean {
    if (!this.active || (family === 6 && !this.ipv6)) return true
    for (const rule of this.rules(family)) {
      if (rule.routed || rule.protocol === 'udp' || !holds(rule.ports, port)) continue
      const anywhere = rule.from === ANYWHERE[family] || rule.from === 'any'
      if (anywhere || (address.includes(':') === rule.from.includes(':') && within(address, rule.from)))
        return rule.action === 'allow' || rule.action === 'limit'
    }
    return this.policy('INPUT') === 'allow'
  }
}

function holds(list: string, port: number): boolean {
  if (list === 'any') return true
  return list.split(',').some(part => {
    const [low = Number.NaN, high = low] = part.split(':').map(Number)
    return port >= low && port <= high
  })
}

export const EMPTY_RULES = `*filter
:ufw-user-input - [0:0]
### RULES ###

### END RULES ###
COMMIT
`
