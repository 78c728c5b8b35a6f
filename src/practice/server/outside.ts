/** The world as the operator's machine sees it from outside: its name servers, and ports 80 and 443 of its addresses. */

import { createServer as createWebServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createSecureContext } from 'node:tls'
import { listenerAt } from '../world/shop/http.ts'
import { NginxRole } from '../world/shop/nginx.ts'
import { roleAt } from '../world/shop/roles.ts'
import type { World } from '../world/world.ts'
import { serveNames } from './dns.ts'

/** One address and port of the world, and the port on loopback that stands for it. */
export interface Door {
  readonly address: string
  /** 0 for all others. */
  readonly port: number
  readonly local: number
}

/** Addresses that visitors may try: the server's own, and those of other machines in this world. */
export async function openDoors(world: World): Promise<Door[]> {
  const { ipv4, ipv6 } = world.network
  const doors: Door[] = []
  for (const address of [ipv4, ipv6, ...world.elsewhere.keys()]) {
    doors.push({
      address,
      port: 80,
      local: await listen(
        createWebServer((request, response) => answer(world, address, 80, request, response)),
      ),
    })
    doors.push({ address, port: 443, local: await listen(securely(world, address)) })
    // Whatever else is tried stays on this machine, and finds nobody.
    doors.push({ address, port: 0, local: await closedPort() })
  }
  for (const address of ['203.0.113.53', '203.0.113.54'])
    doors.push({ address, port: 53, local: await serveNames(world) })
  return doors
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** A port of loopback on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createWebServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Whether a packet from outside gets to what listens there. What Docker publishes is not ufw's to filter on IPv4. */
function lets(world: World, address: string, port: number): boolean {
  const own = address === world.network.ipv4 || address === world.network.ipv6
  if (!own || address === world.network.ipv4) return true
  return world.ufw.lets(port, world.network.operator, 6)
}

function answer(
  world: World,
  address: string,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const listener = lets(world, address, port)
    ? listenerAt(world, { container: undefined }, address, port)
    : 'silent'
  const result =
    typeof listener === 'string'
      ? listener
      : listener({
          method: request.method ?? 'GET',
          host: request.headers.host ?? '',
          path: request.url ?? '/',
          secure: port === 443,
          headers: new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
          client: world.network.operator,
        })
  if (result === 'silent') return
  if (typeof result === 'string') {
    request.socket.destroy()
    return
  }
  response.writeHead(
    result.status,
    Object.fromEntries(result.headers.filter(([name]) => name !== 'Content-Length')),
  )
  response.end(request.method === 'HEAD' ? undefined : result.body)
}

function securely(world: World, address: string): Server {
  const server = createSecureServer(
    {
      SNICallback: (name, done) => {
        const pair = certificateFor(world, address, name)
        if (pair) done(null, createSecureContext(pair))
        else done(new Error('nothing is served here'))
      },
    },
    (request, response) => answer(world, address, 443, request, response),
  )
  server.on('tlsClientError', () => {})
  return server
}

function certificateFor(
  world: World,
  address: string,
  name: string,
): { cert: string; key: string } | undefined {
  if (address !== world.network.ipv4 && address !== world.network.ipv6) return undefined
  const nginx = [...world.docker.containers.values()]
    .map(container => ({ container, role: roleAt(container, NginxRole) }))
    .find(({ role }) => role)
  const cert = nginx?.role?.certificate(name)
  const key = nginx?.role?.keyOf(name)
  return cert === undefined || key === undefined ? undefined : { cert, key }
}
