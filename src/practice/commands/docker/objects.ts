/** docker info, version, inspect, and what is about images, networks, volumes and space. */

import type { Call } from '../../system/call.ts'
import { type DirectoryNode, directoryNode } from '../../system/nodes.ts'
import { newId } from '../../world/docker/engine.ts'
import { render } from '../../world/docker/template.ts'
import type { Image } from '../../world/docker/types.ts'
import { readArchive } from '../files/archive.ts'
import { whyNoDaemon } from './docker.ts'
import { age, inspectContainer, inspectImage, inspectNetwork, inspectVolume, iso } from './views.ts'

const VALUED = ['format', 'filter', 'type', 'change', 'message', 'platform']

/** Prints one value by a template, as Docker does. @returns false for a broken template. */
export function shown(call: Call, template: string, value: unknown): boolean {
  try {
    const format =
      template === 'json'
        ? '{{json .}}'
        : template
            .replace(/^table /, '')
            .replaceAll('\\n', '\n')
            .replaceAll('\\t', '\t')
    call.line(render(format, value))
    return true
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    call.err(`template parsing error: template: :1: ${error.message}\n`)
    return false
  }
}

export function info(call: Call, words: readonly string[]): number {
  const options = call.options('f', VALUED, words)
  const { docker, release, packages } = call.world
  const format = options.value('f', 'format')
  const reason = whyNoDaemon(call)
  const all = [...docker.containers.values()]
  const value: Record<string, unknown> =
    reason === undefined
      ? {
          ID: 'practice',
          Containers: all.length,
          ContainersRunning: all.filter(({ status }) => status === 'running').length,
          ContainersPaused: 0,
          ContainersStopped: all.filter(({ status }) => status !== 'running').length,
          Images: docker.images.size,
          Driver: 'overlay2',
          DriverStatus: [
            ['Backing Filesystem', 'extfs'],
            ['Supports d_type', 'true'],
            ['Using metacopy', 'false'],
            ['Native Overlay Diff', 'true'],
            ['userxattr', 'false'],
          ],
          LoggingDriver: docker.logDriver,
          CgroupDriver: 'systemd',
          CgroupVersion: '2',
          KernelVersion: release.kernel,
          OperatingSystem: release.name,
          OSType: 'linux',
          Architecture: 'x86_64',
          NCPU: call.world.processors,
          MemTotal: call.world.memoryBytes,
          DockerRootDir: docker.root,
          Name: call.world.hostname,
          ServerVersion: packages.has('docker-ce') ? '29.0.2' : '26.1.5+dfsg1',
          Swarm: {
            NodeID: '',
            NodeAddr: '',
            LocalNodeState: 'inactive',
            ControlAvailable: false,
            Error: '',
            RemoteManagers: null,
          },
          LiveRestoreEnabled: docker.liveRestore,
          SecurityOptions: ['name=apparmor', 'name=seccomp,profile=builtin', 'name=cgroupns'],
          Warnings: null,
        }
      : { ID: '', Containers: 0, ServerErrors: [reason], DriverStatus: null }
  if (format !== undefined) {
    if (!shown(call, format, value)) return 64
  } else if (reason === undefined)
    call.line(
      `Server:\n Server Version: ${value.ServerVersion}\n Storage Driver: overlay2\n Live Restore Enabled: ${docker.liveRestore}`,
    )
  if (reason !== undefined) {
    call.err(`errors pretty printing info\n`.replace('errors pretty printing info', reason))
    return 1
  }
  return 0
}

export function version(call: Call, words: readonly string[]): number {
  const options = call.options('f', VALUED, words)
  const reason = whyNoDaemon(call)
  const value = {
    Client: { Version: '26.1.5+dfsg1', ApiVersion: '1.45', Os: 'linux', Arch: 'amd64' },
    Server:
      reason === undefined
        ? { Version: '26.1.5+dfsg1', ApiVersion: '1.45', Os: 'linux', Arch: 'amd64' }
        : null,
  }
  const format = options.value('f', 'format')
  if (format !== undefined) shown(call, format, value)
  else
    call.line(
      `Client:\n Version:           26.1.5+dfsg1\nServer:\n Engine:\n  Version:          26.1.5+dfsg1`,
    )
  if (reason !== undefined) call.err(`${reason}\n`)
  return reason === undefined ? 0 : 1
}

