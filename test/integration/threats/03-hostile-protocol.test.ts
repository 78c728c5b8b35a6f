import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'ssh2'
import { afterEach, describe, expect, it } from 'vitest'
import { connectTo } from '../../../src/host/connect.ts'
import { refusingPrompter } from '../../../src/host/prompter.ts'
import { EXIT } from '../../../src/model/failure.ts'
import type { Machine } from '../../../src/model/machine.ts'
import { sh } from '../../../src/model/script.ts'
import { type HostileServer, hostileSsh, rawServer, sendMessage, sshString } from '../hostile-server.ts'

const MIB = 1024 * 1024

/** Message numbers of RFC 4253 and 4254. */
const DISCONNECT = 1
const IGNORE = 2
const DEBUG = 4
const USERAUTH_BANNER = 53
const GLOBAL_REQUEST = 80
const CHANNEL_OPEN = 90

const message = (number: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([number]), ...parts])
const channelOpen = (type: string, ...rest: Buffer[]): Buffer =>
  message(CHANNEL_OPEN, sshString(type), Buffer.from([0, 0, 0, 9, 0, 16, 0, 0, 0, 0, 128, 0]), ...rest)

/** Threat 3: a server that breaks the protocol, or never gets on with it. */
describe('threat 3, a hostile server in the protocol', () => {
  let server: HostileServer | undefined
  let machine: Machine | undefined
  afterEach(async () => {
    await machine?.close()
    machine = undefined
    await server?.stop()
  })

  /** Connects within two seconds of patience. @returns how it failed, how long that took, and what it cost. */
  async function refusedBy(hostile: HostileServer) {
    server = hostile
    const before = process.memoryUsage().rss
    const began = performance.now()
    const config = `${hostile.request.sshConfigFile}`
    const { writeFileSync } = await import('node:fs')
    writeFileSync(config, 'Host *\n  IdentityFile none\n  IdentityAgent none\n  ConnectTimeout 2\n')
    const error: unknown = await connectTo(hostile.request, refusingPrompter).then(
      opened => {
        machine = opened
        return 'it connected'
      },
      (reason: unknown) => reason,
    )
    return { error, ms: performance.now() - began, grown: process.memoryUsage().rss - before }
  }

  const IDENTIFICATION = 'SSH-2.0-OpenSSH_9.2p1\r\n'

  it.each([
    ['says nothing', () => rawServer(() => {})],
    [
      'says a byte a second',
      () =>
        rawServer(socket => {
          const timer = setInterval(() => socket.write('S'), 300)
          socket.on('close', () => clearInterval(timer))
        }),
    ],
    [
      'greets without end, in lines',
      () => rawServer(socket => pour(socket, Buffer.from(`${'welcome '.repeat(100)}\r\n`.repeat(80)))),
    ],
    ['greets without end, in one line', () => rawServer(socket => pour(socket, Buffer.alloc(65_536, 'x')))],
    [
      'announces a packet of 4 GB',
      () =>
        rawServer(socket => {
          socket.write(IDENTIFICATION)
          pour(socket, Buffer.alloc(65_536, 0xff))
        }),
    ],
    ['identifies itself and falls silent', () => rawServer(socket => socket.write(IDENTIFICATION))],
    [
      'closes in the middle of its identification',
      () => rawServer(socket => socket.end(IDENTIFICATION.slice(0, 9))),
    ],
    ['speaks SSH 1', () => rawServer(socket => socket.end('SSH-1.5-old\r\n'))],
    ['speaks HTTP', () => rawServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
  ] as const)('one that %s is given up within its time, and costs no memory', async (_, start) => {
    const { error, ms, grown } = await refusedBy(await start())
    expect(error).toMatchObject({ name: 'Failure', exitCode: EXIT.unreachable })
    expect(ms).toBeLessThan(8000)
    expect(grown).toBeLessThan(150 * MIB)
  })

  it('one that floods the login with banners is given up within its time', async () => {
    const banner = message(USERAUTH_BANNER, sshString('x'.repeat(30_000)), sshString(''))
    const onAuthentication = (client: Connection): void => {
      const timer = setInterval(() => {
        for (let n = 0; n < 20; n += 1) sendMessage(client, banner)
      }, 1)
      client.on('close', () => clearInterval(timer))
    }
    const hostile = await hostileSsh({ onAuthentication: client => onAuthentication(client), refuses: true })
    const { error, ms, grown } = await refusedBy(hostile)
    expect(error).toMatchObject({ name: 'Failure' })
    expect(ms).toBeLessThan(8000)
    expect(grown).toBeLessThan(250 * MIB)
  })

  it('what it says at parting reaches nobody with its control sequences', async () => {
    const words = 'bye \u001b]52;c;cm0gLXJmIC8=\u0007\u202e'
    const parting = message(DISCONNECT, Buffer.from([0, 0, 0, 2]), sshString(words), sshString(''))
    const { error } = await refusedBy(
      await hostileSsh({ onAuthentication: client => sendMessage(client, parting), refuses: true }),
    )
    expect(error).toMatchObject({ name: 'Failure' })
    expect((error as Error).message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })

  describe('after the login', () => {
    async function connected(onReady: (client: Connection) => void): Promise<Machine> {
      server = await hostileSsh({ onReady })
      machine = await connectTo(server.request, refusingPrompter)
      return machine
    }
    const answers = async (over: Machine): Promise<string> =>
      (await over.run(sh`echo still here`, { timeoutSeconds: 20 })).stdout

    it.each([
      ['debug messages', message(DEBUG, Buffer.from([1]), sshString('debug'), sshString(''))],
      ['ignored messages', message(IGNORE, sshString('x'.repeat(1000)))],
      ['requests', message(GLOBAL_REQUEST, sshString('hostkeys-00@openssh.com'), Buffer.from([0]))],
    ])('10 000 %s change nothing', async (_, flood) => {
      const over = await connected(client => {
        for (let n = 0; n < 10_000; n += 1) sendMessage(client, flood)
      })
      expect(await answers(over)).toBe('still here\n')
    })

    it('a storm of new key exchanges ends in an answer or in a lost connection, never in a wait without end', async () => {
      const over = await connected(client => {
        let left = 20
        const again = (): void => {
          if (left-- > 0) client.rekey(again)
        }
        again()
      })
      const { ending } = await over.run(sh`echo still here`, { timeoutSeconds: 20 })
      expect(['exited', 'lost']).toContain(ending)
    })

    const address = Buffer.concat([sshString('127.0.0.1'), Buffer.from([0, 0, 0, 22])])
    it.each([
      ['the agent', channelOpen('auth-agent@openssh.com')],
      ['our screen', channelOpen('x11', sshString('10.0.0.1'), Buffer.from([0, 0, 23, 112]))],
      ['a forwarded port', channelOpen('forwarded-tcpip', address, address)],
      [
        'a forwarded socket',
        channelOpen('forwarded-streamlocal@openssh.com', sshString('/tmp/x'), sshString('')),
      ],
      ['a session of its own', channelOpen('session')],
      ['something unheard of', channelOpen('all-your-files@example.org')],
    ])('a channel that it opens towards us for %s is refused', async (_, open) => {
      const refusals: number[] = []
      const over = await connected(client => {
        const { _protocol: protocol } = client as unknown as {
          _protocol: { _handlers: { CHANNEL_OPEN_FAILURE?: unknown; CHANNEL_OPEN_CONFIRMATION?: unknown } }
        }
        protocol._handlers.CHANNEL_OPEN_FAILURE = (_p: unknown, channel: number) => refusals.push(channel)
        protocol._handlers.CHANNEL_OPEN_CONFIRMATION = () => refusals.push(-1)
        sendMessage(client, open)
      })
      expect(await answers(over)).toBe('still here\n')
      await sleep(50)
      expect(refusals).toEqual([9])
    })
  })
})

/** Writes without end, as fast as it is taken, for as long as the connection lives. */
function pour(
  socket: {
    write(bytes: Buffer): boolean
    on(event: string, listener: () => void): unknown
    destroyed: boolean
  },
  bytes: Buffer,
): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes)) {
      // As long as it takes more at once.
    }
  }
  socket.on('drain', more)
  more()
}
