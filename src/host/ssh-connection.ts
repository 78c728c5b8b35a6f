/** One SSH connection over ssh2, made safe: our own socket, algorithms, host key rule, time limits and errors. */

import type { Duplex } from 'node:stream'
import ssh2, {
  type Algorithms,
  type ClientChannel,
  type NegotiatedAlgorithms,
  type ServerHostKeyAlgorithm,
} from 'ssh2'
import { EXIT, Failure } from '../model/failure.ts'
import type { Authentication } from './authentication.ts'
import { type Channel, ChannelRefused, type Transport } from './channel.ts'
import { connectFailure, handshakeFailure, lossReason, terrapinFailure } from './connection-errors.ts'
import { type HostKeyDecision, strictVerifier } from './host-key.ts'
import { loginShellWord } from './lane-script.ts'
import type { PhaseClock } from './phase-clock.ts'
import { sshChannel } from './ssh-channel.ts'

/** Keepalive every 5 s, three may go unanswered: a dead line is noticed after 20 s (ssh.md §2.1). */
const KEEPALIVE_MS = 5000
const KEEPALIVE_COUNT = 3
/** Seconds for a channel to open. */
const OPEN_SECONDS = 15

/** Modern algorithms only: no CBC, no SHA-1, no compression; AES-GCM first because Terrapin does not touch it. */
const ALGORITHMS: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
}

export interface SshOptions {
  /** For messages: host and port as the operator knows them. */
  readonly host: string
  readonly port: number
  readonly user: string
  /** Gives a connected stream to the server. @throws Failure when it cannot be reached. */
  readonly dial: () => Promise<{ stream: Duplex; roundTripMs: number }>
  readonly decide: (key: Buffer) => HostKeyDecision
  readonly hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[]
  /** The server has proven that it holds the key that `decide` accepted. */
  readonly onHandshake: () => void
  readonly authentication: Authentication
  readonly clock: PhaseClock
  readonly signal?: AbortSignal | undefined
}

/** The server's key was not accepted: the caller asks, or explains. */
export class HostKeyRefused extends Error {
  override readonly name = 'HostKeyRefused'
  readonly decision: HostKeyDecision & { trusted: false }
  constructor(decision: HostKeyDecision & { trusted: false }) {
    super(`host key refused: ${decision.why}`)
    this.decision = decision
  }
}

export class SshConnection implements Transport {
  readonly #client: ssh2.Client
  readonly #stream: Duplex
  readonly hostKey: string
  readonly authenticatedBy: string
  readonly roundTripMs: number
  #lost: string | undefined
  #listeners: ((reason: string) => void)[] = []

  private constructor(
    client: ssh2.Client,
    stream: Duplex,
    facts: { hostKey: string; authenticatedBy: string; roundTripMs: number },
  ) {
    this.#client = client
    this.#stream = stream
    this.hostKey = facts.hostKey
    this.authenticatedBy = facts.authenticatedBy
    this.roundTripMs = facts.roundTripMs
    let reason: string | undefined
    client.removeAllListeners('error')
    client.on('error', (error: Error & { level?: string }) => {
      reason ??= lossReason(error)
      stream.destroy()
    })
    client.on('close', () => this.#gone(reason ?? 'the server closed the connection'))
  }

  /**
   * Connects and logs in.
   *
   * @throws HostKeyRefused, or Failure: unreachable, refused, configuration, interrupted.
   */
  static async open(options: SshOptions): Promise<SshConnection> {
    const { stream, roundTripMs } = await options.dial()
    const client = new ssh2.Client()
    let decision: HostKeyDecision | undefined
    try {
      await shakeHands(client, stream, options, made => {
        decision = made
      })
    } catch (error) {
      client.on('error', () => {})
      stream.destroy()
      throw error
    }
    options.authentication.succeeded()
    return new SshConnection(client, stream, {
      hostKey: decision?.key.fingerprint ?? '',
      authenticatedBy: options.authentication.by,
      roundTripMs,
    })
  }

  async open(command: readonly string[]): Promise<Channel> {
    const stream = await this.#withLimit<ClientChannel>(done =>
      this.#client.exec(command.map(loginShellWord).join(' '), done),
    )
    return sshChannel(stream)
  }

  /** A stream from the server to another host, for the next hop. */
  async forward(host: string, port: number): Promise<Duplex> {
    return this.#withLimit<ClientChannel>(done => this.#client.forwardOut('127.0.0.1', 0, host, port, done))
  }