export function inspect(call: Call, words: readonly string[]): number {
  const options = call.options('f', VALUED, words)
  const { docker } = call.world
  const format = options.value('f', 'format')
  const type = options.value('type')
  const values: unknown[] = []
  let status = 0
  for (const name of options.operands) {
    const container = type === undefined || type === 'container' ? docker.find(name) : undefined
    const image = !container && (type === undefined || type === 'image') ? docker.image(name) : undefined
    const network = type === undefined || type === 'network' ? docker.network(name) : undefined
    const volume = type === undefined || type === 'volume' ? docker.volumes.get(name) : undefined
    const value = container
      ? inspectContainer(call, container)
      : image
        ? inspectImage(image)
        : network
          ? inspectNetwork(call, network)
          : volume
            ? inspectVolume(volume)
            : undefined
    if (value) values.push(value)
    else {
      call.err(
        type === undefined
          ? `Error: No such object: ${name}\n`
          : `Error response from daemon: No such ${type}: ${name}\n`,
      )
      status = 1
    }
  }
  if (format === undefined) call.line(JSON.stringify(values, null, 4))
  // A template sees Docker's own type, whose field is ID; its JSON calls it Id.
  else for (const value of values) if (!shown(call, format, withOwnName(value as object))) return 64
  return status
}

/** The field that only templates know by this name: it is not in the JSON. */
function withOwnName(value: object): object {
  return Object.defineProperty({ ...value }, 'ID', {
    value: (value as { Id?: string }).Id,
    enumerable: false,
  })
}

export function images(call: Call, words: readonly string[]): number {
  const options = call.options('f', VALUED, words)
  const { docker } = call.world
  const [only] = options.operands
  const filters = options.values('f', 'filter')
  const used = new Set([...docker.containers.values()].map(({ plan }) => plan.image.id))
  const format = options.value('format')
  const rows = [...docker.images.values()]
    .sort((a, b) => b.created - a.created)
    .filter(image => !filters.includes('dangling=true') || image.tags.length === 0)
    .flatMap(image => (image.tags.length > 0 ? image.tags : ['<none>:<none>']).map(tag => ({ image, tag })))
    .filter(({ tag }) => only === undefined || tag === only || tag.replace(/:[^:/]+$/, '') === only)
    .filter(({ tag }) =>
      filters
        .filter(text => text.startsWith('reference='))
        .every(text =>
          new RegExp(`^${text.slice(10).replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*')}(:.*)?$`).test(tag),
        ),
    )
  if (options.has('q', 'quiet')) {
    for (const id of new Set(rows.map(({ image }) => image.id)))
      call.line(options.has('no-trunc') ? id : id.slice(7, 19))
    return 0
  }
  if (format === undefined) call.line('REPOSITORY   TAG   IMAGE ID   CREATED   SIZE')
  for (const { image, tag } of rows) {
    const at = tag.lastIndexOf(':')
    const value = {
      Repository: tag.slice(0, at),
      Tag: tag.slice(at + 1),
      ID: options.has('no-trunc') ? image.id : image.id.slice(7, 19),
      Digest: image.digest,
      CreatedAt: iso(image.created).replace('T', ' ').replace(/\..*/, ' +0000 UTC'),
      CreatedSince: `${age(call.machine.now() - image.created)} ago`,
      Size: decimal(image.size),
      Containers: used.has(image.id) ? '1' : '0',
      SharedSize: 'N/A',
      UniqueSize: 'N/A',
      VirtualSize: decimal(image.size),
    }
    if (format === undefined)
      call.line(`${value.Repository}   ${value.Tag}   ${value.ID}   ${value.CreatedSince}   ${value.Size}`)
    else if (!shown(call, format, value)) return 64
  }
  return 0
}

