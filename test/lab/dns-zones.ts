import type { RecordType, ResourceRecord, Response, ResponseCode } from './dns-message.ts'
import { TYPES } from './dns-message.ts'

/**
 * What the lab's name servers say, as data: one JSON file that a test writes and the servers read before each
 * answer. A name server is known by its short name: `ns1`, `ns2`, `ns3` are authoritative, `resolver` is what
 * servers and operators ask.
 */
export type NameServer = 'ns1' | 'ns2' | 'ns3'

/** What one name has. A `failure` is what a server answers instead; `timeout` is no answer at all. */
export type Name = Partial<Record<RecordType, string[]>> & {
  ttl?: number
  failure?: Extract<ResponseCode, 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED'> | 'timeout'
}

export type Zone = {
  servers: NameServer[]
  names: Record<string, Name>
  /** Where one server says something else than the others. */
  exceptions?: Partial<Record<NameServer, Record<string, Name>>>
}

export type Zones = {
  /** Addresses of the name servers, for NS records and glue. */
  addresses: Record<NameServer, { ipv4: string; ipv6: string }>
  /** Names that only the resolver knows: the package mirror. */
  hosts: Record<string, Name>
  zones: Record<string, Zone>
}

export type Verdict = Response | 'timeout'

const nothing = { answers: [], authorities: [], additionals: [] }

/** The answer of an authoritative server. */
export function authoritativeAnswer(zones: Zones, server: NameServer, name: string, type: number): Verdict {
  const [apex, zone] = zoneOf(zones, name)
  const base = { ...nothing, authoritative: true, recursionAvailable: false }
  if (!zone?.servers.includes(server)) return { ...base, authoritative: false, code: 'REFUSED' }
  const own =
    zone.exceptions?.[server]?.[name] ?? (name === apex ? { ...zone.names[name] } : zone.names[name])
  if (own?.failure === 'timeout') return 'timeout'
  if (own?.failure === 'SERVFAIL' || own?.failure === 'REFUSED')
    return { ...base, authoritative: false, code: own.failure }
  const soa = record(apex, 'SOA', `ns1.${apex} hostmaster.${apex} 1 3600 600 86400 0`, 0)
  const isEmptyNode = Object.keys(zone.names).some(other => other.endsWith(`.${name}`))
  const exists = (own && own.failure === undefined) || name === apex || isEmptyNode || serverName(apex, name)
  if (!exists) return { ...base, code: 'NXDOMAIN', authorities: [soa] }

  const everything = recordsOf(zones, apex, zone, name, own)
  const asked = everything.filter(item => TYPES[item.type] === type)
  const alias = everything.find(item => item.type === 'CNAME')
  const answers = asked.length > 0 ? asked : alias ? [alias] : []
  if (answers.length === 0) return { ...base, code: 'NOERROR', authorities: [soa] }
  const additionals = type === TYPES.NS ? glue(zones, apex, zone) : []
  return { ...base, code: 'NOERROR', answers, additionals }
}

/** The answer of a resolver: the first server of the zone that gives one, aliases followed. */
export function resolverAnswer(zones: Zones, name: string, type: number): Response {
  const base = { ...nothing, authoritative: false, recursionAvailable: true }
  const host = zones.hosts[name]
  if (host)
    return {
      ...base,
      code: 'NOERROR',
      answers: allRecords(name, host).filter(item => TYPES[item.type] === type),
    }
  const answers: ResourceRecord[] = []
  let wanted = name
  for (let hops = 0; hops < 8; hops += 1) {
    const [, zone] = zoneOf(zones, wanted)
    if (!zone) return { ...base, code: 'NXDOMAIN', answers }
    const verdict = zone.servers
      .map(server => authoritativeAnswer(zones, server, wanted, type))
      .find(isUseful)
    if (!verdict) return { ...base, code: 'SERVFAIL' }
    answers.push(...verdict.answers)
    const alias = verdict.answers.find(item => item.type === 'CNAME')
    if (!alias || type === TYPES.CNAME)
      return { ...base, code: verdict.code, answers, authorities: verdict.authorities }
    wanted = alias.data.replace(/\.$/, '').toLowerCase()
  }
  return { ...base, code: 'SERVFAIL' }
}

function isUseful(verdict: Verdict): verdict is Response {
  return verdict !== 'timeout' && (verdict.code === 'NOERROR' || verdict.code === 'NXDOMAIN')
}

/** The longest zone that a name lies in. */
function zoneOf(zones: Zones, name: string): [string, Zone] | [string, undefined] {
  const labels = name.split('.')
  for (let from = 0; from < labels.length; from += 1) {
    const apex = labels.slice(from).join('.')
    const zone = zones.zones[apex]
    if (zone) return [apex, zone]
  }
  return [name, undefined]
}

function recordsOf(
  zones: Zones,
  apex: string,
  zone: Zone,
  name: string,
  own: Name | undefined,
): ResourceRecord[] {
  const records = own ? allRecords(name, own) : []
  if (name === apex && !own?.NS) {
    for (const server of zone.servers) records.push(record(apex, 'NS', `${server}.${apex}`, own?.ttl ?? 0))
  }
  const server = serverName(apex, name)
  if (server && records.length === 0) records.push(...glueOf(zones, apex, server))
  return records
}

function serverName(apex: string, name: string): NameServer | undefined {
  return (['ns1', 'ns2', 'ns3'] as const).find(server => name === `${server}.${apex}`)
}

function glue(zones: Zones, apex: string, zone: Zone): ResourceRecord[] {
  return zone.servers.flatMap(server => glueOf(zones, apex, server))
}

function glueOf(zones: Zones, apex: string, server: NameServer): ResourceRecord[] {
  const { ipv4, ipv6 } = zones.addresses[server]
  const name = `${server}.${apex}`
  return [record(name, 'A', ipv4, 0), record(name, 'AAAA', ipv6, 0)]
}

function allRecords(name: string, own: Name): ResourceRecord[] {
  return (Object.keys(TYPES) as RecordType[]).flatMap(type =>
    (own[type] ?? []).map(data => record(name, type, data, own.ttl ?? 0)),
  )
}

function record(name: string, type: RecordType, data: string, ttl: number): ResourceRecord {
  return { name, type, data, ttl }
}
