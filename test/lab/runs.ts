import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attendantFiles, stopAttendant } from './attendant.ts'
import { removeRules } from './bridge-rules.ts'
import { docker, findDocker, isOwnDaemon, LABEL, startDocker, stopDocker, tryDocker } from './docker.ts'
import { withLock } from './lock.ts'
import { findNetwork, removeNetwork } from './network.ts'
import { places, runtimeFolder } from './places.ts'
import { identify, isAlive, type ProcessIdentity } from './process.ts'
import { lines } from './shell.ts'

/**
 * Who is using the lab, and what may therefore be removed.
 *
 * Each run has a folder that names its owner, and its name is on all that it makes in Docker. The next run can so
 * tell what was left by one that was killed from what belongs to one that still goes on. The daemon is stopped only
 * when no run goes on: a run is therefore registered before it looks for the daemon, and both happen under one lock.
 */
type Ownership = { owner: ProcessIdentity; keep: boolean }

/** The run that `npm run lab -- up` starts and that goes on until `down`. */
export const KEPT_RUN = 'up'

export type Run = { runId: string; folder: string }

/** Registers this process as a user of the lab, and starts the daemon where none runs. */
export async function registerRun(options: { keep?: boolean; runId?: string } = {}): Promise<Run> {
  const runId = options.runId ?? randomBytes(3).toString('hex')
  const folder = runFolder(runId)
  const ownership: Ownership = { owner: await identify(process.pid), keep: options.keep ?? false }
  // Whole or not at all: a folder without an owner would look like something left behind.
  const partial = join(runtimeFolder, `.${runId}.${process.pid}`)
  await mkdir(places.runs, { recursive: true, mode: 0o700 })
  await mkdir(partial, { recursive: true, mode: 0o700 })
  await writeFile(join(partial, 'owner.json'), JSON.stringify(ownership))
  await rm(folder, { recursive: true, force: true })
  await rename(partial, folder)
  await withLock('docker', startDocker)
  await sweep()
  return { runId, folder }
}

export function runFolder(runId: string): string {
  return join(places.runs, runId)
}

/** For work that needs Docker but no network: the daemon stays until it is done. */
export async function withDocker<T>(work: () => Promise<T>): Promise<T> {
  const { runId } = await registerRun()
  try {
    return await work()
  } finally {
    await removeRun(runId)
  }
}

/** Removes what runs left whose process is gone; leaves alone those that go on, and all that is not the lab's. */
export async function sweep(): Promise<void> {
  // It may be the first thing that a process does: which daemon is used has to be known by then.
  await findDocker()
  await withLock('sweep', async () => {
    for (const runId of await knownRuns()) {
      if (!(await goesOn(runId))) await removeRun(runId)
    }
  })
}

/** Removes all that bears a run's name. */
export async function removeRun(runId: string): Promise<void> {
  const filter = ['--filter', `label=${LABEL}.run=${runId}`]
  const containers = lines((await docker('ps', '--all', '--quiet', ...filter)).stdout)
  if (containers.length > 0) await tryDocker(['rm', '--force', '--volumes', ...containers])
  const volumes = lines((await docker('volume', 'ls', '--quiet', ...filter)).stdout)
  if (volumes.length > 0) await tryDocker(['volume', 'rm', '--force', ...volumes])
  const images = lines((await docker('images', '--quiet', ...filter)).stdout)
  if (images.length > 0) await tryDocker(['rmi', '--force', ...new Set(images)])
  await stopAttendant(attendantFiles(runFolder(runId)))
  const network = await findNetwork(runId)
  if (network) {
    await removeRules(network.bridge)
    await removeNetwork(network.name)
  }
  await rm(runFolder(runId), { recursive: true, force: true })
}

/**
 * Everything of the lab goes, except the cache and the runs of other processes that still go on; says which those
 * are. `keepUp` spares what `up` has started; `cache` takes the images and kept snapshots too.
 */
export async function takeDown({ keepUp = false, cache = false } = {}): Promise<{ stillRunning: string[] }> {
  if (!(await mayHaveLeftovers())) return { stillRunning: [] }
  return withLock('docker', async () => {
    await startDocker()
    if (!keepUp) await removeRun(KEPT_RUN)
    await sweep()
    const runs = await knownRuns()
    if (runs.length > 0) return { stillRunning: runs.filter(runId => runId !== KEPT_RUN) }
    await removeBuildContainers()
    if (cache) await removeImages()
    await stopDocker()
    await rm(runtimeFolder, { recursive: true, force: true })
    return { stillRunning: [] }
  })
}

/** `down` on a machine that has never had a lab neither installs Docker nor starts it. */
async function mayHaveLeftovers(): Promise<boolean> {
  const folders = await Promise.all(
    [places.dockerData, places.runs].map(path => stat(path).catch(() => undefined)),
  )
  return folders.some(folder => folder !== undefined) || findDocker()
}

/** What a killed build leaves has no run's name; in a daemon of the lab's own, every container is the lab's. */
async function removeBuildContainers(): Promise<void> {
  const ours = isOwnDaemon() ? [] : ['--filter', `label=${LABEL}`]
  const containers = lines((await docker('ps', '--all', '--quiet', ...ours)).stdout)
  if (containers.length > 0) await tryDocker(['rm', '--force', '--volumes', ...containers])
}

async function removeImages(): Promise<void> {
  const filter = ['--quiet', '--filter', `label=${LABEL}`]
  const images = new Set(lines((await docker('images', '--all', ...filter)).stdout))
  if (images.size > 0) await tryDocker(['rmi', '--force', ...images])
  const volumes = lines((await docker('volume', 'ls', ...filter)).stdout)
  if (volumes.length > 0) await tryDocker(['volume', 'rm', '--force', ...volumes])
}

async function goesOn(runId: string): Promise<boolean> {
  const text = await readFile(join(runFolder(runId), 'owner.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return false
  const { owner, keep } = JSON.parse(text) as Ownership
  return keep || isAlive(owner)
}

async function knownRuns(): Promise<string[]> {
  const folders = await readdir(places.runs).catch(() => [])
  const label = `{{.Label "${LABEL}.run"}}`
  const listings = await Promise.all([
    docker('ps', '--all', '--filter', `label=${LABEL}.run`, '--format', label),
    docker('network', 'ls', '--filter', `label=${LABEL}.run`, '--format', label),
    docker('volume', 'ls', '--filter', `label=${LABEL}.run`, '--format', label),
  ])
  return [...new Set([...folders, ...listings.flatMap(listing => lines(listing.stdout))])]
}
