import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArchives } from './archive.ts'
import { type Listener, startNameServers } from './dns-server.ts'
import { startMirror } from './mirror.ts'
import type { LabNetwork } from './network.ts'
import { end, identify, isAlive, type ProcessIdentity } from './process.ts'
import { waitFor } from './shell.ts'

/**
 * The process that answers a run's servers from outside: name servers and the package mirror.
 *
 * It is a process of its own because a test may block its own event loop for long, and because the servers of
 * `npm run lab -- up` go on after that command. A test's attendant ends with the test, however that ends: it
 * holds the other end of its standard input.
 */
export type AttendantFiles = { folder: string; zones: string; questions: string }

export function attendantFiles(folder: string): AttendantFiles {
  return { folder, zones: join(folder, 'zones.json'), questions: join(folder, 'questions.jsonl') }
}

export async function startAttendant(
  network: LabNetwork,
  files: AttendantFiles,
  keep: boolean,
): Promise<void> {
  const log = openSync(join(files.folder, 'attendant.log'), 'a')
  const { origins } = await readArchives()
  const settings: Settings = { network, files, keep, origins: [...origins] }
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(settings)],
    {
      detached: true,
      stdio: [keep ? 'ignore' : 'pipe', log, log],
    },
  )
  closeSync(log)
  child.unref()
  // The pipe stays open for as long as this process lives, but does not keep it alive.
  if (child.stdin instanceof Socket) child.stdin.unref()
  if (child.pid === undefined) throw new Error('The lab’s attendant could not be started.')
  await writeFile(pidFile(files), JSON.stringify(await identify(child.pid)))
  await waitFor(
    `the lab’s name servers and mirror (their log: ${files.folder}/attendant.log)`,
    async () => {
      if (child.exitCode !== null)
        throw new Error(await readFile(join(files.folder, 'attendant.log'), 'utf8'))
      return (await readFile(readyFile(files), 'utf8').catch(() => '')) === String(child.pid)
    },
    { every: 20 },
  )
}

export async function attendantIsAlive(files: AttendantFiles): Promise<boolean> {
  const attendant = await readAttendant(files)
  return attendant !== undefined && (await isAlive(attendant))
}

export async function stopAttendant(files: AttendantFiles): Promise<void> {
  const attendant = await readAttendant(files)
  if (attendant) await end(attendant)
}

async function readAttendant(files: AttendantFiles): Promise<ProcessIdentity | undefined> {
  const text = await readFile(pidFile(files), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as ProcessIdentity)
}

const pidFile = (files: AttendantFiles) => join(files.folder, 'attendant.pid')
const readyFile = (files: AttendantFiles) => join(files.folder, 'attendant.ready')

/** What the process itself does. */
type Settings = { network: LabNetwork; files: AttendantFiles; keep: boolean; origins: [string, string][] }

async function attend({ network, files, keep, origins }: Settings): Promise<void> {
  const everyAddress = [network.gateway.ipv4, network.gateway.ipv6]
  const resolvers: Listener[] = everyAddress.map(address => ({ role: 'resolver', address }))
  const authoritative = (['ns1', 'ns2', 'ns3'] as const).flatMap(role =>
    Object.values(network.nameServers[role]).map((address): Listener => ({ role, address })),
  )
  await startNameServers({
    listeners: [...resolvers, ...authoritative],
    port: 53,
    zonesFile: files.zones,
    questionsFile: files.questions,
  })
  await startMirror({ origins: new Map(origins), addresses: everyAddress, port: 80 })
  await writeFile(readyFile(files), String(process.pid))
  if (!keep) process.stdin.resume().on('close', () => process.exit(0))
}

function explain(error: NodeJS.ErrnoException & { port?: number }): string {
  if (error.code !== 'EADDRINUSE') return error.stack ?? error.message
  return `Something on this machine listens on port ${error.port} of every address, so that the lab cannot: ${error.message}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await attend(JSON.parse(process.argv[2] ?? '{}')).catch(error => {
    console.error(explain(error))
    process.exit(1)
  })
}
