/**
 * Root's shell by sudo, without ever putting a password where it could become a command or be read by another
 * user (ssh.md §3.5).
 */

import { randomBytes } from 'node:crypto'
import type { Channel, Transport } from './channel.ts'

/** Seconds for sudo to answer: PAM delays a wrong password by two, a directory service may take longer. */
const SUDO_SECONDS = 30
/** A wrong password is asked for again this often, as sudo itself does. */
const ATTEMPTS = 3

/** Root cannot be had, and trying again would change nothing. */
export class RootRefused extends Error {
  override readonly name = 'RootRefused'
}

/** The password that worked, for as long as the program runs. Never stored, never in a command line. */
export interface RememberedPassword {
  value?: string | undefined
}

/** Asks for the sudo password; null when the operator declines. */
export type AskSudoPassword = (attempt: number) => Promise<string | null>

/** Opens root shells for a login user by sudo. */
export class Sudo {
  readonly #transport: Transport
  readonly #ask: AskSudoPassword
  readonly #user: string
  readonly #remembered: RememberedPassword
  #passwordNeeded = false
  #first: Promise<Channel> | undefined

  constructor(transport: Transport, user: string, ask: AskSudoPassword, remembered: RememberedPassword = {}) {
    this.#remembered = remembered
    this.#transport = transport
    this.#user = user
    this.#ask = ask
  }

  /** @throws RootRefused with a sentence; ChannelRefused; Error when the connection is gone. */
  async open(): Promise<Channel> {
    // The first shell finds out what sudo wants; those that were asked for meanwhile wait for that answer.
    const first = this.#first
    if (first) {
      await first.catch(() => {})
      return this.#open()
    }
    this.#first = this.#open()
    try {
      return await this.#first
    } finally {
      this.#first = undefined
    }
  }

  async #open(): Promise<Channel> {
    if (!this.#passwordNeeded) {
      const answer = await this.#exchange(undefined)
      if (answer.channel) return answer.channel
      if (answer.why !== 'password') throw new RootRefused(answer.sentence)
      this.#passwordNeeded = true
    }
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const password = this.#remembered.value ?? (await this.#ask(attempt))
      if (password === null)
        throw new Error(`root is needed, and no sudo password was given for ${this.#user}`)
      const answer = await this.#exchange(password)
      if (answer.channel) {
        this.#remembered.value = password
        return answer.channel
      }
      if (answer.why !== 'wrong') throw new RootRefused(answer.sentence)
      this.#remembered.value = undefined
    }
    throw new RootRefused(`sudo refused the password of ${this.#user} ${ATTEMPTS} times`)
  }

  async #exchange(password: string | undefined): Promise<SudoAnswer> {
    const token = randomBytes(8).toString('hex')
    const how = password === undefined ? ['-n'] : ['-S', '-p', `[sudo ${token}]`]
    const start = `echo ready ${token}; exec /bin/sh -s`
    const channel = await this.#transport.open(['exec', 'sudo', ...how, '--', '/bin/sh', '-c', start])
    return sudoExchange(channel, token, password)
  }
}

/** What came of one attempt to become root. */
export type SudoAnswer =
  | { readonly channel: Channel }
  | {
      readonly channel?: undefined
      readonly why: 'password' | 'wrong' | 'refused'
      readonly sentence: string
    }

/**
 * One exchange with sudo: the password only in answer to our own prompt, and only once; the shell is handed over
 * only after it has said that it is ready.
 */
export function sudoExchange(
  channel: Channel,
  token: string,
  password: string | undefined,
): Promise<SudoAnswer> {
  return new Promise(resolve => {
    let out = ''
    let said = ''
    let sent = false
    const end = (answer: SudoAnswer): void => {
      clearTimeout(tooLate)
      if (!answer.channel) {
        channel.listen({ stdout: () => {}, stderr: () => {}, closed: () => {} })
        channel.end()
        channel.close()
      }
      resolve(answer)
    }
    const tooLate = setTimeout(
      () => end({ why: 'refused', sentence: `sudo did not answer within ${SUDO_SECONDS} seconds` }),
      SUDO_SECONDS * 1000,
    )
    channel.listen({
      stdout: chunk => {
        out = (out + chunk.toString('latin1')).slice(-4096)
        if (out.includes(`ready ${token}\n`)) end({ channel })
      },
      stderr: chunk => {
        said = (said + chunk.toString('utf8')).slice(-4096)
        const prompts = said.split(`[sudo ${token}]`).length - 1
        if (prompts > 1) return end({ why: 'wrong', sentence: 'sudo refused the password' })
        if (prompts === 0 || sent || password === undefined) return
        sent = true
        channel.write(`${password}\n`)
      },
      closed: () => end(refusal(said, sent)),
    })
  })
}

function refusal(said: string, sent: boolean): SudoAnswer {
  if (/password is required|interactive authentication is required/i.test(said)) {
    return { why: 'password', sentence: 'sudo wants a password' }
  }
  if (sent && /incorrect password|try again/i.test(said)) {
    return { why: 'wrong', sentence: 'sudo refused the password' }
  }
  if (/not found|No such file/i.test(said)) {
    return { why: 'refused', sentence: 'root is needed, and sudo is not installed on the server' }
  }
  const words = said.split('\n').find(line => line.trim() !== '') ?? 'nothing'
  return { why: 'refused', sentence: `root is needed, and sudo refused it (it said: ${words.slice(0, 200)})` }
}
