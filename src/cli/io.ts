/** The edges of the process, as commands see them: tests give their own. */

export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly environment: NodeJS.ProcessEnv
  readonly stdinIsTty: boolean
  readonly stdoutIsTty: boolean
}
