/** The server's addresses and the sockets that wait on them. */

export interface Socket {
  readonly protocol: 'tcp' | 'udp'
  /** `0.0.0.0`, `[::]`, `127.0.0.1`, … as ss prints it. */
  readonly address: string
  readonly port: number
  readonly program: string
  readonly pid: number
}

export class Network {
  /**
   * A check refuses addresses that are set aside for documents, as a CA does. The first was a test network once
   * (RFC 3330), the second lies where IANA has given nothing to anybody.
   */
  readonly ipv4 = '128.66.0.80'
  readonly ipv6 = '4000:db8:80::1'
  /** Where the operator comes from, as the server sees it. */
  readonly operator = '198.51.100.7'
  readonly #sources: (() => Socket[])[] = []

  /** Sockets are told by what opens them: a service that does not run has none. */
  listen(source: () => Socket[]): void {
    this.#sources.push(source)
  }

  sockets(): Socket[] {
    return this.#sources.flatMap(source => source())
  }
}
