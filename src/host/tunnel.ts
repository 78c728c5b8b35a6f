/**
 * Where an address is really reached from this machine: itself, unless a tunnel leads there. Somebody who keeps a
 * tunnel (`ssh -L`) to a closed network sees it as the world would.
 */

export interface Endpoint {
  readonly host: string
  readonly port: number
}

const tunnels = new Map<string, Endpoint>()

const keyOf = (address: string, port: number): string => `${port} ${address.toLowerCase()}`

/** From now on, connections to this address and port go through the other end. Port 0 stands for all that have none. */
export function openTunnel(address: string, port: number, end: Endpoint): void {
  tunnels.set(keyOf(address, port), end)
}

/** Where to connect to for an address and port. */
export function endOf(address: string, port: number): Endpoint {
  return tunnels.get(keyOf(address, port)) ?? tunnels.get(keyOf(address, 0)) ?? { host: address, port }
}
