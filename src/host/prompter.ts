/** The port through which the host layer asks the operator. The screen and the plain printer implement it. */

export interface HostKeyQuestion {
  readonly host: string
  readonly port: number
  /** `ssh-ed25519` and the like. */
  readonly keyType: string
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string
  /** Where a yes is written down. */
  readonly knownHostsFile: string
  /** Key types already known for this host; not empty means that a different kind of key is suddenly offered. */
  readonly otherKnownTypes: readonly string[]
}

/** Text in `name`, `instructions` and `prompts` comes from the server: sanitise it before it is drawn. */
export interface KeyboardInteractiveQuestion {
  readonly user: string
  readonly host: string
  readonly name: string
  readonly instructions: string
  readonly prompts: readonly { readonly prompt: string; readonly echo: boolean }[]
}

/** Null means that the operator declined. What is typed is never logged or stored. */
export interface Prompter {
  /** False: nobody is there, so methods that would have to ask are not even begun. */
  readonly interactive: boolean
  /** Whether to trust a server's key that was never seen before. */
  hostKey(question: HostKeyQuestion): Promise<boolean>
  /** `attempt` counts from 1; above 1 the one before was wrong. */
  passphrase(question: { readonly identity: string; readonly attempt: number }): Promise<string | null>
  password(question: {
    readonly user: string
    readonly host: string
    readonly attempt: number
  }): Promise<string | null>
  /** One answer for each prompt. */
  keyboardInteractive(question: KeyboardInteractiveQuestion): Promise<readonly string[] | null>
  sudoPassword(question: {
    readonly user: string
    readonly host: string
    readonly attempt: number
  }): Promise<string | null>
}

/** For runs without a terminal: declines everything. The failure that follows says how to give it instead. */
export const refusingPrompter: Prompter = {
  interactive: false,
  hostKey: async () => false,
  passphrase: async () => null,
  password: async () => null,
  keyboardInteractive: async () => null,
  sudoPassword: async () => null,
}
