/**
 * Servers that mean harm, for tests: they speak as much of SSH as it takes to get at us. Raw ones speak none at all;
 * the others let everybody in, and then send what no honest server would.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type Algorithms, type Connection, type ServerChannel } from 'ssh2'
import type { ConnectRequest } from '../../src/host/connect-request.ts'
import { makeKey } from './sshd.ts'

export interface HostileServer {
  /** How to connect to it with its key known, so that the key is not what stops us. */
  readonly request: ConnectRequest
  readonly knownHosts: string
  /** Connections that were made to it. */
  readonly connections: number
  stop(): Promise<void>
}

export interface HostileSsh {
  readonly algorithms?: Algorithms
  readonly hostKeyType?: 'ed25519' | 'rsa'
  /** Shows the public half of this key instead of its own, as one does who has only seen it. */
  readonly stolenPublicKey?: string
  /** As a server from before 2024: its counters go on over the key exchange (Terrapin). */
  readonly withoutStrictKeyExchange?: boolean
  /** Never answers a login. */
  readonly refuses?: boolean
  readonly onReady?: (client: Connection) => void
  /** Before the login: the place for floods that need no name. */
  readonly onAuthentication?: (client: Connection) => void
  /** Instead of the shell that an honest server would run. */
  readonly onCommand?: (channel: ServerChannel) => void
}

/** A server that does to every connection what it is told to. */
export async function rawServer(greet: (socket: Socket) => void): Promise<HostileServer> {
  return listening(greet, makeHostKey('ed25519'))
}

export async function hostileSsh(options: HostileSsh = {}): Promise<HostileServer> {
  const files = makeHostKey(options.hostKeyType ?? 'ed25519')
  const server = new ssh2.Server(
    {
      hostKeys: [hostKeyOf(files.key, options.stolenPublicKey)],
      ...(options.algorithms ? { algorithms: options.algorithms } : {}),
    },
    client => {
      client.on('error', () => {})
      if (options.withoutStrictKeyExchange === true) forgetStrictKeyExchange(client)
      client.on('authentication', context => {
        options.onAuthentication?.(client)
        if (options.refuses !== true) context.accept()
      })
      client.on('ready', () => options.onReady?.(client))
      client.on('session', accept => {
        accept().on('exec', (acceptExec, _reject, { command }) =>
          (options.onCommand ?? (channel => honestShell(channel, command)))(acceptExec()),
        )
      })
    },
  )
  const shown = options.stolenPublicKey ?? files.publicKey
  return listening(socket => server.injectSocket(socket), { ...files, publicKey: shown })
}

/** Sends one message of the protocol as it is: there is no other way to send what ssh2 would never send. */
export function sendMessage(client: Connection, payload: Buffer): void {
  const { _protocol: protocol } = client as unknown as {
    _protocol: {
      _packetRW: {
        write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer }
      }
      _cipher: { encrypt(packet: Buffer): void }
    }
  }
  const { write } = protocol._packetRW
  const packet = write.alloc(payload.length)
  packet.set(payload, write.allocStart)
  protocol._cipher.encrypt(write.finalize(packet))
}

const { KexInit } = createRequire(import.meta.url)('ssh2/lib/protocol/kex.js') as {
  KexInit: new (lists: object) => object
}

function forgetStrictKeyExchange(client: Connection): void {
  const { _protocol: protocol } = client as unknown as {
    _protocol: { _strictMode: boolean; _offer: { lists: Record<string, unknown> } }
  }
  const namesOf = (lists: unknown): unknown =>
    typeof lists === 'object' && lists !== null && 'array' in lists
      ? (lists.array as string[]).filter(name => !name.startsWith('kex-strict'))
      : Object.fromEntries(Object.entries(lists as object).map(([name, list]) => [name, namesOf(list)]))
  const { all: _all, ...lists } = protocol._offer.lists
  protocol._offer = new KexInit(namesOf(lists) as object) as never
  protocol._strictMode = false
}

/** A string as SSH writes it: its length in four bytes, then its bytes (RFC 4251 §5). */
export function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

interface HostKeyFiles {
  readonly folder: string
  readonly key: string
  /** Type and Base64, as known_hosts holds them. */
  readonly publicKey: string
}

function makeHostKey(type: 'ed25519' | 'rsa'): HostKeyFiles {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-hostile-'))
  const key = makeKey(join(folder, 'host'), type)
  const publicKey = readFileSync(`${key}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
  return { folder, key, publicKey }
}

/** The private half is our own, the public half that is shown is another's: only the signature gives it away. */
function hostKeyOf(file: string, shown: string | undefined): { key: Buffer } {
  const parsed = ssh2.utils.parseKey(readFileSync(file))
  if (parsed instanceof Error) throw parsed
  if (shown !== undefined) parsed.getPublicSSH = () => Buffer.from(shown.split(' ')[1] ?? '', 'base64')
  return { key: parsed as unknown as Buffer }
}

function honestShell(channel: ServerChannel, command: string): void {
  const child = spawn('sh', ['-c', command])
  channel.pipe(child.stdin)
  child.stdin.on('error', () => {})
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  child.on('close', code => {
    channel.exit(code ?? 255)
    channel.end()
  })
}

async function listening(greet: (socket: Socket) => void, files: HostKeyFiles): Promise<HostileServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const listener = createServer(socket => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    greet(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const knownHosts = join(files.folder, 'known_hosts')
  const clientConfig = join(files.folder, 'config')
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${files.publicKey}\n`)
  writeFileSync(clientConfig, 'Host *\n  IdentityFile none\n  IdentityAgent none\n')
  return {
    request: {
      host: '127.0.0.1',
      port,
      user: 'tester',
      knownHostsFiles: [knownHosts],
      sshConfigFile: clientConfig,
    },
    knownHosts,
    get connections() {
      return connections
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
      rmSync(files.folder, { recursive: true, force: true })
    },
  }
}
