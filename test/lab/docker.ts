import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ProcessPromise } from 'zx'
import { $ } from 'zx'
import { withLock } from './lock.ts'
import { installMissing, installTools } from './packages.ts'
import { cacheFolder, places, runtimeFolder } from './places.ts'
import { end, identify, isAlive, type ProcessIdentity } from './process.ts'
import { attempt, commandEnvironment, waitFor } from './shell.ts'

/** Everything that the lab makes in Docker carries this label; nothing without it is ever touched. */
export const LABEL = 'kneeboard.lab'

const machineSocket = '/var/run/docker.sock'
let socket = places.dockerSocket

/** For those who only need the daemon; runs of the lab register first (runs.ts), so that it is not stopped meanwhile. */
export function ensureDocker(): Promise<void> {
  return withLock('docker', startDocker)
}

/**
 * The machine's own Docker is used when it runs. Where it does not, the lab starts one of its own, with its own
 * data and socket: starting the machine's would also start whatever its owner had left to restart.
 * Whoever calls holds the lock `docker`.
 */
export async function startDocker(): Promise<void> {
  await installTools()
  if (await findDocker()) return
  await installMissing({ dockerd: 'docker.io' })
  // Debian 12 has the client in the same package, later releases have it in one of its own.
  await installMissing({ docker: 'docker-cli' })
  // Where services are started on installation, the machine's own runs now.
  if (await findDocker()) return
  await startDaemon()
}

/** Whether a daemon answers that the lab may use. */
export async function findDocker(): Promise<boolean> {
  for (const candidate of [machineSocket, places.dockerSocket]) {
    if (await answers(candidate)) {
      socket = candidate
      return true
    }
  }
  socket = places.dockerSocket
  return false
}

export function isOwnDaemon(): boolean {
  return socket === places.dockerSocket
}

/** Runs `docker` and gives its output; an error when it fails. */
export function docker(...words: string[]): ProcessPromise {
  return $({ quiet: true, env: dockerEnvironment() })`docker ${words}`
}

/** Runs `docker` where a failure is an answer, with more options of zx (`input`, `timeout`). */
export function tryDocker(
  words: string[],
  options: { input?: string; timeout?: number } = {},
): ProcessPromise {
  const timeout = options.timeout === undefined ? {} : { timeout: options.timeout }
  return $({
    quiet: true,
    nothrow: true,
    env: dockerEnvironment(),
    input: options.input ?? '',
    ...timeout,
  })`docker ${words}`
}

/** For those who run `docker` themselves: the environment in which it finds the lab's daemon. */
export function dockerEnvironment(): NodeJS.ProcessEnv {
  return { ...commandEnvironment(), DOCKER_HOST: `unix://${socket}`, DOCKER_BUILDKIT: '0' }
}

/** Stops the daemon if the lab started it. Whoever calls makes sure that nobody uses it any more. */
export async function stopDocker(): Promise<void> {
  const daemon = await startedDaemon()
  if (daemon) await end(daemon, { patience: 30_000 })
  await rm(places.dockerPid, { force: true })
  const mounts = await readFile('/proc/mounts', 'utf8')
  const ours = mounts
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(point => point.startsWith(`${cacheFolder}/`) || point.startsWith(`${runtimeFolder}/`))
  for (const point of ours.reverse()) await attempt`umount ${point}`
}

async function answers(path: string): Promise<boolean> {
  if (!existsSync(path)) return false
  const result = await $({
    quiet: true,
    nothrow: true,
    env: { ...commandEnvironment(), DOCKER_HOST: `unix://${path}` },
  })`docker version`
  return result.exitCode === 0
}

/**
 * The daemon leaves the machine's firewall, forwarding and interfaces alone: servers talk over their bridge only,
 * which is let through by a rule of the lab's (bridge-rules.ts).
 */
async function startDaemon(): Promise<void> {
  const previous = await startedDaemon()
  if (previous) await end(previous)
  await mkdir(dirname(places.dockerLog), { recursive: true })
  await mkdir(runtimeFolder, { recursive: true, mode: 0o755 })
  const log = openSync(places.dockerLog, 'w')
  const flags = {
    host: `unix://${places.dockerSocket}`,
    'data-root': places.dockerData,
    'exec-root': `${runtimeFolder}/docker`,
    pidfile: `${runtimeFolder}/dockerd.own.pid`,
    bridge: 'none',
    iptables: 'false',
    'ip-forward': 'false',
    'ip-masq': 'false',
  }
  const daemon = spawn(
    'dockerd',
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    {
      detached: true,
      stdio: ['ignore', log, log],
    },
  )
  daemon.unref()
  closeSync(log)
  if (daemon.pid === undefined) throw new Error('dockerd could not be started.')
  await writeFile(places.dockerPid, JSON.stringify(await identify(daemon.pid)))
  await waitFor(`the Docker daemon (its log: ${places.dockerLog})`, () => answers(places.dockerSocket), {
    timeout: 60_000,
    every: 50,
  })
}

async function startedDaemon(): Promise<ProcessIdentity | undefined> {
  const text = await readFile(places.dockerPid, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const daemon = JSON.parse(text) as ProcessIdentity
  return (await isAlive(daemon)) ? daemon : undefined
}
