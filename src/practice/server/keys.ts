/** Key pairs for one practice session: the server's, and the one that lets its operator in. */

import ssh2 from 'ssh2'

export interface KeyPair {
  /** OpenSSH's format. */
  readonly privateKey: string
  /** One line of authorized_keys. */
  readonly publicKey: string
}

export function makeKeyPair(comment: string): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
  return { privateKey: pair.private, publicKey: pair.public.trim() }
}
