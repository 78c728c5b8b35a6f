import { readFile, rename, writeFile } from 'node:fs/promises'
import type { AskedQuestion, NameServerRole } from './dns-server.ts'
import type { Name, NameServer, Zone, Zones } from './dns-zones.ts'

/**
 * DNS in the hands of a test.
 *
 *     await lab.dns.zone('webshop.test', { '@': { A: [server.ipv4], CAA: ['0 issue "pebble.lab"'] } })
 *     await lab.dns.set('www.webshop.test', { CNAME: ['webshop.test'] })
 *     await lab.dns.set('webshop.test', { A: ['192.0.2.1'] }, { on: 'ns2' })      // the servers disagree
 *     await lab.dns.set('webshop.test', { failure: 'timeout' }, { on: 'ns1' })    // and one is silent
 *
 * A change holds from the next question on; every TTL is 0 unless a name says otherwise.
 */
export type LabDns = {
  /** Address of the resolver that knows every zone of the lab, and the package mirror. */
  resolver: { ipv4: string; ipv6: string }
  /** The authoritative servers and their addresses (port 53, UDP and TCP). */
  nameServers: Record<NameServer, { ipv4: string; ipv6: string }>
  /** Makes a zone anew. Names are relative (`@`, `www`) or full. Served by ns1 and ns2 unless said otherwise. */
  zone(apex: string, names: Record<string, Name>, options?: { servers?: NameServer[] }): Promise<void>
  /** Sets all records of a name in its zone: on every server, or on one that then disagrees with the others. */
  set(name: string, records: Name, options?: { on?: NameServer }): Promise<void>
  remove(name: string): Promise<void>
  /** A name that the resolver knows by itself, outside of any zone. */
  host(name: string, records: Name): Promise<void>
  /** Forgets all zones and questions. */
  clear(): Promise<void>
  /** What was asked since the last `clear`, in order. */
  questions(): Promise<AskedQuestion[]>
}

export function controlDns(
  files: { zones: string; questions: string },
  { resolver, nameServers }: Pick<LabDns, 'resolver' | 'nameServers'>,
): LabDns {
  let pending: Promise<void> = Promise.resolve()

  /** One change at a time, each put in place by a rename: a server never reads half a file. */
  const change = (edit: (zones: Zones) => void): Promise<void> => {
    pending = pending
      .catch(() => undefined)
      .then(async () => {
        const zones = JSON.parse(await readFile(files.zones, 'utf8')) as Zones
        edit(zones)
        await writeZones(files.zones, zones)
      })
    return pending
  }

  return {
    resolver,
    nameServers,
    zone: (apex, names, { servers = ['ns1', 'ns2'] satisfies NameServer[] } = {}) =>
      change(zones => {
        const full = Object.entries(names).map(([name, records]) => [fullName(name, apex), records])
        zones.zones[apex.toLowerCase()] = { servers: [...servers], names: Object.fromEntries(full) }
      }),
    set: (name, records, { on } = {}) =>
      change(zones => {
        const zone = zoneFor(zones, name)
        if (!on) {
          zone.names[name] = records
          for (const exceptions of Object.values(zone.exceptions ?? {})) delete exceptions[name]
          return
        }
        zone.exceptions ??= {}
        zone.exceptions[on] = { ...zone.exceptions[on], [name]: records }
      }),
    remove: name =>
      change(zones => {
        const zone = zoneFor(zones, name)
        delete zone.names[name]
        for (const exceptions of Object.values(zone.exceptions ?? {})) delete exceptions[name]
      }),
    host: (name, records) =>
      change(zones => {
        zones.hosts[name] = records
      }),
    clear: async () => {
      await change(zones => {
        zones.zones = {}
      })
      await writeFile(files.questions, '')
    },
    questions: async () => {
      const text = await readFile(files.questions, 'utf8')
      return text
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as AskedQuestion)
    },
  }
}

export async function writeZones(file: string, zones: Zones): Promise<void> {
  const partial = `${file}.${process.pid}.partial`
  await writeFile(partial, JSON.stringify(zones, null, 2))
  await rename(partial, file)
}

function fullName(name: string, apex: string): string {
  if (name === '@' || name === apex) return apex.toLowerCase()
  return (name.endsWith(`.${apex}`) ? name : `${name}.${apex}`).toLowerCase()
}

function zoneFor(zones: Zones, name: string): Zone {
  const apex = Object.keys(zones.zones)
    .filter(candidate => name === candidate || name.endsWith(`.${candidate}`))
    .sort((one, other) => other.length - one.length)[0]
  const zone = apex === undefined ? undefined : zones.zones[apex]
  if (!zone) throw new Error(`No zone of the lab holds ${name}: make one with lab.dns.zone().`)
  return zone
}

export type { AskedQuestion, Name, NameServer, NameServerRole, Zone }
