/** The port through which everything reaches a machine. `src/host` implements it; tests script it. */

import type { CommandResult, RunOptions } from './command.ts'
import type { Script } from './script.ts'

export interface LoginRequest {
  /** The user to log in as; default: the one of the connection at hand. */
  readonly user?: string
  /**
   * `credentials`: log in with the operator's own keys, agent or password, over a new connection.
   * `methods`: offer nothing and read which methods the server would accept (RFC 4252 §5.2), which counts as
   * no failed attempt. `key-only`: the operator's keys and agent, never a password.
   */
  readonly with: 'credentials' | 'key-only' | 'methods'
  /** Runs after a successful login; its result is in the outcome. */
  readonly script?: Script
  /** Seconds for the whole attempt, 1 to 120. Default 15. */
  readonly timeoutSeconds?: number
}

export interface LoginOutcome {
  readonly outcome: 'accepted' | 'refused' | 'unreachable'
  /** Authentication methods that the server said can continue: `publickey`, `password`, `keyboard-interactive`. Empty when it said nothing. */
  readonly methods: readonly string[]
  /** Why, as a sentence. */
  readonly reason: string
  readonly result?: CommandResult
}

/** What is known of the connection itself. */
export interface Connection {
  /** `ssh`, or `local` for `localhost` without SSH. */
  readonly kind: 'ssh' | 'local'
  readonly host: string
  readonly user: string
  /** The port on the server's side; 0 for `local`. */
  readonly port: number
  /** `SHA256:…` of the server's host key; empty for `local`. */
  readonly hostKey: string
  /** The key type of the login, its method, or `local`: for the header of the screen. */
  readonly authenticatedBy: string
}

/** A machine that answers. One connection; commands queue on a few channels of it. */
export interface Machine {
  readonly connection: Connection
  /** Runs a script to its end. Never rejects: what went wrong is in the result. */
  run(script: Script, options?: RunOptions): Promise<CommandResult>
  /** One more login, beside the connection at hand, closed before it returns. */
  login(request: LoginRequest): Promise<LoginOutcome>
  /**
   * Waits until the machine can be reached again after its connection went away, and connects anew (the host
   * key must be the same one).
   *
   * @throws HostError when it did not come back within the seconds given.
   */
  reconnect(timeoutSeconds: number): Promise<void>
  close(): Promise<void>
}
