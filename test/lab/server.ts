import { mkdir, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import {
  containerName,
  createContainer,
  dockerVolume,
  removeContainer,
  type ServerIdentity,
} from './container.ts'
import { docker, tryDocker } from './docker.ts'
import { labKey } from './keys.ts'
import type { Lab } from './session.ts'
import { lines, run, waitFor } from './shell.ts'
import { snapshotImage, takeSnapshot } from './snapshot.ts'

/** A server to be tried on, broken and thrown away, as its tests see it. */
export type Outcome = { exitCode: number; stdout: string; stderr: string }
export type ExecOptions = { input?: string; user?: string; timeout?: number }

export type LabServer = {
  name: string
  container: string
  ipv4: string
  ipv6: string
  sshPort: number
  /** Whom to log in as: `root`, or the cloud's user where root's key is only good for a message. */
  sshUser: string
  identityFile: string
  knownHostsFile: string
  /** SHA256:… of its Ed25519 host key. */
  hostKeyFingerprint: string
  /** Runs a bash script as root (or `user`) inside, not over SSH. Standard input is empty unless given. */
  exec(script: string, options?: ExecOptions): Promise<Outcome>
  /** The same, but a failure is an error; gives standard output. */
  must(script: string, options?: ExecOptions): Promise<string>
  /** Copies a file or folder of this machine into the server. */
  copyIn(from: string, to: string): Promise<void>
  bootId(): Promise<string>
  waitForSsh(): Promise<void>
  reboot(): Promise<void>
  /** Power cut: every process is gone at once, then it starts again. */
  powerCycle(): Promise<void>
  /** Keeps its state under a label, shutting it down meanwhile; with `keep`, for later runs too. */
  snapshot(label: string, options?: { keep?: boolean }): Promise<void>
  /** Goes back to that state, at the same addresses and under the same name. */
  restore(label: string): Promise<void>
  stop(): Promise<void>
}

/**
 * A new server is ready when this returns: SSH answers, logins are allowed, and its host keys are known. One that
 * was found running is taken as it is: it may be broken on purpose.
 */
export async function describeServer(
  lab: Lab,
  identity: ServerIdentity,
  state: 'new' | 'found',
): Promise<LabServer> {
  const { name, sshPort, sshUser } = identity
  const { ipv4, ipv6 } = lab.network.address(identity.number)
  const container = containerName(lab, name)
  const { identityFile } = await labKey()

  const exec = async (script: string, { input, user, timeout }: ExecOptions = {}): Promise<Outcome> => {
    const asUser = user === undefined ? [] : ['--user', user]
    const words = ['exec', '--interactive', ...asUser, container, 'bash', '-c', script]
    const { exitCode, stdout, stderr } = await tryDocker(words, {
      ...(input === undefined ? {} : { input }),
      ...(timeout === undefined ? {} : { timeout }),
    })
    return { exitCode: exitCode ?? -1, stdout, stderr }
  }
  const must = async (script: string, options?: ExecOptions): Promise<string> => {
    const outcome = await exec(script, options)
    if (outcome.exitCode === 0) return outcome.stdout
    throw new Error(
      `On ${name}, exit status ${outcome.exitCode} of:\n${script}\n${outcome.stderr}${outcome.stdout}`,
    )
  }
  const bootId = async () => (await must('cat /proc/sys/kernel/random/boot_id')).trim()
  const waitForSsh = async () => {
    await waitFor(`SSH on ${name} (${ipv4}:${sshPort})`, () => greetsAsSsh(ipv4, sshPort), { every: 50 })
    await waitFor(`logins on ${name}`, async () => (await exec('test ! -e /run/nologin')).exitCode === 0)
  }
  // Asked of Docker, not of the server: a command run in it while it goes down would delay just that.
  const startedAt = async () =>
    (await tryDocker(['inspect', '--format', '{{.State.Running}} {{.State.StartedAt}}', container])).stdout
  const untilNextBoot = async (before: string) => {
    await waitFor(`the next boot of ${name}`, async () => {
      const now = await startedAt()
      return now.startsWith('true') && now !== before
    })
    await waitForSsh()
  }

  if (state === 'new') await waitForSsh()
  const hostKeys = lines((await exec('cat /etc/ssh/ssh_host_*_key.pub')).stdout)
  const knownHostsFile = join(lab.folder, name, 'known_hosts')
  if (state === 'new') {
    await mkdir(join(lab.folder, name), { recursive: true, mode: 0o700 })
    await writeFile(knownHostsFile, knownHosts([ipv4, ipv6], sshPort, hostKeys))
  }

  return {
    name,
    container,
    ipv4,
    ipv6,
    sshPort,
    sshUser,
    identityFile,
    knownHostsFile,
    hostKeyFingerprint: await fingerprint(hostKeys),
    exec,
    must,
    copyIn: async (from, to) => {
      await docker('cp', from, `${container}:${to}`)
    },
    bootId,
    waitForSsh,
    reboot: async () => {
      const before = await startedAt()
      await exec('systemctl --no-block reboot')
      await untilNextBoot(before)
    },
    powerCycle: async () => {
      const before = await startedAt()
      await docker('kill', '--signal', 'KILL', container)
      await docker('start', container)
      await untilNextBoot(before)
    },
    snapshot: async (label, { keep = false } = {}) => {
      await takeSnapshot({ runId: lab.runId, label, container, volume: dockerVolume(container), keep })
      await waitForSsh()
    },
    restore: async label => {
      const image = await snapshotImage(lab.runId, label)
      await removeContainer(container)
      await createContainer(lab, identity, image, label)
      await waitForSsh()
    },
    stop: () => removeContainer(container),
  }
}

function knownHosts(addresses: string[], port: number, keys: string[]): string {
  const hosts = addresses.map(address => (port === 22 ? address : `[${address}]:${port}`)).join(',')
  return keys.map(key => `${hosts} ${key.split(' ').slice(0, 2).join(' ')}\n`).join('')
}

async function fingerprint(keys: string[]): Promise<string> {
  const ed25519 = keys.find(key => key.startsWith('ssh-ed25519'))
  if (ed25519 === undefined) return ''
  const printed = await run({ input: `${ed25519}\n` })`ssh-keygen -lf -`
  return printed.stdout.split(' ')[1] ?? ''
}

function greetsAsSsh(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host, port, timeout: 1000 })
    const answer = (greets: boolean) => {
      socket.destroy()
      resolve(greets)
    }
    socket.once('data', data => answer(data.toString('latin1').startsWith('SSH-2.0')))
    socket.once('error', () => answer(false))
    socket.once('close', () => answer(false))
    socket.once('timeout', () => answer(false))
  })
}
