/** The options that commands share, as they come from the parser. */

/** What a run's result can be written as. */
export const FORMATS = ['plain', 'json', 'jsonl', 'markdown', 'html'] as const
export type Format = (typeof FORMATS)[number]

export interface ConnectionOptions {
  readonly identity?: string
  readonly knownHosts?: string
  readonly acceptHostKey?: string
  readonly sshConfig?: string
}

/** How the screens are drawn: options of the program itself. */
export interface ScreenOptions {
  readonly ascii?: boolean
  /** False with `--no-motion`. */
  readonly motion?: boolean
  /** False with `--no-bell`. */
  readonly bell?: boolean
  readonly screenReader?: boolean
}

/** What going on with a run may be given: its target and parameters are in its journal. */
export interface ResumeOptions extends ConnectionOptions, ScreenOptions {
  readonly format: Format
  readonly output?: string
  readonly consent?: 'reversible' | 'disruptive'
  readonly confirm?: string
}

export interface RunOptions extends ResumeOptions {
  readonly target?: string
  readonly environment?: 'production' | 'staging'
  readonly set: Readonly<Record<string, string>>
  readonly only?: readonly string[]
  readonly skip?: readonly string[]
  readonly dryRun?: boolean
}
