/**
 * known_hosts as sshd(8) describes it: who a host's key is, and whether it is trusted. Pure; reading and writing
 * the files is in `known-hosts-files.ts`.
 */

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { matchesPatternList } from './wildcard.ts'

export interface KnownHostsLine {
  readonly marker: 'none' | 'revoked' | 'cert-authority'
  /** The host patterns as written: a list, or one hashed name. */
  readonly hosts: string
  readonly keyType: string
  /** The key itself, Base64. */
  readonly key: string
  /** 1 for the first line of its file. */
  readonly line: number
  readonly file: string
}

export type HostKeyVerdict =
  | { readonly verdict: 'trusted' }
  /** Never seen; `otherTypes` are key types that are known for this host. */
  | { readonly verdict: 'unknown'; readonly otherTypes: readonly string[] }
  | { readonly verdict: 'changed'; readonly known: KnownHostsLine }
  | { readonly verdict: 'revoked'; readonly known: KnownHostsLine }

/** The lines that say something; comments, empty and broken lines are left out, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHostsLine[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const words = raw.trim().split(/[ \t]+/)
    if (raw.trim() === '' || raw.trim().startsWith('#')) return []
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined
    const [hosts, keyType, key] = words
    if (!hosts || !keyType || !key || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return []
    if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return []
    const kind = marker === '@revoked' ? 'revoked' : marker === '@cert-authority' ? 'cert-authority' : 'none'
    return [{ marker: kind, hosts, keyType, key, line: index + 1, file } as const]
  })
}

/** A host as known_hosts names it: `[name]:port` unless the port is 22; lower case, as ssh does. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** Whether a line's host field speaks of this name: hashed, or patterns of which a negated one wins. */
export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) return matchesHashed(hosts, name)
  return matchesPatternList(hosts.toLowerCase().split(','), name)
}

function matchesHashed(hosts: string, name: string): boolean {
  const [, , salt, hash] = hosts.split('|')
  if (!salt || !hash) return false
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/**
 * What the lines say of a key that a host presents. A revoked key is refused wherever it stands; a certificate
 * authority's line vouches for certificates, which Kneeboard does not read, so it makes nothing trusted.
 */
export function judgeHostKey(
  lines: readonly KnownHostsLine[],
  name: string,
  presented: { readonly type: string; readonly key: string },
): HostKeyVerdict {
  const own = lines.filter(line => line.marker !== 'cert-authority' && matchesHost(line.hosts, name))
  const same = (line: KnownHostsLine): boolean => line.key === presented.key
  const revoked = own.find(line => line.marker === 'revoked' && same(line))
  if (revoked) return { verdict: 'revoked', known: revoked }
  const plain = own.filter(line => line.marker === 'none')
  if (plain.some(same)) return { verdict: 'trusted' }
  const changed = plain.find(line => line.keyType === presented.type)
  if (changed) return { verdict: 'changed', known: changed }
  return { verdict: 'unknown', otherTypes: [...new Set(plain.map(line => line.keyType))] }
}

/** Key types known for a host: these are offered first, or a known host would look unknown. */
export function knownKeyTypes(lines: readonly KnownHostsLine[], name: string): string[] {
  const own = lines.filter(line => line.marker === 'none' && matchesHost(line.hosts, name))
  return [...new Set(own.map(line => line.keyType))]
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type that stands in a public key blob (RFC 4253 §6.6). Empty when the blob is broken. */
export function keyTypeOf(key: Buffer): string {
  if (key.length < 4) return ''
  const length = key.readUInt32BE(0)
  return length > 64 || key.length < 4 + length ? '' : key.subarray(4, 4 + length).toString('latin1')
}

/** A new line for a file; the name is hashed where the file's other names are. */
export function knownHostsEntry(name: string, key: Buffer, hashed: boolean): string {
  return `${hashed ? hashedName(name) : name} ${keyTypeOf(key)} ${key.toString('base64')}\n`
}

function hashedName(name: string): string {
  const salt = randomBytes(20)
  const hash = createHmac('sha1', salt).update(name).digest('base64')
  return `|1|${salt.toString('base64')}|${hash}`
}
