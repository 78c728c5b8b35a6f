/** Requests between the processes of this world: who listens where, and what comes back. */

import type { Process } from '../../system/process.ts'
import type { Container } from '../docker/types.ts'
import type { World } from '../world.ts'
import { companions, listenerOf } from './roles.ts'

export interface Request {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly secure: boolean
  readonly headers: ReadonlyMap<string, string>
  /** Address of who asks. */
  readonly client: string
}

export interface Response {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  /** How long who answered had to wait for something itself; nothing is waited for here. */
  readonly seconds?: number
}

/** What is there at an address and port. */
export type Listener = (request: Request) => Response | 'silent'

export type Outcome = Response | 'no-name' | 'refused' | 'silent' | 'unreachable'

export const page = (
  status: number,
  body: string,
  headers: readonly (readonly [string, string])[] = [],
): Response => ({
  status,
  headers: [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ...headers,
  ],
  body,
})

export const json = (status: number, value: unknown): Response => {
  const body = JSON.stringify(value)
  return {
    status,
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
  }
}

/** What answers a process that connects to an address. */
export function listenerAt(
  world: World,
  process: Pick<Process, 'container'>,
  address: string,
  port: number,
): Listener | 'refused' | 'unreachable' {
  const own = process.container === undefined ? undefined : world.docker.containers.get(process.container)
  if (/^(127\.|::1$)/.test(address)) {
    for (const each of own ? companions(world, own) : []) {
      const listener = listenerOf(world, each, port)
      if (listener) return listener
    }
    if (own) return 'refused'
    return published(world, port) ?? 'refused'
  }
  const container = world.docker.byAddress(address)
  if (container) return listenerOf(world, container, port) ?? 'refused'
  if (address === world.network.ipv4 || address === world.network.ipv6)
    return published(world, port) ?? 'refused'
  return /^172\.|^10\./.test(address) ? 'unreachable' : (world.elsewhere.get(address) ?? 'unreachable')
}

/** The service behind a published port of the server. */
export function published(world: World, port: number): Listener | undefined {
  for (const container of world.docker.containers.values()) {
    const binding =
      container.status === 'running' ? container.plan.ports.find(each => each.published === port) : undefined
    if (binding) return listenerOf(world, container, binding.inside)
  }
  return undefined
}

export function request(
  world: World,
  process: Process,
  host: string,
  port: number,
  what: Omit<Request, 'client'>,
  pinned?: string,
): Outcome {
  const [address] = pinned === undefined ? world.names.resolve(process, host) : [pinned]
  if (address === undefined) return 'no-name'
  const listener = listenerAt(world, process, address, port)
  if (typeof listener === 'string') return listener
  const own: Container | undefined =
    process.container === undefined ? undefined : world.docker.containers.get(process.container)
  const client = /^127\./.test(address)
    ? '127.0.0.1'
    : ([...(own?.addresses.values() ?? [])][0] ?? '172.18.0.1')
  return listener({ ...what, client })
}