  #withLimit<T>(start: (done: (error: Error | undefined, value: T) => void) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(new Error(this.#lost))
      const tooLate = setTimeout(
        () => reject(new Error(`the server opened no channel within ${OPEN_SECONDS} seconds`)),
        OPEN_SECONDS * 1000,
      )
      const done = (error: (Error & { reason?: unknown }) | undefined, value: T): void => {
        clearTimeout(tooLate)
        if (!error) resolve(value)
        else reject(typeof error.reason === 'number' ? new ChannelRefused(error.message) : error)
      }
      try {
        start(done)
      } catch (error) {
        clearTimeout(tooLate)
        reject(error)
      }
    })
  }

  /** Called once, when the connection is gone; at once if it already is. */
  onGone(listener: (reason: string) => void): void {
    if (this.#lost !== undefined) listener(this.#lost)
    else this.#listeners.push(listener)
  }

  /**
   * Says goodbye, and is done when that is on its way: whether the server answers is no matter, and waiting for it
   * would hold up every run by a round trip.
   */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.onGone(() => resolve())
      this.#stream.once('finish', () => this.#stream.destroy())
      this.#client.end()
      setTimeout(() => this.#stream.destroy(), 300).unref()
    })
  }

  #gone(reason: string): void {
    if (this.#lost !== undefined) return
    this.#lost = reason
    for (const listener of this.#listeners.splice(0)) listener(reason)
  }
}

/**
 * ChaCha20 is what the Terrapin attack (CVE-2023-48795) works on, unless both sides restart their counters after the
 * key exchange. ssh2 tells nobody whether they do, so its own note is read; when it is not there, the answer is no.
 */
function isOpenToTerrapin(client: ssh2.Client, { cs, sc }: NegotiatedAlgorithms): boolean {
  const isChaCha = [cs, sc].some(({ cipher }) => cipher.startsWith('chacha20'))
  const { _protocol: protocol } = client as unknown as { _protocol?: { _strictMode?: boolean } }
  return isChaCha && protocol?._strictMode !== true
}

function shakeHands(
  client: ssh2.Client,
  stream: Duplex,
  options: SshOptions,
  decided: (decision: HostKeyDecision) => void,
): Promise<void> {
  const { host, port, user, authentication, clock, signal } = options
  let refusal: (HostKeyDecision & { trusted: false }) | undefined
  return new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      clock.stop()
      signal?.removeEventListener('abort', onAbort)
      reject(refusal ? new HostKeyRefused(refusal) : error)
    }
    const onAbort = (): void => fail(new Failure(EXIT.interrupted, `Connecting to ${host} was stopped.`))
    signal?.addEventListener('abort', onAbort, { once: true })
    clock.start(() => fail(connectFailure({ code: 'SILENT' }, host, port)))
    authentication.onExhausted = () => fail(authentication.failure())
    client.on('error', (error: Error & { level?: string }) => {
      // A key that could not sign is no reason to give up: the next one is tried.
      if (error.level === 'agent') return
      const tooMany = /too many authentication failures/i.test(error.message)
      fail(
        tooMany
          ? authentication.failure('which were more attempts than it allows')
          : handshakeFailure(error, host, port),
      )
    })
    client.on('handshake', negotiated => {
      options.onHandshake()
      if (isOpenToTerrapin(client, negotiated)) fail(terrapinFailure(host))
    })
    client.on('close', () =>
      fail(connectFailure({ code: authentication.begun ? 'DROPPED' : 'CLOSED' }, host, port)),
    )
    client.on('change password', () =>
      fail(
        new Failure(
          EXIT.refused,
          `The password of ${user} on ${host} has expired.`,
          `Log in once with ssh and set a new one.`,
        ),
      ),
    )
    client.on('ready', () => {
      clock.stop()
      signal?.removeEventListener('abort', onAbort)
      client.removeAllListeners('close')
      resolve()
    })
    client.connect({
      sock: stream,
      username: user,
      algorithms: { ...ALGORITHMS, serverHostKey: [...options.hostKeyAlgorithms] },
      authHandler: authentication.handler,
      hostVerifier: strictVerifier(key => {
        const decision = options.decide(key)
        decided(decision)
        if (!decision.trusted) refusal = decision
        return decision.trusted
      }),
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVE_COUNT,
      agentForward: false,
    })
  })
}
