/** One key behind ssh2's agent interface, the only one of its interfaces that waits for a signature. */

import ssh2, { type ParsedKey } from 'ssh2'
import type { Identity, SignatureHash } from './identities.ts'

/** Offers the key's public part; only when the server wants it is the signature made, and a passphrase asked. */
export class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #identity: Identity
  readonly #asking: (open: boolean) => void
  readonly #signed: () => void

  constructor(identity: Identity, asking: (open: boolean) => void, signed: () => void) {
    super()
    this.#identity = identity
    this.#asking = asking
    this.#signed = signed
  }

  override getIdentities(callback: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    callback(null, [this.#identity.publicKey])
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: { hash?: SignatureHash } | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback
    const hash = typeof options === 'function' ? undefined : options.hash
    this.#asking(true)
    this.#identity.sign(data, hash).then(
      signature => {
        this.#asking(false)
        this.#signed()
        done?.(null, signature)
      },
      (error: Error) => {
        this.#asking(false)
        done?.(error)
      },
    )
  }
}

type SignCallback = (error?: Error | null, signature?: Buffer) => void
