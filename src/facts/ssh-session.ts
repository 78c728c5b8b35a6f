/** The SSH login that Kneeboard itself works through, as the server sees it. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

export interface Endpoint {
  /** IPv4 or IPv6, without brackets. */
  readonly address: string
  readonly port: number
}

export interface SshSession {
  /** The user that logged in, by the server's own name for it. */
  readonly user: string
  /** Our side as the server sees it: behind NAT, the router's. Null without SSH. */
  readonly client: Endpoint | null
  /** The address and port that sshd answered on. Null without SSH. */
  readonly server: Endpoint | null
}

/** @throws Unreadable when the login does not say who it is. */
export const sshSession = fact('ssh/session', async context => {
  const result = await context.run(sh`printf '%s\n' "$(id -un)" "\${SSH_CONNECTION-}"`)
  return parseSession(outputOf(result, 'the login'))
})

/** Reads two lines: the user, and sshd's `SSH_CONNECTION` (client address and port, server address and port). */
export function parseSession(text: string): SshSession {
  const [user = '', connection = ''] = text.split('\n')
  if (user === '') throw new Unreadable('the login could not be read: id gave no user name')
  const [clientAddress, clientPort, serverAddress, serverPort] = connection.trim().split(/\s+/)
  if (!clientAddress || !serverAddress) return { user, client: null, server: null }
  return {
    user,
    client: { address: clientAddress, port: Number(clientPort) },
    server: { address: serverAddress, port: Number(serverPort) },
  }
}