/** `123MB`, as Docker writes sizes: in powers of ten. */
export function decimal(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < 4) {
    value /= 1000
    unit += 1
  }
  return `${Number(value.toPrecision(3))}${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`
}

export function image(call: Call, words: readonly string[]): number | Promise<number> {
  const [verb = 'ls', ...rest] = words
  if (verb === 'ls' || verb === 'list') return images(call, rest)
  if (verb === 'inspect') return inspect(call, ['--type', 'image', ...rest])
  if (verb === 'rm') return removeImages(call, rest)
  if (verb === 'pull') return pull(call, rest)
  if (verb === 'prune') return pruneImages(call, rest)
  if (verb === 'tag') return tag(call, rest)
  if (verb === 'history') return 0
  call.err(`docker: 'image ${verb}' is not a docker command.\n`)
  return 1
}

export async function pull(call: Call, words: readonly string[]): Promise<number> {
  const options = call.options('', ['platform'], words)
  for (const name of options.operands) if (!(await pullImage(call, name, options.has('q', 'quiet')))) return 1
  return 0
}

/** Fetches an image from its registry. @returns whether it is there now. */
export async function pullImage(call: Call, name: string, quiet: boolean): Promise<boolean> {
  const { docker } = call.world
  const full = /:[^/]+$/.test(name) || name.includes('@') ? name : `${name}:latest`
  const found = docker.registry.get(full)
  if (!quiet) call.line(`${full.split(':').at(-1)}: Pulling from ${full.replace(/:[^:/]+$/, '')}`)
  await call.flush()
  await call.process.sleep(200)
  if (!found) {
    const there = docker.image(full)
    if (there && docker.registryAnswers(full)) {
      if (!quiet) call.line(`Status: Image is up to date for ${full}`)
      return true
    }
    call.err(
      `Error response from daemon: ${docker.registryAnswers(full) ? `manifest for ${full} not found: manifest unknown: manifest unknown` : `Get "https://${full.split('/')[0]}/v2/": dial tcp: lookup ${full.split('/')[0]}: no such host`}\n`,
    )
    return false
  }
  if (!docker.images.has(found.id)) {
    for (const other of docker.images.values()) other.tags = other.tags.filter(each => each !== full)
    docker.images.set(found.id, found)
    call.world.disk.usedBytes += found.size
  }
  if (!found.tags.includes(full)) found.tags.push(full)
  call.line(quiet ? full : `Status: Downloaded newer image for ${full}`)
  return true
}

export function tag(call: Call, words: readonly string[]): number {
  const { docker } = call.world
  const [from = '', to = ''] = words
  const found = docker.image(from)
  if (!found) {
    call.err(`Error response from daemon: No such image: ${from}\n`)
    return 1
  }
  const full = /:[^/]+$/.test(to) ? to : `${to}:latest`
  for (const other of docker.images.values()) other.tags = other.tags.filter(each => each !== full)
  found.tags.push(full)
  return 0
}

export function removeImages(call: Call, words: readonly string[]): number {
  const options = call.options('', [], words)
  const { docker } = call.world
  let status = 0
  for (const name of options.operands) {
    const found = docker.image(name)
    const user = [...docker.containers.values()].find(({ plan }) => plan.image === found)
    if (!found) {
      call.err(`Error response from daemon: No such image: ${name}\n`)
      status = 1
    } else if (user && found.tags.length <= 1 && !options.has('f', 'force')) {
      call.err(
        `Error response from daemon: conflict: unable to remove repository reference "${name}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image ${found.id.slice(7, 19)}\n`,
      )
      status = 1
    } else {
      const full = /:[^/]+$/.test(name) ? name : `${name}:latest`
      found.tags = found.tags.filter(each => each !== full)
      call.line(`Untagged: ${full}`)
      if (found.tags.length === 0) {
        docker.removeImage(found)
        call.line(`Deleted: ${found.id}`)
      }
    }
  }
  return status
}

