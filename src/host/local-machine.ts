/** This machine as a target, without SSH: the same lanes over child processes. */

import { hostname, userInfo } from 'node:os'
import type { CommandResult, RunOptions } from '../model/command.ts'
import type { Connection, LoginOutcome, LoginRequest, Machine } from '../model/machine.ts'
import type { Script } from '../model/script.ts'
import { Lanes } from './lanes.ts'
import { loginToSelf } from './local-login.ts'
import { localTransport } from './local-transport.ts'
import { laneDepth, shellOpener } from './open-shell.ts'
import type { Prompter } from './prompter.ts'
import { runCommand } from './run-command.ts'

export class LocalMachine implements Machine {
  readonly connection: Connection
  readonly #lanes: Lanes
  readonly #prompter: Prompter
  #closed = false

  constructor(prompter: Prompter) {
    this.#prompter = prompter
    const user = userInfo().username
    this.connection = {
      kind: 'local',
      host: hostname(),
      user,
      port: 0,
      hostKey: '',
      authenticatedBy: 'local',
    }
    this.#lanes = new Lanes({
      openShell: shellOpener(localTransport, user, attempt =>
        prompter.sudoPassword({ user, host: 'this machine', attempt }),
      ),
      depth: laneDepth(0),
    })
  }

  run(script: Script, options?: RunOptions): Promise<CommandResult> {
    const lanes = this.#closed ? undefined : this.#lanes
    return runCommand(
      { lanes, notConnected: 'the target was closed', loginUser: this.connection.user, at: '' },
      script,
      options,
    )
  }

  login(request: LoginRequest): Promise<LoginOutcome> {
    return loginToSelf(request, this.connection.user, this.#prompter)
  }

  /** There is no connection that could be lost. */
  async reconnect(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true
    this.#lanes.close('the target was closed')
  }
}
