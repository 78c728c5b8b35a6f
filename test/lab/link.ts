import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'

/**
 * A TCP link to a server that a test can slow, cut and break, on an address of this machine.
 *
 * The kernel's own netem is often missing, and it acts on packets: this acts on the stream, which is what an SSH
 * client sees. Loss is therefore not in it (see packet-loss.ts); delay, silence and resets are exact.
 */
export type Link = {
  host: string
  port: number
  /** Each byte arrives this much later, in each direction: a round trip takes twice as long. */
  delay(milliseconds: number): void
  /** The cable is out: nothing passes in either direction, nobody is told, new connections get no answer. */
  cut(): void
  /** The cable is in again: what was held back arrives. */
  restore(): void
  /** Every connection is broken with RST, at once. New ones are accepted. */
  reset(): void
  /** Breaks with RST as soon as so many bytes more have passed, both directions counted together. */
  dropAfterBytes(count: number): void
  /** Refuses new connections, as a server whose sshd is down. */
  refuse(): Promise<void>
  accept(): Promise<void>
  stats(): LinkStats
  close(): Promise<void>
}

export type LinkStats = { connections: number; open: number; bytesToServer: number; bytesToClient: number }

export async function startLink(
  target: { host: string; port: number },
  listenOn = '127.0.0.1',
): Promise<Link> {
  const stats = { connections: 0, bytesToServer: 0, bytesToClient: 0 }
  const pairs = new Set<Pair>()
  const state: State = { delay: 0, cut: false, bytesLeft: Number.POSITIVE_INFINITY }

  const reset = () => {
    for (const pair of pairs) {
      pair.client.resetAndDestroy()
      pair.server.resetAndDestroy()
    }
    pairs.clear()
  }
  const server = createServer({ noDelay: true, allowHalfOpen: true }, client => {
    stats.connections += 1
    const upstream = createConnection({ ...target, noDelay: true, allowHalfOpen: true })
    const pair: Pair = { client, server: upstream, held: [] }
    pairs.add(pair)
    const count = (direction: 'bytesToServer' | 'bytesToClient') => (bytes: number) => {
      stats[direction] += bytes
      state.bytesLeft -= bytes
      if (state.bytesLeft > 0) return
      state.bytesLeft = Number.POSITIVE_INFINITY
      reset()
    }
    forward(client, upstream, pair, state, count('bytesToServer'))
    forward(upstream, client, pair, state, count('bytesToClient'))
    for (const socket of [client, upstream]) socket.on('close', () => pairs.delete(pair))
  })

  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, listenOn, resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo

  const restore = () => {
    state.cut = false
    for (const pair of pairs) for (const deliver of pair.held.splice(0)) deliver()
  }
  return {
    host: listenOn,
    port,
    delay: milliseconds => {
      state.delay = milliseconds
    },
    cut: () => {
      state.cut = true
    },
    restore,
    reset,
    dropAfterBytes: count => {
      state.bytesLeft = count
    },
    refuse: async () => {
      if (server.listening) server.close()
    },
    accept: async () => {
      if (!server.listening) await listen(port)
    },
    stats: () => ({ ...stats, open: pairs.size }),
    close: async () => {
      state.cut = false
      reset()
      if (server.listening) await new Promise(resolve => server.close(resolve))
    },
  }
}

type State = { delay: number; cut: boolean; bytesLeft: number }
type Pair = { client: Socket; server: Socket; held: (() => void)[] }

/** Order is kept: equal delays fire in the order in which they were set, and what is held is delivered in order. */
function forward(from: Socket, to: Socket, pair: Pair, state: State, count: (bytes: number) => void): void {
  const pass = (deliver: () => void) => {
    const arrive = () => {
      if (state.cut) pair.held.push(deliver)
      else if (!to.destroyed) deliver()
    }
    if (state.delay > 0) setTimeout(arrive, state.delay)
    else arrive()
  }
  from.on('data', (chunk: Buffer) => {
    pass(() => {
      to.write(chunk)
      count(chunk.length)
    })
  })
  from.on('end', () => pass(() => to.end()))
  from.on('error', () => pass(() => to.resetAndDestroy()))
}
