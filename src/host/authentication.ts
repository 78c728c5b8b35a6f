/** Which proof of identity is offered to a server, in which order, and what to say when none was enough. */

import type { AnyAuthMethod, AuthHandlerMiddleware, KeyboardInteractiveAuthMethod } from 'ssh2'
import { EXIT, Failure } from '../model/failure.ts'
import type { Keyring } from './identities.ts'
import { OneKeyAgent } from './one-key-agent.ts'
import type { Prompter } from './prompter.ts'

/** Passwords and rounds of keyboard-interactive that are tried, as with ssh's NumberOfPasswordPrompts. */
const ATTEMPTS = 3

/** What may be offered: everything, keys only, or nothing (to read the server's methods). */
export type Offer = 'everything' | 'keys' | 'nothing'

/** Passwords typed during a session, for its further logins. Never stored. */
export interface TypedPasswords {
  readonly byUser: Map<string, string>
}

export interface AuthenticationOptions {
  readonly user: string
  readonly host: string
  readonly keyring: Keyring
  readonly offer: Offer
  readonly prompter: Prompter
  readonly typed: TypedPasswords
  /** While a question is open no time limit runs. */
  readonly asking: (open: boolean) => void
}

/** One attempt to log in. */
export class Authentication {
  readonly #options: AuthenticationOptions
  #methods: readonly string[] | undefined
  #begun = false
  /** Keys offered so far. */
  #offered = 0
  /** The server took a key and still wants more: a second factor, most likely. */
  #signed = false
  #passwordAttempts = 0
  #interactiveAttempts = 0
  #usedTyped = false
  #lastPassword: string | undefined
  #by = ''
  #declined: string | undefined
  #onExhausted: () => void = () => {}

  constructor(options: AuthenticationOptions) {
    this.#options = options
  }

  /** Methods that the server said can continue; empty while it has said nothing. */
  get methods(): readonly string[] {
    return this.#methods ?? []
  }

  /** Whether the server has been asked for anything yet. */
  get begun(): boolean {
    return this.#begun
  }

  /** What the login was made with: `ed25519 key`, `password`, … */
  get by(): string {
    return this.#by
  }

  /** Called once when nothing is left to offer. */
  set onExhausted(listener: () => void) {
    this.#onExhausted = listener
  }

  /** ssh2 asks this for the next method. */
  readonly handler: AuthHandlerMiddleware = (left, _partial, next) => {
    // Null on the first call, whatever the types say: the server has not been asked yet.
    if (left) this.#methods = left
    void this.#next().then(
      method => (method ? next(method) : this.#onExhausted()),
      () => this.#onExhausted(),
    )
  }

