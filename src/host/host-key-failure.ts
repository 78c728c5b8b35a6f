/** Why a server's key was refused, and what to do: in words that do not invite to wave it through. */

import { EXIT, Failure } from '../model/failure.ts'
import type { HostKeyDecision, HostKeyRules } from './host-key.ts'
import { fingerprint } from './known-hosts.ts'

/** A server's key was refused: waiting mends nothing, so nobody may try again by himself. */
export class HostKeyFailure extends Failure {}

interface Refused {
  readonly host: string
  readonly port: number
  readonly knownHostsFiles: readonly string[]
}

export function hostKeyFailure(
  { host }: Refused,
  rules: HostKeyRules,
  decision: HostKeyDecision & { trusted: false },
): Failure {
  const { key, verdict, why } = decision
  const shown = `${key.fingerprint} (${key.type})`
  if (why === 'changed' && verdict.verdict === 'changed') {
    const { known } = verdict
    const before = `${fingerprint(Buffer.from(known.key, 'base64'))} (${known.keyType})`
    return refused(
      `The host key of ${host} has changed: it shows ${shown}, but ${known.file} line ${known.line} knows ${before}. Either the server was set up anew, or someone stands between you and it.`,
      `Ask whoever runs the server for its fingerprint. If the new one is right: ssh-keygen -R ${quoteName(rules.name)} -f ${known.file}`,
    )
  }
  if (why === 'revoked' && verdict.verdict === 'revoked') {
    return refused(
      `The host key of ${host}, ${shown}, is marked as revoked in ${verdict.known.file} line ${verdict.known.line}.`,
      'Do not connect. Ask whoever runs the server.',
    )
  }
  if (why === 'not-the-one') {
    const expected = rules.only ?? rules.accept ?? ''
    return refused(
      `${host} shows the host key ${shown}, not the expected ${expected}.`,
      'Ask whoever runs the server for its fingerprint; connect only if they match.',
    )
  }
  return refused(
    `The host key of ${host} is not known: it shows ${shown}.`,
    `Compare it with the server’s own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there). If it is right: --accept-host-key ${key.fingerprint}`,
  )
}

const refused = (message: string, next: string): Failure => new HostKeyFailure(EXIT.refused, message, next)

/** `[host]:port` needs quotes in a shell. */
const quoteName = (name: string): string => (name.startsWith('[') ? `'${name}'` : name)
