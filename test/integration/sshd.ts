/**
 * A real OpenSSH server on the loopback interface, for tests: its own host keys, its own configuration, an
 * unprivileged port. Linux with openssh-server; started and ended by the test that uses it.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const SSHD = '/usr/sbin/sshd'

/** Whether a test may count on sshd; without it a test must say loudly that it was left out. */
export const sshdInstalled = existsSync(SSHD)

export interface SshdOptions {
  /** Lines of sshd_config before the fixture's own; the first value of a keyword wins. */
  readonly config?: readonly string[]
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[]
}

export interface Sshd {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Who logs in: the user that runs the test. */
  readonly user: string
  /** A folder for the test's own files; removed at the end. */
  readonly folder: string
  /** A private key that the server accepts. */
  readonly identity: string
  /** A private key that it does not. */
  readonly strangerIdentity: string
  /** A known_hosts file that holds the server's keys. */
  readonly knownHosts: string
  /** A client configuration without anything of the operator's. */
  readonly clientConfig: string
  /** `SHA256:…` of the server's first host key. */
  readonly fingerprint: string
  /** Path of the server's authorized_keys. */
  readonly authorizedKeys: string
  /** Process ids of the sessions that serve logins. */
  sessions(): number[]
  /** Gives the server new host keys of the same types, and restarts it. */
  changeHostKeys(): Promise<void>
  /** Ends the listening server; sessions go on. */
  stopListening(): Promise<void>
  listen(): Promise<void>
  log(): string
  stop(): Promise<void>
}

/** Makes a key pair. @returns the path of the private key. */
export function makeKey(path: string, type = 'ed25519', passphrase = '', ...more: string[]): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', path, ...more])
  return path
}

/** Starts a server. @throws Error with its log when it does not answer within ten seconds. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'kneeboard-sshd-'))
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  const types = options.hostKeyTypes ?? ['ed25519']
  const hostKey = (type: string): string => join(folder, `host_${type}`)
  for (const type of types) makeKey(hostKey(type), type)
  const identity = makeKey(join(folder, 'id_operator'))
  const strangerIdentity = makeKey(join(folder, 'id_stranger'))
  const authorizedKeys = join(folder, 'authorized_keys')
  writeFileSync(authorizedKeys, readFileSync(`${identity}.pub`), { mode: 0o600 })
  const knownHosts = join(folder, 'known_hosts')
  const publicKey = (type: string): string =>
    readFileSync(`${hostKey(type)}.pub`, 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  const writeKnownHosts = (): void =>
    writeFileSync(knownHosts, types.map(type => `[127.0.0.1]:${port} ${publicKey(type)}\n`).join(''))
  writeKnownHosts()
  const clientConfig = join(folder, 'client_config')
  writeFileSync(
    clientConfig,
    `Host *\n  IdentityFile none\n  IdentityAgent none\n  UserKnownHostsFile ${knownHosts}\n  GlobalKnownHostsFile none\n`,
  )
  const serverConfig = join(folder, 'sshd_config')
  writeFileSync(serverConfig, serverLines(options, port, types.map(hostKey), authorizedKeys, folder))
  let server: ChildProcess | undefined
  let log = ''
  const listen = async (): Promise<void> => {
    const child = spawn(SSHD, ['-D', '-e', '-f', serverConfig], { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    server = child
    await answering(port, () => log)
  }
  const stopListening = async (): Promise<void> => {
    const child = server
    server = undefined
    if (!child || child.exitCode !== null) return
    await new Promise(resolve => {
      child.once('exit', resolve)
      child.kill('SIGTERM')
    })
  }
  await listen()
  const children = (): number[] => (server?.pid === undefined ? [] : childrenOf(server.pid))
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    folder,
    identity,
    strangerIdentity,
    knownHosts,
    clientConfig,
    authorizedKeys,
    get fingerprint() {
      const [first = 'ed25519'] = types
      return (
        execFileSync('ssh-keygen', ['-lf', `${hostKey(first)}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? ''
      )
    },
    sessions: children,
    changeHostKeys: async () => {
      await stopListening()
      for (const type of types) {
        rmSync(hostKey(type))
        makeKey(hostKey(type), type)
      }
      await listen()
    },
    stopListening,
    listen,
    log: () => log,
    stop: async () => {
      for (const pid of children()) end(pid)
      await stopListening()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function serverLines(
  options: SshdOptions,
  port: number,
  hostKeys: readonly string[],
  authorizedKeys: string,
  folder: string,
): string {
  return [
    ...(options.config ?? []),
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map(path => `HostKey ${path}`),
    `PidFile ${join(folder, 'sshd.pid')}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    // The folder lies under a world-writable one; that is the test's doing, not the server's.
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'UsePAM no',
    // Says to bash that it is not outermost, so that it does not read ~/.bashrc, slow as that may be on some machines.
    'SetEnv SHLVL=2',
    'LogLevel VERBOSE',
    '',
  ].join('\n')
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

async function answering(port: number, log: () => string): Promise<void> {
  const until = Date.now() + 10_000
  while (Date.now() < until) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`sshd does not answer on port ${port}:\n${log()}`)
}
