/** The options that commands share, as they come from the parser. */

export interface ConnectionOptions {
  readonly identity?: string
  readonly knownHosts?: string
  readonly acceptHostKey?: string
  readonly sshConfig?: string
}

/** What going on with a run may be given: its target and parameters are in its journal. */
export interface ResumeOptions extends ConnectionOptions {
  readonly format: 'plain' | 'json' | 'jsonl'
  readonly output?: string
  readonly consent?: 'reversible' | 'disruptive'
  readonly confirm?: string
  readonly ascii?: boolean
}

export interface RunOptions extends ResumeOptions {
  readonly target?: string
  readonly environment?: 'production' | 'staging'
  readonly set: Readonly<Record<string, string>>
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly dryRun?: boolean
}
