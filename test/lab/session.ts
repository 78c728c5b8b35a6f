import { writeFile } from 'node:fs/promises'
import { readArchives } from './archive.ts'
import { attendantFiles, attendantIsAlive, startAttendant } from './attendant.ts'
import { controlDns, type LabDns, writeZones } from './dns.ts'
import { withLock } from './lock.ts'
import { createNetwork, findNetwork, type LabNetwork } from './network.ts'
import { KEPT_RUN, type Run, registerRun, removeRun, runFolder, withDocker } from './runs.ts'
import type { LabServer } from './server.ts'
import { createServer, findServers, type ServerOptions } from './start-server.ts'

/**
 * One run of the lab: a network, its name servers and mirror, and the servers in it.
 *
 * Each test file opens a lab of its own, so that files may run side by side.
 */
export type Lab = {
  runId: string
  /** For what belongs to this run and goes with it. */
  folder: string
  network: LabNetwork
  dns: LabDns
  startServer(options?: ServerOptions): Promise<LabServer>
  servers(): Promise<LabServer[]>
  close(): Promise<void>
}

export async function openLab({ keep = false } = {}): Promise<Lab> {
  if (keep) return withDocker(() => withLock('kept-run', openKeptRun))
  return furnish(await registerRun(), keep)
}

async function openKeptRun(): Promise<Lab> {
  const found = await findLab()
  return found ?? furnish(await registerRun({ keep: true, runId: KEPT_RUN }), true)
}

/** The lab that `up` started, if it is still whole; if it is not, what is left of it goes. */
export async function findLab(): Promise<Lab | undefined> {
  const run = { runId: KEPT_RUN, folder: runFolder(KEPT_RUN) }
  const network = await findNetwork(KEPT_RUN)
  if (network && (await attendantIsAlive(attendantFiles(run.folder)))) return makeLab(run, network)
  await removeRun(KEPT_RUN)
  return undefined
}

async function furnish(run: Run, keep: boolean): Promise<Lab> {
  const network = await createNetwork(run.runId)
  const files = attendantFiles(run.folder)
  const { origins } = await readArchives()
  const records = { A: [network.gateway.ipv4], AAAA: [network.gateway.ipv6] }
  const hosts = Object.fromEntries([...origins.keys()].map(host => [host, records]))
  await writeZones(files.zones, { addresses: network.nameServers, hosts, zones: {} })
  await writeFile(files.questions, '')
  await startAttendant(network, files, keep)
  return makeLab(run, network)
}

function makeLab({ runId, folder }: Run, network: LabNetwork): Lab {
  const dns = controlDns(attendantFiles(folder), {
    resolver: network.gateway,
    nameServers: network.nameServers,
  })
  const lab: Lab = {
    runId,
    folder,
    network,
    dns,
    startServer: options => createServer(lab, options),
    servers: () => findServers(lab),
    close: () => removeRun(runId),
  }
  return lab
}
