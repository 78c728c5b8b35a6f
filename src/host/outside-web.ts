/** Ports 80 and 443 as the operator's machine sees them, pinned to one address. */

import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { sh } from '../model/script.ts'
import { codeOf, type Look, startLook } from './look.ts'
import { endOf } from './tunnel.ts'

/**
 * Loaded when it is needed, and not by `import`: that reads each export of node:http, among them WebSocket, for which
 * Node loads all of undici: 25 ms at every start of the program.
 */
const builtin = process.getBuiltinModule

/** How a web request to one address ended. */
export type Fetched =
  | {
      readonly outcome: 'answered'
      readonly status: number
      /** Where a redirect leads; empty without one. */
      readonly location: string
      /** The header `Server`. */
      readonly server: string
      /** True when a header says that Cloudflare's proxy stands in between. */
      readonly cloudflare: boolean
      /** The first 4 KB. */
      readonly body: string
    }
  | { readonly outcome: 'refused' | 'timed-out' | 'broken'; readonly reason: string }
  /** Nothing leads there from this machine: most often it has no IPv6. Says nothing about the server. */
  | { readonly outcome: 'no-route-from-here'; readonly reason: string }

/** Seconds for a connection and its answer, as the CA gives them (Let's Encrypt: 10 s). */
const FETCH_SECONDS = 10
const BODY_BYTES = 4096

/** One GET pinned to an address, as the CA sends it: any certificate is taken, no redirect is followed. */
export function fetchAt(address: string, url: URL): Promise<Look<Fetched>> {
  const started = startLook()
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const pinned = isIP(address) === 6 ? `[${address}]` : address
  const byHand = sh`curl -ki --max-time ${FETCH_SECONDS} --resolve ${`${url.hostname}:${port}:${pinned}`} ${url.href}`
  const options = {
    ...endOf(address, port),
    path: url.pathname + url.search,
    headers: { Host: url.host, 'User-Agent': 'kneeboard', Connection: 'close' },
    servername: url.hostname,
    rejectUnauthorized: false,
    agent: false as const,
    signal: AbortSignal.timeout(FETCH_SECONDS * 1000),
  }
  return new Promise(resolve => {
    const finish = (answer: Fetched, text: string) =>
      resolve({ answer, record: started.ended(byHand, text, answer.outcome === 'answered' ? 0 : 7) })
    const { request } = url.protocol === 'https:' ? builtin('node:https') : builtin('node:http')
    const asking = request(options, response =>
      readBody(response).then(
        body => finish(answered(response, body), headAndBody(response, body)),
        error => finish(failed(error), String(error)),
      ),
    )
    asking.on('error', error => finish(failed(error), String(error)))
    asking.end()
  })
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    chunks.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes >= BODY_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES).toString('utf8')
}

function answered({ statusCode = 0, headers }: IncomingMessage, body: string): Fetched {
  const server = String(headers.server ?? '')
  return {
    outcome: 'answered',
    status: statusCode,
    location: String(headers.location ?? ''),
    server,
    cloudflare: server.toLowerCase() === 'cloudflare' || headers['cf-ray'] !== undefined,
    body,
  }
}

function headAndBody({ statusCode, headers }: IncomingMessage, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)
  return `HTTP ${statusCode}\n${lines.join('\n')}\n\n${body}`
}

function failed(error: unknown): Fetched {
  const code = codeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  if (code === 'ECONNREFUSED') return { outcome: 'refused', reason }
  if (['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code))
    return { outcome: 'no-route-from-here', reason }
  // No machine answers there at all: for a CA that is the same as silence.
  if (['ETIMEDOUT', 'EHOSTUNREACH', 'ABORT_ERR'].includes(code) || /timeout|aborted/i.test(reason))
    return { outcome: 'timed-out', reason }
  return { outcome: 'broken', reason }
}

/** The certificates that a server sends, leaf first, as PEM; or why there were none. */
export type Handshake =
  | { readonly outcome: 'certificates'; readonly pem: readonly string[] }
  | { readonly outcome: 'refused' | 'timed-out' | 'broken' | 'no-route-from-here'; readonly reason: string }

/** A TLS handshake with one address that trusts anything: whether to trust is judged later. */
export function shakeHands(address: string, name: string, port = 443): Promise<Look<Handshake>> {
  const started = startLook()
  const pinned = isIP(address) === 6 ? `[${address}]` : address
  const byHand = sh`openssl s_client -connect ${`${pinned}:${port}`} -servername ${name} -showcerts </dev/null`
  return new Promise(resolve => {
    const finish = (answer: Handshake, text: string) => {
      socket.destroy()
      resolve({ answer, record: started.ended(byHand, text, answer.outcome === 'certificates' ? 0 : 1) })
    }
    const socket = builtin('node:tls').connect({
      ...endOf(address, port),
      servername: name,
      rejectUnauthorized: false,
    })
    socket.setTimeout(FETCH_SECONDS * 1000, () =>
      finish({ outcome: 'timed-out', reason: 'no handshake in time' }, 'no handshake in time'),
    )
    socket.on('error', error => {
      const { outcome, reason } = failed(error) as Exclude<Fetched, { outcome: 'answered' }>
      finish({ outcome, reason }, reason)
    })
    socket.on('secureConnect', () => {
      const pem = sentCertificates(socket)
      finish({ outcome: 'certificates', pem }, pem.join(''))
    })
  })
}

function sentCertificates(socket: TLSSocket): string[] {
  const pem: string[] = []
  let next = socket.getPeerX509Certificate()
  while (next !== undefined && pem.length < 10) {
    const text = next.toString()
    if (pem.includes(text)) break
    pem.push(text)
    next = next.issuerCertificate
  }
  return pem
}
