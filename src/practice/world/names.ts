/** Names and addresses: the DNS that this world lives in, and what the server makes of a name. */

import { BlockList } from 'node:net'
import type { Process } from '../system/process.ts'

export interface RecordSet {
  A?: readonly string[]
  AAAA?: readonly string[]
  NS?: readonly string[]
  CAA?: readonly string[]
  CNAME?: readonly string[]
}

export class Names {
  /** All that DNS knows, by lower-case name. */
  readonly zone = new Map<string, RecordSet>()

  set(name: string, records: RecordSet): void {
    this.zone.set(name.toLowerCase(), records)
  }

  lookUp(name: string, type: keyof RecordSet): readonly string[] {
    const found = this.zone.get(name.toLowerCase().replace(/\.$/, ''))
    const alias = found?.CNAME?.[0]
    if (alias && type !== 'CNAME') return this.lookUp(alias, type)
    return found?.[type] ?? []
  }

  /** getaddrinfo(3): the hosts file first, then DNS. */
  resolve(process: Process, name: string, onlyFiles = false): string[] {
    if (/^[\d.]+$/.test(name) || name.includes(':')) return [name]
    const lines = process.files
      .text('/etc/hosts')
      .split('\n')
      .map(line => line.replace(/#.*/, '').trim().split(/\s+/))
    const listed = lines.filter(([, ...names]) => names.includes(name)).map(([address = '']) => address)
    if (listed.length > 0 || onlyFiles) return listed
    const inside = process.container ? this.containers(process, name) : []
    if (inside.length > 0) return inside
    if (!this.reachable(process)) return []
    return [...this.lookUp(name, 'AAAA'), ...this.lookUp(name, 'A')]
  }

  /** Names on the networks of a container; the Docker model fills this in. */
  containers: (process: Process, name: string) => string[] = () => []

  /** Whether a name server answers from where the process is. */
  reachable: (process: Process) => boolean = () => true
}

/** Whether an address lies in a network `a.b.c.d/bits`. */
export function within(address: string, network: string): boolean {
  const [base = '', bits = '32'] = network.split('/')
  const list = new BlockList()
  list.addSubnet(base, Number(bits), base.includes(':') ? 'ipv6' : 'ipv4')
  return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}
