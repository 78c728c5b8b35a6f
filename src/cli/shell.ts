/** A shell on the target, beside a run: OpenSSH's own client, told the same address, key and known_hosts. */

import { spawn } from 'node:child_process'
import { ownEnvironment } from '../host/own-path.ts'
import { EXIT, Failure } from '../model/failure.ts'
import type { Target } from '../model/target.ts'
import type { ConnectionOptions } from './options.ts'

export interface ShellCommand {
  readonly program: string
  readonly words: readonly string[]
}

/** What is started for a target. `localhost` without a login is this machine, and needs no SSH. */
export function shellCommand(
  target: Target,
  options: ConnectionOptions,
  environment: NodeJS.ProcessEnv = process.env,
): ShellCommand {
  const { host, user, port } = target
  if (host === 'localhost' && user === undefined && port === undefined)
    return { program: environment.SHELL || '/bin/sh', words: ['-i'] }
  const identity = options.identity ?? target.identity
  return {
    program: 'ssh',
    words: [
      ...(options.sshConfig === undefined ? [] : ['-F', options.sshConfig]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(user === undefined ? [] : ['-l', user]),
      ...(identity === undefined ? [] : ['-i', identity]),
      ...(options.knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile="${options.knownHosts}"`]),
      '--',
      host,
    ],
  }
}

/** Settles when the shell has ended, however it ended. @throws Failure (78) when there is no `ssh` here. */
export function openShell(target: Target, options: ConnectionOptions): Promise<void> {
  const { program, words } = shellCommand(target, options)
  process.stdout.write(
    `A shell on ${target.name} (${target.environment}). \`exit\` leads back to Kneeboard.\n`,
  )
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: 'inherit', env: ownEnvironment() })
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new Failure(
              EXIT.configuration,
              `there is no ${program} on this machine`,
              'Install OpenSSH’s client.',
            )
          : new Failure(EXIT.configuration, `${program} could not be started: ${error.message}`),
      ),
    )
    child.once('close', () => resolve())
  })
}
