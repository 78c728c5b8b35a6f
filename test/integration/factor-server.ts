/**
 * An SSH server that takes passwords and codes, for what a loopback sshd cannot do without an account of its own
 * on this machine: it speaks the protocol by ssh2's server half, and runs commands in a real shell.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import ssh2, { type AuthContext, type ServerChannel } from 'ssh2'

export interface FactorServer {
  readonly port: number
  /** Every method that was tried, with what was given. */
  readonly tried: readonly string[]
  stop(): Promise<void>
}

/** Decides about one attempt: true lets in, a list of methods refuses and names them (`partial`: one factor was right). */
export type Decide = (
  context: AuthContext,
) => Promise<true | { readonly methods: readonly string[]; readonly partial?: boolean }>

/** @param hostKey path of a private key. */
export async function startFactorServer(hostKey: string, decide: Decide): Promise<FactorServer> {
  const tried: string[] = []
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKey)] }, client => {
    client.on('error', () => {})
    client.on('authentication', context => {
      tried.push(context.method === 'password' ? `password ${context.password}` : context.method)
      void decide(context).then(answer => {
        if (answer === true) context.accept()
        else context.reject([...answer.methods] as never, answer.partial ?? false)
      })
    })
    client.on('session', accept => {
      accept().on('exec', (acceptExec, _reject, { command }) => run(acceptExec(), command))
    })
  })
  // ssh2's own listen() keeps connections alive for ever; through a server of ours they can be ended.
  const sockets = new Set<{ destroy(): void }>()
  const listener = createServer(socket => {
    sockets.add(socket)
    server.injectSocket(socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    tried,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

function run(channel: ServerChannel, command: string): void {
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