  /** Keeps what worked for the session's further logins. */
  succeeded(): void {
    if (this.#lastPassword !== undefined)
      this.#options.typed.byUser.set(this.#options.user, this.#lastPassword)
  }

  async #next(): Promise<AnyAuthMethod | undefined> {
    const { user, keyring, offer } = this.#options
    const first = !this.#begun
    this.#begun = true
    // The question which methods there are. Asked first it counts as no failed attempt.
    const question: AnyAuthMethod = { type: 'none', username: user }
    if (offer === 'nothing') return first ? question : undefined
    if (first && keyring.identities.length === 0) return question
    if (this.#signed) {
      // ssh2 does not say of an agent's key that it was accepted as one factor of several: ask.
      this.#signed = false
      return question
    }
    const key = this.#nextKey()
    if (key) return key
    // Nor does it pass on what the server said when a key was refused.
    if (this.#methods === undefined) return question
    if (offer === 'keys') return undefined
    return (await this.#interactive()) ?? (await this.#password())
  }

  /** One key at a time, behind ssh2's agent interface: its public part first, a passphrase only if it fits. */
  #nextKey(): AnyAuthMethod | undefined {
    const { user, keyring, asking } = this.#options
    if (this.#methods && !this.#methods.includes('publickey')) return undefined
    const identity = keyring.identities[this.#offered]
    if (!identity) return undefined
    this.#offered++
    const agent = new OneKeyAgent(identity, asking, () => {
      this.#signed = true
      this.#by = `${shortType(identity.publicKey.type)} key`
    })
    return { type: 'agent', username: user, agent }
  }

  async #interactive(): Promise<AnyAuthMethod | undefined> {
    const { user, prompter } = this.#options
    if (!this.methods.includes('keyboard-interactive')) return undefined
    if (!prompter.interactive || this.#declined !== undefined) return undefined
    if (++this.#interactiveAttempts > ATTEMPTS) return undefined
    this.#by = 'keyboard-interactive'
    return { type: 'keyboard-interactive', username: user, prompt: this.#answer }
  }

  readonly #answer: KeyboardInteractiveAuthMethod['prompt'] = (
    name,
    instructions,
    _language,
    prompts,
    finish,
  ) => {
    const { user, host, prompter } = this.#options
    const question = {
      user,
      host,
      name,
      instructions,
      prompts: prompts.map(({ prompt, echo }) => ({ prompt, echo: echo === true })),
    }
    void this.#ask(() => prompter.keyboardInteractive(question)).then(answers => {
      if (answers !== null) return finish([...answers])
      this.#declined = 'the server’s question was not answered'
      this.#onExhausted()
    })
  }

  async #password(): Promise<AnyAuthMethod | undefined> {
    const { user, host, prompter, typed } = this.#options
    if (!this.methods.includes('password')) return undefined
    const known = this.#usedTyped ? undefined : typed.byUser.get(user)
    if (known !== undefined) {
      this.#usedTyped = true
      this.#by = 'password'
      return { type: 'password', username: user, password: known }
    }
    if (!prompter.interactive || this.#declined !== undefined) return undefined
    if (++this.#passwordAttempts > ATTEMPTS) return undefined
    const attempt = this.#passwordAttempts
    const password = await this.#ask(() => prompter.password({ user, host, attempt }))
    if (password === null) {
      this.#declined = 'no password was given'
      return undefined
    }
    this.#lastPassword = password
    this.#by = 'password'
    return { type: 'password', username: user, password }
  }

  async #ask<T>(question: () => Promise<T | null>): Promise<T | null> {
    this.#options.asking(true)
    try {
      return await question()
    } catch {
      return null
    } finally {
      this.#options.asking(false)
    }
  }

  /** Why the login failed, and what could be done. `because`: the server's own reason, when it gave one. */
  failure(because = ''): Failure {
    const { user, host, keyring, offer } = this.#options
    if (offer === 'nothing') {
      const methods = this.methods.join(', ') || 'nothing that it names'
      return new Failure(EXIT.refused, `${host} lets ${user} in only with proof of identity: ${methods}.`)
    }
    const count = this.#offered
    const tried = [
      count === 0 ? 'no key was at hand' : count === 1 ? 'one key was offered' : `${count} keys were offered`,
      ...(this.#passwordAttempts > 0 && this.#declined === undefined ? ['the password was refused'] : []),
      ...(this.#declined === undefined ? [] : [this.#declined]),
      ...(because === '' ? [] : [because]),
    ].join(', ')
    const accepts = this.methods.length === 0 ? '' : `; it accepts ${this.methods.join(', ')}`
    const remarks = keyring.remarks.length === 0 ? '' : ` ${keyring.remarks.join(' ')}`
    return new Failure(
      EXIT.refused,
      `${host} refuses the login of ${user}: ${tried}${accepts}.${remarks}`,
      this.#advice(),
    )
  }

  #advice(): string {
    const { prompter, user } = this.#options
    const asks = this.methods.some(method => method === 'password' || method === 'keyboard-interactive')
    const password = asks && !prompter.interactive ? ' Its password can only be typed at a terminal.' : ''
    return `Check the user name (${user}), name the right key with --identity FILE or load it with ssh-add.${password}`
  }
}

function shortType(type: string): string {
  return type.replace(/^ssh-/, '').replace(/^ecdsa-sha2-.*/, 'ecdsa')
}
