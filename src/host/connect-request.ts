/** What names a machine and the way to it. */

export interface ConnectRequest {
  /** A `Host` of the client configuration, a name, an address, or `localhost` for this machine without SSH. */
  readonly host: string
  readonly user?: string | undefined
  readonly port?: number | undefined
  /** Private key to offer before the others. */
  readonly identity?: string | undefined
  /** `SHA256:…` of the one host key to accept: beats every known_hosts file. */
  readonly hostKey?: string | undefined
  /** Instead of the operator's own ssh_config. */
  readonly sshConfigFile?: string | undefined
  /** Instead of the configured known_hosts files; a new key is written to the first. */
  readonly knownHostsFiles?: readonly string[] | undefined
  /** `SHA256:…` to trust on first contact without a terminal. */
  readonly acceptHostKey?: string | undefined
}
