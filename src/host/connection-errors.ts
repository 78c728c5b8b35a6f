/** What went wrong on the way to a server, in words. */

import { EXIT, Failure } from '../model/failure.ts'
import { visible } from './visible.ts'

interface NetworkError {
  readonly code?: string | undefined
  readonly message?: string
}

/** A failure before SSH began: name, route, port, silence. */
export function connectFailure(error: NetworkError, host: string, port: number): Failure {
  const unreachable = (message: string, next: string): Failure => new Failure(EXIT.unreachable, message, next)
  switch (error.code) {
    case 'ENOTFOUND':
      return unreachable(
        `The name ${host} is not known.`,
        'Check how it is spelt, and whether its DNS record exists.',
      )
    case 'EAI_AGAIN':
      return unreachable(`The name ${host} could not be looked up.`, 'Check this machine’s network and DNS.')
    case 'ECONNREFUSED':
      return unreachable(
        `${host} refuses connections on port ${port}.`,
        'Check the port (user@host:port), and whether sshd runs and the firewall lets it through.',
      )
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return unreachable(
        `There is no way to ${host} from here (${error.code}).`,
        'Check the address and this machine’s network or VPN.',
      )
    case 'ETIMEDOUT':
    case 'SILENT':
      return unreachable(
        `${host} does not answer on port ${port}.`,
        'Check the address and the port; a firewall that drops packets looks the same as a server that is off.',
      )
    case 'DROPPED':
      return unreachable(
        `${host} closed the connection in the middle of the login.`,
        'It may have lost patience, or be restarting: try again, and look into its log (journalctl -u ssh).',
      )
    case 'CLOSED':
    case 'ECONNRESET':
    case 'EPIPE':
      return unreachable(
        `${host} closed the connection on port ${port} before SSH began.`,
        'The server may have banned this address (fail2ban, MaxStartups), or something else than sshd listens there.',
      )
    default:
      return unreachable(
        `${host} cannot be reached on port ${port}: ${error.message ?? error.code ?? 'no reason given'}.`,
        'Check the address, the port and the network.',
      )
  }
}

/** A jump host that could not open the way to the next host. */
export function jumpFailure(error: unknown, host: string, port: number): Failure {
  const said = error instanceof Error ? error.message.replace(/^\(SSH\) Channel open failure: /, '') : ''
  return new Failure(
    EXIT.unreachable,
    `The jump host cannot reach ${host} on port ${port}: ${visible(said) || 'it did not say why'}.`,
    'Check the address as the jump host sees it, and whether its sshd allows forwarding (AllowTcpForwarding).',
  )
}

/** A failure while the two sides agreed on how to talk. */
export function handshakeFailure(
  error: Error & { level?: string; code?: unknown },
  host: string,
  port: number,
): Failure {
  if (/no matching/i.test(error.message)) {
    return new Failure(
      EXIT.unreachable,
      `${host} and Kneeboard share no ${error.message.replace(/^.*no matching /i, '').replace(/ algorithm$/i, '')} algorithm.`,
      'Kneeboard speaks curve25519 and other classic key exchanges with ed25519, ECDSA or RSA-SHA2 host keys, not yet the post-quantum ones: let sshd offer one of them.',
    )
  }
  if (error.level === 'client-socket' && typeof error.code === 'string') {
    return connectFailure({ code: error.code, message: error.message }, host, port)
  }
  if (/handshake|identification|header|protocol/i.test(error.message)) {
    return connectFailure({ code: 'CLOSED' }, host, port)
  }
  return new Failure(
    EXIT.unreachable,
    `${host} broke the connection off: ${visible(error.message)}.`,
    'Look into the server’s log: journalctl -u ssh.',
  )
}

/** Nothing secret has been sent yet when this is found out. */
export function terrapinFailure(host: string): Failure {
  return new Failure(
    EXIT.unreachable,
    `${host} speaks only ChaCha20 without strict key exchange: somebody on the network could leave out messages unnoticed (Terrapin, CVE-2023-48795).`,
    'Let its sshd offer aes128-gcm@openssh.com or aes128-ctr, or update it to OpenSSH 9.6 or newer.',
  )
}

/** Why an established connection went away, as the end of a sentence. */
export function lossReason(error: Error & { level?: string; code?: unknown }): string {
  if (error.level === 'client-timeout') return 'the server has not answered for 20 seconds'
  if (error.code === 'ECONNRESET') return 'the connection was reset'
  if (error.code === 'ETIMEDOUT' || error.code === 'EHOSTUNREACH' || error.code === 'ENETUNREACH') {
    return `the network is gone (${error.code})`
  }
  return `the connection broke: ${visible(error.message)}`
}
