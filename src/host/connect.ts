/** The way to a machine: SSH as the operator's client is configured, or no SSH at all for `localhost`. */

import type { Machine } from '../model/machine.ts'
import { resolveClientConfig } from './client-config.ts'
import type { ConnectRequest } from './connect-request.ts'
import type { Prompter } from './prompter.ts'

/**
 * Reaches a machine and logs in. ssh2 is loaded when it is needed, so that no first screen waits for it, and while
 * OpenSSH reads the configuration.
 *
 * @throws Failure with exit code 69 (unreachable), 77 (host key or login refused), 78 (configuration), 130.
 */
export async function connectTo(
  request: ConnectRequest,
  prompter: Prompter,
  signal?: AbortSignal,
): Promise<Machine> {
  const { host, user, port, sshConfigFile: configFile } = request
  if (host === 'localhost' && user === undefined && port === undefined) {
    const { LocalMachine } = await import('./local-machine.ts')
    return new LocalMachine(prompter)
  }
  const [config, { connectBySsh }] = await Promise.all([
    resolveClientConfig({ host, user, port, configFile }),
    import('./connect-by-ssh.ts'),
  ])
  return connectBySsh(config, request, prompter, signal)
}
