/** Everything that a login to one server needs, kept for the session: configuration, keys, passwords, host keys. */

import { Authentication, type Offer, type TypedPasswords } from './authentication.ts'
import type { ClientConfig } from './client-config.ts'
import { jumpFailure } from './connection-errors.ts'
import { corked, type Dialled, dialTcp } from './dial.ts'
import type { Keyring } from './identities.ts'
import { PhaseClock } from './phase-clock.ts'
import type { Prompter } from './prompter.ts'
import type { SshConnection } from './ssh-connection.ts'
import { connectVerified } from './verified-connection.ts'

/** One host on the way, the target included. */
export interface Hop {
  readonly config: ClientConfig
  readonly keyring: Keyring
  readonly knownHostsFiles: readonly string[]
  /** The one host key to accept. */
  readonly only?: string | undefined
  readonly accept?: string | undefined
}

export interface LoginOptions {
  readonly user?: string | undefined
  readonly offer: Offer
  /** Seconds, not counting the time in which a person is asked. */
  readonly seconds: number
  readonly prompter?: Prompter
  readonly signal?: AbortSignal | undefined
}

/** A login that went through, and the connections that carry it. */
export interface Login {
  readonly connection: SshConnection
  close(): Promise<void>
}

export class SshSession {
  readonly #hops: readonly Hop[]
  readonly #prompter: Prompter
  /** By place on the way: what was typed for one host is never shown to another. */
  readonly #typed: readonly TypedPasswords[]
  /** Host keys seen in this session, by place on the way: they must stay the same. */
  readonly #seen: (string | undefined)[] = []

  constructor(hops: readonly Hop[], prompter: Prompter) {
    this.#hops = hops
    this.#typed = hops.map(() => ({ byUser: new Map() }))
    this.#prompter = prompter
  }

  /**
   * Connects through all hops and logs in.
   *
   * @param onAuthentication gets the attempt on the last hop, to read the server's methods.
   * @throws Failure: unreachable, refused, configuration, interrupted.
   */
  async login(
    options: LoginOptions,
    onAuthentication: (attempt: Authentication) => void = () => {},
  ): Promise<Login> {
    const opened: SshConnection[] = []
    const close = async (): Promise<void> => {
      for (const connection of opened.reverse()) await connection.close()
    }
    try {
      for (const [place, hop] of this.#hops.entries()) {
        const last = place === this.#hops.length - 1
        const through = opened.at(-1)
        const connection = await this.#connect(
          hop,
          place,
          last ? options : { ...options, user: undefined, offer: 'everything' },
          through,
          last ? onAuthentication : () => {},
        )
        this.#seen[place] = connection.hostKey
        opened.push(connection)
      }
    } catch (error) {
      await close()
      throw error
    }
    const connection = opened.at(-1)
    if (!connection) throw new Error('a session without a host')
    for (const hop of opened.slice(0, -1)) hop.onGone(() => void connection.close())
    return { connection, close }
  }

  #connect(
    hop: Hop,
    place: number,
    options: LoginOptions,
    through: SshConnection | undefined,
    onAuthentication: (attempt: Authentication) => void,
  ): Promise<SshConnection> {
    const { config, keyring } = hop
    const { hostname: host, port } = config
    const user = options.user ?? config.user
    const prompter = options.prompter ?? this.#prompter
    const clock = new PhaseClock(options.seconds)
    const dial = (): Promise<Dialled> =>
      through ? dialThrough(through, host, port) : dialTcp(host, port, options.seconds, options.signal)
    return connectVerified({
      host,
      port,
      user,
      hostKeyAlias: config.hostKeyAlias,
      knownHostsFiles: hop.knownHostsFiles,
      only: this.#seen[place] ?? hop.only,
      accept: hop.accept,
      prompter,
      clock,
      dial,
      signal: options.signal,
      authentication: () => {
        const attempt = new Authentication({
          user,
          host,
          keyring,
          offer: options.offer,
          prompter,
          typed: this.#typed[place] ?? { byUser: new Map() },
          asking: clock.asking,
        })
        onAuthentication(attempt)
        return attempt
      },
    })
  }
}

async function dialThrough(connection: SshConnection, host: string, port: number): Promise<Dialled> {
  const since = performance.now()
  try {
    const stream = await connection.forward(host, port)
    return { stream: corked(stream), roundTripMs: performance.now() - since }
  } catch (error) {
    throw jumpFailure(error, host, port)
  }
}
