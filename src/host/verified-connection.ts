/** Connects to one host with its key verified: asks about an unknown one, explains a wrong one. */

import { Failure } from '../model/failure.ts'
import type { Authentication } from './authentication.ts'
import type { Dialled } from './dial.ts'
import { decideHostKey, HOST_KEY_TYPES, type HostKeyRules, hostKeyAlgorithms } from './host-key.ts'
import { hostKeyFailure } from './host-key-failure.ts'
import { knownHostsName, knownKeyTypes } from './known-hosts.ts'
import { readKnownHosts, rememberHostKey } from './known-hosts-files.ts'
import type { PhaseClock } from './phase-clock.ts'
import type { Prompter } from './prompter.ts'
import { HostKeyRefused, SshConnection } from './ssh-connection.ts'

export interface VerifiedOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias: string | undefined
  /** Read for known keys; a new one is written to the first. */
  readonly knownHostsFiles: readonly string[]
  /** `SHA256:…` of the one key to accept. */
  readonly only?: string | undefined
  /** `SHA256:…` of a key to accept on first contact. */
  readonly accept?: string | undefined
  readonly prompter: Prompter
  readonly clock: PhaseClock
  readonly dial: () => Promise<Dialled>
  /** New for each attempt: a connection that was refused for its key has offered nothing yet. */
  readonly authentication: () => Authentication
  readonly signal?: AbortSignal | undefined
}

/** @throws Failure: unreachable, refused (key or login), configuration. */
export async function connectVerified(options: VerifiedOptions): Promise<SshConnection> {
  const { host, port, hostKeyAlias, only, accept } = options
  const name = hostKeyAlias?.toLowerCase() ?? knownHostsName(host, port)
  const lines = await readKnownHosts(options.knownHostsFiles)
  const rules: HostKeyRules = { only, accept, lines, name }
  try {
    return await attempt(options, rules, hostKeyAlgorithms(knownKeyTypes(lines, name)))
  } catch (error) {
    if (!(error instanceof HostKeyRefused)) throw error
    const { why } = error.decision
    if (why === 'not-the-one') return tryOtherTypes(options, rules, error)
    if (why === 'unknown') return askAboutUnknown(options, rules, error)
    throw hostKeyFailure(options, rules, error.decision)
  }
}

/** A server has a key of each type, and shows the first one asked for: the expected one may be another. */
async function tryOtherTypes(
  options: VerifiedOptions,
  rules: HostKeyRules,
  first: HostKeyRefused,
): Promise<SshConnection> {
  for (const type of HOST_KEY_TYPES.filter(other => other !== first.decision.key.type)) {
    try {
      return await attempt(options, rules, hostKeyAlgorithms([type], []))
    } catch (error) {
      const noSuchKey = error instanceof Failure && /share no host key/.test(error.message)
      if (!(error instanceof HostKeyRefused) && !noSuchKey) throw error
    }
  }
  throw hostKeyFailure(options, rules, first.decision)
}

async function askAboutUnknown(
  options: VerifiedOptions,
  rules: HostKeyRules,
  { decision }: HostKeyRefused,
): Promise<SshConnection> {
  const { key, verdict } = decision
  const trusted = await options.prompter.hostKey({
    host: options.host,
    port: options.port,
    keyType: key.type,
    fingerprint: key.fingerprint,
    knownHostsFile: options.knownHostsFiles[0] ?? '',
    otherKnownTypes: verdict.verdict === 'unknown' ? verdict.otherTypes : [],
  })
  if (trusted !== true) throw hostKeyFailure(options, rules, decision)
  // A new connection, so that neither side's patience ran while the operator compared fingerprints.
  const accepting = { ...rules, accept: key.fingerprint }
  try {
    return await attempt(options, accepting, hostKeyAlgorithms([key.type], []))
  } catch (error) {
    if (error instanceof HostKeyRefused) throw hostKeyFailure(options, accepting, error.decision)
    throw error
  }
}

async function attempt(
  options: VerifiedOptions,
  rules: HostKeyRules,
  algorithms: ReturnType<typeof hostKeyAlgorithms>,
): Promise<SshConnection> {
  let learn: Buffer | undefined
  let proven = false
  try {
    return await SshConnection.open({
      ...options,
      authentication: options.authentication(),
      hostKeyAlgorithms: algorithms,
      decide: blob => {
        const decision = decideHostKey(rules, blob)
        learn = decision.trusted && decision.learn ? blob : undefined
        return decision
      },
      onHandshake: () => {
        proven = true
      },
    })
  } finally {
    // Only once the server has proven to hold the key; and also when the login fails after that.
    const file = options.knownHostsFiles[0]
    if (learn && proven && file !== undefined) await rememberHostKey(file, rules.name, learn)
  }
}
