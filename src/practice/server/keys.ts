/** Key pairs for one practice session: the server's, and the one that lets its operator in. */

import ssh2 from 'ssh2'

export interface KeyPair {
  /** OpenSSH's format. */
  readonly privateKey: string
  /** One line of authorized_keys. */
  readonly publicKey: string
}

/**
 * Makes a pair that can be read again. ssh2 takes the zeros off the beginning of a public key, and then writes one in 256
 * too short: such a pair is made anew.
 */
export function makeKeyPair(comment: string): KeyPair {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    const isWhole = [privateKey, publicKey].every(key => !(ssh2.utils.parseKey(key) instanceof Error))
    if (isWhole) return { privateKey, publicKey: publicKey.trim() }
  }
}