function pruneImages(call: Call, words: readonly string[]): number {
  const { docker } = call.world
  const all = words.includes('-a') || words.includes('--all')
  const until = words.find(word => word.startsWith('until=') || word.includes('until='))
  const hours = Number(/until=(\d+)h/.exec(until ?? '')?.[1] ?? 0)
  const used = new Set([...docker.containers.values()].map(({ plan }) => plan.image.id))
  let freed = 0
  for (const each of [...docker.images.values()]) {
    if (
      used.has(each.id) ||
      (!all && each.tags.length > 0) ||
      each.created > call.machine.now() - hours * 3_600_000
    )
      continue
    docker.removeImage(each)
    freed += each.size
  }
  call.line(`Total reclaimed space: ${decimal(freed)}`)
  return 0
}

export function pruneContainers(call: Call): number {
  const { docker } = call.world
  for (const container of [...docker.containers.values()])
    if (container.status === 'exited' || container.status === 'created') docker.remove(container)
  call.line('Total reclaimed space: 0B')
  return 0
}

export function builder(call: Call): number {
  const { docker } = call.world
  const freed = docker.buildCacheBytes
  docker.buildCacheBytes = 0
  call.world.disk.usedBytes -= freed
  call.line(`Total:\t${decimal(freed)}`)
  return 0
}

export function system(call: Call, words: readonly string[]): number {
  const { docker } = call.world
  const [verb, ...rest] = words
  if (verb !== 'df') {
    pruneContainers(call)
    return pruneImages(call, rest)
  }
  const used = new Set([...docker.containers.values()].map(({ plan }) => plan.image.id))
  const sum = (images: readonly Image[]): number => images.reduce((total, each) => total + each.size, 0)
  const all = [...docker.images.values()]
  const unused = all.filter(each => !used.has(each.id))
  const volumes = [...docker.volumes.values()]
  const rows = [
    {
      Type: 'Images',
      TotalCount: String(all.length),
      Active: String(used.size),
      Size: decimal(sum(all)),
      Reclaimable: `${decimal(sum(unused))} (${all.length === 0 ? 0 : Math.round((sum(unused) * 100) / Math.max(1, sum(all)))}%)`,
    },
    {
      Type: 'Containers',
      TotalCount: String(docker.containers.size),
      Active: String([...docker.containers.values()].filter(({ status }) => status === 'running').length),
      Size: '0B',
      Reclaimable: '0B (0%)',
    },
    {
      Type: 'Local Volumes',
      TotalCount: String(volumes.length),
      Active: String(volumes.length),
      Size: decimal(120_000_000),
      Reclaimable: '0B (0%)',
    },
    {
      Type: 'Build Cache',
      TotalCount: '0',
      Active: '0',
      Size: decimal(docker.buildCacheBytes),
      Reclaimable: decimal(docker.buildCacheBytes),
    },
  ]
  const options = call.options('', ['format'], rest)
  const format = options.value('format')
  if (format === undefined) {
    call.line('TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE')
    for (const each of rows) call.line(Object.values(each).join('   '))
  } else for (const each of rows) shown(call, format, each)
  return 0
}

export async function importImage(call: Call, words: readonly string[]): Promise<number> {
  const options = call.options('cm', VALUED, words)
  const [source = '-', name] = options.operands
  const bytes = await call.bytes(source)
  const members = readArchive(bytes)
  const root = (): DirectoryNode => {
    const made = directoryNode()
    for (const { path, node } of members) {
      let at = made
      const names = path
        .replace(/^\.\/?/, '')
        .split('/')
        .filter(Boolean)
      names.forEach((part, index) => {
        if (index === names.length - 1) at.entries.set(part, node)
        else {
          const next = at.entries.get(part)
          if (next?.kind === 'directory') at = next
        }
      })
    }
    restorePrograms(call, made)
    return made
  }
  const made = call.world.docker.addImage(
    name ?? `import-${newId().slice(0, 8)}`,
    {},
    { size: bytes.length, root },
  )
  call.line(made.id)
  return 0
}

