import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { places } from './places.ts'
import { attempt } from './shell.ts'

/**
 * A Debian mirror that keeps what it fetched, so that a hundred test servers installing Docker download it once.
 *
 * Guests reach it under the real mirror's name (the lab's DNS says so) and so have ordinary apt sources; image
 * builds use it as an HTTP proxy. What is missing is fetched by apt's own downloader, which knows whatever proxy,
 * certificate or password the machine's apt is configured with.
 */
export type Mirror = { port: number; close(): Promise<void> }

const HOURS = 60 * 60 * 1000
const freshness = 12 * HOURS

export async function startMirror(options: {
  origins: Map<string, string>
  addresses: string[]
  port: number
}): Promise<Mirror> {
  const servers = await Promise.all(
    options.addresses.map(address => listen(address, options.port, options.origins)),
  )
  return {
    port: portOf(servers[0]),
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise(resolve => server.close(resolve))
      }
    },
  }
}

/** The port that was chosen where 0 was asked for. */
function portOf(server: Server | undefined): number {
  const address = server?.address() as AddressInfo | null | undefined
  return address?.port ?? 0
}

function listen(address: string, port: number, origins: Map<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, origins).catch(() => response.destroy())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => resolve(server))
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, origins: Map<string, string>) {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`)
  const origin = origins.get(url.hostname)
  const path = normalize(decodeURIComponent(url.pathname))
  if (!origin || !['GET', 'HEAD'].includes(request.method ?? '') || path.endsWith('/')) {
    response.writeHead(404).end()
    return
  }
  const file = await kept(`${origin}${path}`, join(places.packages, url.hostname, path))
  if (!file) {
    response.writeHead(404).end()
    return
  }
  const { size } = await stat(file)
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size })
  if (request.method === 'HEAD') response.end()
  else await pipeline(createReadStream(file), response)
}

const underWay = new Map<string, Promise<string | undefined>>()

/** The file on this machine's disk, fetched first where need be; undefined when the mirror has no such file. */
function kept(address: string, file: string): Promise<string | undefined> {
  const already = underWay.get(file)
  if (already) return already
  const work = fetchInto(address, file).finally(() => underWay.delete(file))
  underWay.set(file, work)
  return work
}

async function fetchInto(address: string, file: string): Promise<string | undefined> {
  const existing = await stat(file).catch(() => undefined)
  const neverChanges = /\/(pool|by-hash)\//.test(file)
  if (existing && (neverChanges || Date.now() - existing.mtimeMs < freshness)) return file
  await mkdir(dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}.partial`
  const fetched =
    await attempt`/usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file ${address} ${partial}`
  if (fetched.exitCode !== 0) {
    await rm(partial, { force: true })
    return existing ? file : undefined
  }
  const now = new Date()
  await utimes(partial, now, now)
  await rename(partial, file)
  return file
}
