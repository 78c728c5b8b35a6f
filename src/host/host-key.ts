/** The one place where a server's key is accepted or refused. */

import type { ServerHostKeyAlgorithm } from 'ssh2'
import {
  fingerprint,
  type HostKeyVerdict,
  judgeHostKey,
  type KnownHostsLine,
  keyTypeOf,
} from './known-hosts.ts'

/** What decides about a key. The first of these that is given decides alone. */
export interface HostKeyRules {
  /** `SHA256:…` of the one key to accept: a pin, or the key that this session saw before. */
  readonly only?: string | undefined
  /** `SHA256:…` of a key that may be trusted now and written down, when nothing else is known. */
  readonly accept?: string | undefined
  readonly lines: readonly KnownHostsLine[]
  /** The host as known_hosts names it. */
  readonly name: string
}

export interface PresentedKey {
  readonly blob: Buffer
  readonly type: string
  readonly fingerprint: string
}

export type HostKeyDecision =
  | { readonly trusted: true; readonly learn: boolean; readonly key: PresentedKey }
  | {
      readonly trusted: false
      readonly why: 'not-the-one' | 'unknown' | 'changed' | 'revoked'
      readonly key: PresentedKey
      readonly verdict: HostKeyVerdict
    }

/** Decides about one presented key. Pure. */
export function decideHostKey(rules: HostKeyRules, blob: Buffer): HostKeyDecision {
  const key = { blob, type: keyTypeOf(blob), fingerprint: fingerprint(blob) }
  const verdict = judgeHostKey(rules.lines, rules.name, { type: key.type, key: blob.toString('base64') })
  // Revoked wins over everything, a pin included: someone has said that this key is in the wrong hands.
  if (verdict.verdict === 'revoked') return { trusted: false, why: 'revoked', key, verdict }
  if (rules.only !== undefined) {
    const trusted = rules.only === key.fingerprint
    return trusted ? { trusted, learn: false, key } : { trusted, why: 'not-the-one', key, verdict }
  }
  if (verdict.verdict === 'trusted') return { trusted: true, learn: false, key }
  if (verdict.verdict === 'changed') return { trusted: false, why: 'changed', key, verdict }
  if (rules.accept === key.fingerprint) return { trusted: true, learn: true, key }
  return { trusted: false, why: rules.accept === undefined ? 'unknown' : 'not-the-one', key, verdict }
}

/**
 * Wraps a decision for ssh2, which takes anything but `false` for a yes, a Promise included: only an exact `true`
 * passes, and whatever goes wrong is a no.
 */
export function strictVerifier(decide: (key: Buffer) => unknown): (key: Buffer) => boolean {
  return key => {
    try {
      return decide(key) === true
    } catch {
      return false
    }
  }
}

/** Algorithms that prove a host key of each type, best first. SHA-1 signatures of RSA keys are not offered. */
const ALGORITHMS: Record<string, readonly ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** Key types in the order of our preference. */
export const HOST_KEY_TYPES: readonly string[] = Object.keys(ALGORITHMS)

/** The algorithms to offer, those of the known key types first: the server picks the first that it can do. */
export function hostKeyAlgorithms(
  knownTypes: readonly string[],
  others: readonly string[] = HOST_KEY_TYPES,
): ServerHostKeyAlgorithm[] {
  const order = [...knownTypes, ...others.filter(type => !knownTypes.includes(type))]
  return order.flatMap(type => ALGORITHMS[type] ?? [])
}