/** What was copied out of the server's own programs is still that program. */
function restorePrograms(call: Call, folder: DirectoryNode): void {
  for (const node of folder.entries.values()) {
    if (node.kind === 'directory') restorePrograms(call, node)
    else if (node.kind === 'file') {
      const [, program] = /^\x7fELF([\w.-]+)$/.exec(node.content.toString('latin1')) ?? []
      if (program !== undefined && call.machine.programs.has(program)) node.program = program
    }
  }
}

export function network(call: Call, words: readonly string[]): number {
  const { docker } = call.world
  const [verb = 'ls', ...rest] = words
  const options = call.options('f', ['format', 'filter', 'driver', 'subnet', 'label'], rest)
  if (verb === 'inspect') return inspect(call, ['--type', 'network', ...rest])
  if (verb === 'create') {
    call.line(docker.createNetwork(options.operands[0] ?? '').id)
    return 0
  }
  if (verb === 'rm') {
    for (const name of options.operands) docker.networks.delete(name)
    return 0
  }
  const format = options.value('format')
  for (const each of docker.networks.values()) {
    const filters = options.values('f', 'filter')
    if (!filters.every(text => labelFits(text, each.labels) || text === `name=${each.name}`)) continue
    const value = {
      ID: each.id.slice(0, 12),
      Name: each.name,
      Driver: 'bridge',
      Scope: 'local',
      Labels: Object.entries(each.labels)
        .map(pair => pair.join('='))
        .join(','),
    }
    if (options.has('q', 'quiet')) call.line(value.ID)
    else if (format === undefined) call.line(`${value.ID}   ${value.Name}   ${value.Driver}   local`)
    else shown(call, format, value)
  }
  return 0
}

/** `label=key=value` or `label=key`. */
export function labelFits(filter: string, labels: Readonly<Record<string, string>>): boolean {
  const [, key = '', value] = /^label=([^=]+)(?:=(.*))?$/.exec(filter) ?? []
  return key !== '' && (value === undefined ? key in labels : labels[key] === value)
}

export function volume(call: Call, words: readonly string[]): number {
  const { docker } = call.world
  const [verb = 'ls', ...rest] = words
  const options = call.options('fd', ['format', 'filter', 'driver', 'label'], rest)
  if (verb === 'inspect') return inspect(call, ['--type', 'volume', ...rest])
  if (verb === 'create') {
    const [name = newId()] = options.operands
    docker.volume(name)
    call.line(name)
    return 0
  }
  if (verb === 'rm') {
    for (const name of options.operands) {
      const made = docker.volumes.get(name)
      if (!made) {
        if (options.has('f', 'force')) continue
        call.err(`Error response from daemon: get ${name}: no such volume\n`)
        return 1
      }
      const user = [...docker.containers.values()].find(({ plan }) =>
        plan.mounts.some(mount => mount.name === name),
      )
      if (user) {
        call.err(`Error response from daemon: remove ${name}: volume is in use - [${user.id}]\n`)
        return 1
      }
      call.world.files.drop(made.mountpoint.replace(/\/_data$/, ''))
      docker.volumes.delete(name)
      call.line(name)
    }
    return 0
  }
  const format = options.value('format')
  for (const each of docker.volumes.values()) {
    const filters = options.values('f', 'filter')
    if (!filters.every(text => labelFits(text, each.labels) || each.name.includes(text.replace('name=', ''))))
      continue
    if (options.has('q', 'quiet')) call.line(each.name)
    else if (format === undefined) call.line(`local     ${each.name}`)
    else shown(call, format, { Name: each.name, Driver: 'local', Mountpoint: each.mountpoint, Labels: '' })
  }
  return 0
}
