/** A server over SSH, as the port `Machine` promises it. */

import type { CommandResult, RunOptions } from '../model/command.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Connection, LoginOutcome, LoginRequest, Machine } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import type { ClientConfig } from './client-config.ts'
import { HostKeyFailure } from './host-key-failure.ts'
import { Lanes } from './lanes.ts'
import { tryLogin } from './login.ts'
import { laneDepth, shellOpener } from './open-shell.ts'
import type { Prompter } from './prompter.ts'
import { runCommand } from './run-command.ts'
import type { Login, SshSession } from './ssh-session.ts'
import type { RememberedPassword } from './sudo.ts'

/** Seconds for connecting and logging in, when the client configuration says nothing. */
const CONNECT_SECONDS = 15
/** The wait between two attempts to come back: 0.3 s, doubled up to 5 s. */
const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 5000
/** Refused logins that are put down to a server that is still booting. */
const MAX_REFUSALS = 3

export class SshMachine implements Machine {
  readonly #session: SshSession
  readonly #config: ClientConfig
  readonly #prompter: Prompter
  readonly #sudoPassword: RememberedPassword = {}
  #login: Login | undefined
  #lanes: Lanes | undefined
  #lost = 'there is no connection to the server'
  #connection: Connection

  private constructor(session: SshSession, config: ClientConfig, prompter: Prompter, login: Login) {
    this.#session = session
    this.#config = config
    this.#prompter = prompter
    this.#connection = connectionOf(config, login)
    this.#take(login)
  }

  /** @throws Failure: unreachable, refused, configuration, interrupted. */
  static async connect(
    session: SshSession,
    config: ClientConfig,
    prompter: Prompter,
    signal?: AbortSignal,
  ): Promise<SshMachine> {
    const seconds = config.connectTimeout ?? CONNECT_SECONDS
    const login = await session.login({ offer: 'everything', seconds, signal })
    return new SshMachine(session, config, prompter, login)
  }

  get connection(): Connection {
    return this.#connection
  }

  run(script: Script, options?: RunOptions): Promise<CommandResult> {
    const { user, hostname } = this.#config
    return runCommand(
      { lanes: this.#lanes, notConnected: this.#lost, loginUser: user, at: `@${hostname}` },
      script,
      options,
    )
  }

  login(request: LoginRequest): Promise<LoginOutcome> {
    const { user, hostname: host } = this.#config
    return tryLogin(this.#session, request, { user: request.user ?? user, host })
  }

  async reconnect(timeoutSeconds: number): Promise<void> {
    const until = Date.now() + timeoutSeconds * 1000
    await this.#drop('the connection is being made anew')
    let pause = FIRST_PAUSE_MS
    let refusals = 0
    for (;;) {
      const left = (until - Date.now()) / 1000
      try {
        const seconds = Math.max(1, Math.min(CONNECT_SECONDS, left))
        const login = await this.#session.login({ offer: 'everything', seconds })
        this.#connection = connectionOf(this.#config, login)
        this.#take(login)
        return
      } catch (error) {
        if (!(error instanceof Failure) || !mayMend(error, refusals)) throw error
        if (error.exitCode === EXIT.refused) {
          refusals++
          pause = LONGEST_PAUSE_MS
        }
        if (Date.now() + pause > until) throw notBack(this.#config.hostname, timeoutSeconds, error)
      }
      await new Promise(resolve => setTimeout(resolve, pause))
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
    }
  }

  async close(): Promise<void> {
    this.#sudoPassword.value = undefined
    await this.#drop('the connection was closed')
  }

  #take(login: Login): void {
    const { connection } = login
    const { user, hostname } = this.#config
    const lanes = new Lanes({
      openShell: shellOpener(
        connection,
        user,
        attempt => this.#prompter.sudoPassword({ user, host: hostname, attempt }),
        this.#sudoPassword,
      ),
      depth: laneDepth(connection.roundTripMs),
    })
    this.#login = login
    this.#lanes = lanes
    connection.onGone(reason => {
      const sentence = `the connection was lost: ${reason}`
      lanes.close(sentence)
      if (this.#login !== login) return
      this.#lost = sentence
      this.#lanes = undefined
      this.#login = undefined
      void login.close()
    })
  }

  async #drop(reason: string): Promise<void> {
    const login = this.#login
    this.#lanes?.close(reason)
    this.#lost = reason
    this.#login = undefined
    this.#lanes = undefined
    await login?.close()
  }
}

/**
 * Whether waiting can help. A server that boots refuses logins for a while (pam_nologin); a wrong host key stays
 * wrong, and more than a few refused logins would only get this address banned.
 */
function mayMend(failure: Failure, refusalsBefore: number): boolean {
  if (failure instanceof HostKeyFailure) return false
  if (failure.exitCode === EXIT.refused) return refusalsBefore < MAX_REFUSALS
  return failure.exitCode === EXIT.unreachable
}

function connectionOf(config: ClientConfig, { connection }: Login): Connection {
  return {
    kind: 'ssh',
    host: config.hostname,
    user: config.user,
    port: config.port,
    hostKey: connection.hostKey,
    authenticatedBy: connection.authenticatedBy,
  }
}

function notBack(host: string, seconds: number, last: Failure): Failure {
  return new Failure(
    EXIT.unreachable,
    `${host} did not come back within ${seconds} seconds. The last attempt: ${last.message}`,
    'Look at its console at the provider.',
  )
}
