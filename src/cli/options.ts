/** The options that commands share, as they come from the parser. */

export interface ConnectionOptions {
  readonly identity?: string
  readonly knownHosts?: string
  readonly acceptHostKey?: string
  readonly sshConfig?: string
}

export interface RunOptions extends ConnectionOptions {
  readonly target?: string
  readonly environment?: 'production' | 'staging'
  readonly set: Readonly<Record<string, string>>
  readonly format: 'plain' | 'json' | 'jsonl'
  readonly output?: string
  readonly consent?: 'reversible' | 'disruptive'
  readonly confirm?: string
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly dryRun?: boolean
  readonly ascii?: boolean
}
