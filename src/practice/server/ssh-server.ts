/** The SSH server on loopback, with the world behind it. */

import { createServer } from 'node:net'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'
import type { OpenFile } from '../system/open-file.ts'
import { environmentOf } from '../world/accounts.ts'
import type { World } from '../world/world.ts'
import { type Admitted, authenticate, type Client } from './authentication.ts'
import { ChannelInput, ChannelOutput } from './channel.ts'

export interface SshServer {
  readonly port: number
  close(): Promise<void>
}

let lastClientPort = 50_000

export function serve(world: World, hostKey: string): Promise<SshServer> {
  const clients = new Set<Connection>()
  const server = new ssh2.Server({ hostKeys: [hostKey], ident: 'OpenSSH_10.0p2 Debian-7' }, client => {
    clients.add(client)
    lastClientPort += 1
    const seen: Client = { address: world.network.operator, port: lastClientPort }
    let admitted: Admitted | undefined
    client.on('authentication', context =>
      authenticate(world, seen, context, who => {
        admitted = who
      }),
    )
    client.on('session', accept => {
      const session = accept()
      session.on('exec', (acceptExec, reject, { command }) => {
        if (!admitted) return reject()
        run(world, acceptExec(), admitted, seen, command)
      })
      session.on('pty', acceptPty => acceptPty?.())
      session.on('env', acceptEnv => acceptEnv?.())
      session.on('shell', (acceptShell, reject) => {
        if (!admitted) return reject()
        talk(world, acceptShell(), admitted, seen)
      })
    })
    client.on('error', () => {})
    client.on('close', () => clients.delete(client))
  })
  world.onReboot = () => {
    for (const client of clients) client.end()
  }
  // Our own socket, so that small packets leave at once: a round trip would take 40 ms and more otherwise.
  const listener = createServer(socket => {
    socket.setNoDelay(true)
    if (world.booting || world.systemd.unit('ssh.service').active !== 'active') socket.destroy()
    else server.injectSocket(socket)
  })
  return new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : 0,
        close: () =>
          new Promise(done => {
            for (const client of clients) client.end()
            listener.close(() => done())
          }),
      })
    })
  })
}

function surroundings(world: World, { user }: Admitted, client: Client): Map<string, string> {
  const connection = `${client.address} ${client.port} ${world.network.ipv4} ${world.sshd.running('port').split(' ')[0]}`
  return environmentOf(
    user,
    new Map([
      ['SSH_CONNECTION', connection],
      [
        'SSH_CLIENT',
        connection
          .split(' ')
          .filter((_, index) => index !== 2)
          .join(' '),
      ],
      ['LANG', 'C.UTF-8'],
      ['SHLVL', '1'],
    ]),
  )
}

function run(world: World, channel: ServerChannel, who: Admitted, client: Client, command: string): void {
  const { machine, systemd } = world
  const { user, forced } = who
  const environment = surroundings(world, who, client)
  if (forced !== undefined) environment.set('SSH_ORIGINAL_COMMAND', command)
  const words = [user.shell, '-c', Buffer.from(forced ?? command, 'utf8').toString('latin1')]
  const process = machine.spawn(systemd.unit('ssh.service').main ?? machine.init, {
    command: words,
    ownGroup: true,
    credentials: user,
    cwd: world.files.maybe(user.home) ? user.home : '/',
    umask: 0o022,
    environment,
    descriptors: new Map<number, OpenFile>([
      [0, new ChannelInput(channel)],
      [1, new ChannelOutput(channel, channel)],
      [2, new ChannelOutput(channel, channel.stderr)],
    ]),
  })
  process.session = process.pid
  void machine
    .finish(process, inner => machine.execute(inner, words))
    .then(status => {
      if (channel.destroyed) return
      channel.exit(status)
      channel.end()
    })
}

/** A shell for a person: no line editing of its own, one command a line. */
function talk(world: World, channel: ServerChannel, who: Admitted, client: Client): void {
  const { user } = who
  const prompt = (): string => `${user.name}@${world.hostname} (practice)${user.uid === 0 ? '#' : '$'} `
  channel.write(`This is the practice server: nothing here is real.\r\n${prompt()}`)
  let line = ''
  channel.on('data', (chunk: Buffer) => {
    for (const character of chunk.toString('utf8')) {
      if (character === '\u0004' || (character === '\r' && line.trim() === 'exit')) {
        channel.write('\r\n')
        channel.exit(0)
        channel.end()
        return
      }
      if (character === '\u0003') {
        line = ''
        channel.write(`^C\r\n${prompt()}`)
      } else if (character === '\u007f') {
        if (line !== '') channel.write('\b \b')
        line = line.slice(0, -1)
      } else if (character === '\r' || character === '\n') {
        channel.write('\r\n')
        const command = line
        line = ''
        void runLine(world, channel, who, client, command).then(() => channel.write(prompt()))
      } else {
        line += character
        channel.write(character)
      }
    }
  })
}

async function runLine(
  world: World,
  channel: ServerChannel,
  who: Admitted,
  client: Client,
  command: string,
): Promise<void> {
  const { machine } = world
  const words = [who.user.shell, '-c', Buffer.from(command, 'utf8').toString('latin1')]
  const output = new TerminalOutput(channel)
  const process = machine.spawn(machine.init, {
    command: words,
    ownGroup: true,
    credentials: who.user,
    cwd: world.files.maybe(who.user.home) ? who.user.home : '/',
    environment: surroundings(world, who, client),
    descriptors: new Map<number, OpenFile>([
      [0, machine.nullDevice()],
      [1, output],
      [2, output],
    ]),
  })
  await machine.finish(process, inner => machine.execute(inner, words))
}

/** A terminal wants a carriage return before each newline. */
class TerminalOutput extends ChannelOutput {
  constructor(channel: ServerChannel) {
    super(channel, channel)
  }

  override write(bytes: Buffer, wait: Parameters<ChannelOutput['write']>[1]): Promise<void> {
    return super.write(Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'), wait)
  }
}
