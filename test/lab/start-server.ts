import type { Release } from './archive.ts'
import { createContainer } from './container.ts'
import { docker, LABEL } from './docker.ts'
import { buildServerImage, type Variant } from './image.ts'
import { usedNumbers } from './network.ts'
import { describeServer, type LabServer } from './server.ts'
import type { Lab } from './session.ts'
import { lines } from './shell.ts'
import { snapshotImage } from './snapshot.ts'

/** How a server comes to be, and how one is found again that an earlier process started. */
export type ServerOptions = {
  /** Also its host name. */
  name?: string
  release?: Release
  variant?: Variant
  memory?: string
  /** Start from an image other than the variant's own, such as one that a test derived from it. */
  image?: string
  /** Start as a copy of a server that was kept under this label (`server.snapshot(label)`). */
  snapshot?: string
}

export async function createServer(lab: Lab, options: ServerOptions = {}): Promise<LabServer> {
  const { release = 'bookworm', variant = 'bare', memory = '4g', snapshot } = options
  const image = snapshot
    ? await snapshotImage(lab.runId, snapshot)
    : (options.image ?? (await buildServerImage(release, variant)))
  const access =
    variant === 'awkward' ? { sshPort: 2222, sshUser: 'debian' } : { sshPort: 22, sshUser: 'root' }
  const identity = await withFreeNumber(lab, async number => {
    const identity = { name: options.name ?? `server-${number - 9}`, number, memory, ...access }
    await createContainer(lab, identity, image, snapshot)
    return identity
  })
  return describeServer(lab, identity, 'new')
}

const reserved = new Map<string, Set<number>>()

/** A number decides on a server's addresses. Another process of the same run may take one first: then the next. */
async function withFreeNumber<T>(lab: Lab, work: (number: number) => Promise<T>): Promise<T> {
  const used = await usedNumbers(lab.network)
  const mine = reserved.get(lab.runId) ?? new Set()
  reserved.set(lab.runId, mine)
  for (let number = 10; number < 100; number += 1) {
    if (used.has(number) || mine.has(number)) continue
    mine.add(number)
    try {
      return await work(number)
    } catch (error) {
      if (!/address already in use/i.test(String(error))) throw error
    } finally {
      mine.delete(number)
    }
  }
  throw new Error('A lab holds 90 servers.')
}

/** The servers of a run, read from Docker: the process that started them may be long gone. */
export async function findServers(lab: Lab): Promise<LabServer[]> {
  const label = (suffix: string) => `{{.Label "${LABEL}${suffix}"}}`
  const format = ['.server', '.number', '.ssh', '.memory'].map(label).join('|')
  const listed = await docker(
    'ps',
    '--filter',
    `label=${LABEL}.run=${lab.runId}`,
    '--filter',
    `label=${LABEL}.server`,
    '--format',
    format,
  )
  const identities = lines(listed.stdout).map(line => {
    const [name = '', number = '', ssh = '', memory = ''] = line.split('|')
    const [sshUser = 'root', sshPort = '22'] = ssh.split(':')
    return { name, number: Number(number), memory, sshUser, sshPort: Number(sshPort) }
  })
  return Promise.all(identities.map(identity => describeServer(lab, identity, 'found')))
}
