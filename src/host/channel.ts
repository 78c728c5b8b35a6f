/** What carries a shell: a channel of an SSH connection, or a child process on this machine. */

/** Gets what a channel brings. One listener at a time; a later one replaces it. */
export interface ChannelListener {
  stdout(chunk: Buffer): void
  stderr(chunk: Buffer): void
  /** Once, when nothing more will come. Null: it ended without an exit status. */
  closed(exitCode: number | null): void
}

/** One remote process with its three streams. */
export interface Channel {
  listen(listener: ChannelListener): void
  write(text: string): void
  /** End of the process's standard input. */
  end(): void
  /** Gives the channel up from our side. It ends no process on the other. */
  close(): void
}

/** Opens channels to one machine. */
export interface Transport {
  /**
   * Starts a command, as words; none may hold a quote or an exclamation mark, because a login shell reads them.
   *
   * @throws ChannelRefused when the other side allows no further channel.
   */
  open(command: readonly string[]): Promise<Channel>
  /** Milliseconds for a round trip, as measured while connecting. 0 on this machine. */
  readonly roundTripMs: number
}

/** The other side allows no further channel on this connection (sshd's MaxSessions). */
export class ChannelRefused extends Error {
  override readonly name = 'ChannelRefused'
}
