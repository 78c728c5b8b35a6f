/** /proc and /sys, made anew at each reading. */

import type { FileSystem } from '../system/file-system.ts'
import {
  type DirectoryNode,
  deviceNode,
  directoryNode,
  generatedNode,
  linkNode,
  type Node,
} from '../system/nodes.ts'
import type { Process } from '../system/process.ts'
import type { Container } from './docker/types.ts'
import type { World } from './world.ts'

export function mountProc(world: World): void {
  const { files, machine } = world
  const proc = files.folder('/proc')
  const memory = (): string => {
    const { totalBytes, availableBytes, swapBytes } = world.memory()
    const kib = (bytes: number): string => String(Math.floor(bytes / 1024)).padStart(10)
    return `MemTotal:     ${kib(totalBytes)} kB\nMemFree:      ${kib(availableBytes * 0.7)} kB\nMemAvailable: ${kib(availableBytes)} kB\nSwapTotal:    ${kib(swapBytes)} kB\nSwapFree:     ${kib(swapBytes)} kB\n`
  }
  const texts: Readonly<Record<string, () => string>> = {
    uptime: () => `${machine.uptimeSeconds().toFixed(2)} ${(machine.uptimeSeconds() * 1.9).toFixed(2)}\n`,
    meminfo: memory,
    loadavg: () => `${world.load().join(' ')} 1/180 ${machine.processes.size}\n`,
    stat: () => `cpu  1000 0 500 900000 0 0 0 0 0 0\nbtime ${Math.floor(machine.startedAt / 1000)}\n`,
    locks: () => '',
    vmstat: () => 'pgpgin 100\npgpgout 100\noom_kill 0\n',
    swaps: () =>
      `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${world.swaps.map(({ path, bytes }) => `${path.padEnd(39)}file\t\t${Math.floor(bytes / 1024)}\t\t0\t\t-2\n`).join('')}`,
    mounts: () => '/dev/vda1 / ext4 rw,relatime 0 0\ntmpfs /run tmpfs rw,nosuid,nodev 0 0\n',
    cpuinfo: () => 'processor\t: 0\nmodel name\t: practice\n\nprocessor\t: 1\nmodel name\t: practice\n\n',
    version: () => `Linux version ${world.release.kernel}\n`,
  }
  for (const [name, text] of Object.entries(texts)) proc.entries.set(name, generatedNode(text))
  files.folder('/proc/sys/kernel/random').entries.set(
    'boot_id',
    generatedNode(() => `${machine.bootId}\n`),
  )
  for (const kind of ['memory', 'cpu', 'io'])
    files.folder('/proc/pressure').entries.set(
      kind,
      generatedNode(() =>
        ['some', 'full'].map(word => `${word} avg10=0.00 avg60=0.00 avg300=0.00 total=29360\n`).join(''),
      ),
    )
  files.folder('/proc/sys/kernel').entries.set(
    'pid_max',
    generatedNode(() => '4194304\n'),
  )
  files.folder('/proc/sys/net/netfilter').entries.set(
    'nf_conntrack_count',
    generatedNode(() => '120\n'),
  )
  files.folder('/proc/sys/net/netfilter').entries.set(
    'nf_conntrack_max',
    generatedNode(() => '262144\n'),
  )
  files.folder('/proc/sys/vm').entries.set(
    'overcommit_memory',
    generatedNode(() => '0\n'),
  )
  files.folder('/proc/sys/fs').entries.set(
    'file-nr',
    generatedNode(() => '1200\t0\t9223372036854775807\n'),
  )
  files.folder('/proc/net').entries.set(
    'if_inet6',
    generatedNode(() => '40000db8008000000000000000000001 02 40 00 80     eth0\n'),
  )
  proc.generate = {
    names: () => [...machine.processes.keys()].map(String),
    find: name => {
      const process = machine.processes.get(Number(name))
      return process ? processFolder(process) : undefined
    },
  }
  files.folder('/sys/fs/cgroup').entries.set(
    'memory.max',
    generatedNode(() => 'max\n'),
  )
  files.folder('/run/systemd/system')
}

export function layDevices(files: FileSystem): void {
  const devices = files.folder('/dev').entries
  for (const name of ['null', 'zero', 'full'] as const) devices.set(name, deviceNode(name))
  for (const name of ['random', 'urandom']) devices.set(name, deviceNode('random'))
  files.folder('/dev/shm', 0o1777)
}

/** A container sees its own processes alone, the main one as number 1, and its own control group. */
export function mountContainerProc(world: World, container: Container): void {
  mountControlGroup(container)
  const proc = container.files.folder('/proc')
  const host = world.files.folder('/proc')
  for (const [name, node] of host.entries) if (name !== 'self' && name !== 'net') proc.entries.set(name, node)
  container.files.folder('/proc/net').entries.set(
    'route',
    generatedNode(() => routes([...container.addresses.values()])),
  )
  const own = (): Process[] =>
    [...world.machine.processes.values()].filter(process => process.container === container.id)
  proc.generate = {
    names: () => own().map(process => (process === container.main ? '1' : String(process.pid))),
    find: name => {
      const process = name === '1' ? container.main : own().find(({ pid }) => String(pid) === name)
      return process ? processFolder(process) : undefined
    },
  }
}

/** Bytes that a container of the shop uses: little of what it may. */
const CONTAINER_BYTES = 48 * 2 ** 20

/** What its control group, of version 2, says of a container: what it uses, may use, and was denied. */
function mountControlGroup(container: Container): void {
  const group = container.files.folder('/sys/fs/cgroup').entries
  const say = (name: string, text: () => string) =>
    group.set(
      name,
      generatedNode(() => `${text()}\n`),
    )
  say('memory.current', () => String(CONTAINER_BYTES))
  say('memory.max', () => (container.memoryLimit === 0 ? 'max' : String(container.memoryLimit)))
  say('memory.stat', () => 'anon 41943040\nfile 8388608\ninactive_file 4194304')
  say('memory.events', () => 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0')
  say('cpu.max', () => 'max 100000')
  say('cpu.stat', () => 'usage_usec 1000000\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0')
}

/** Without an address on a network no route leads anywhere. */
function routes(addresses: readonly string[]): string {
  const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
  return (
    head +
    addresses
      .map((_, index) => `eth${index}\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`)
      .join('')
  )
}

function processFolder(process: Process): DirectoryNode {
  const folder = directoryNode(0o555)
  const name = process.command[0]?.split('/').at(-1) ?? ''
  const fields = [
    process.pid,
    `(${name})`,
    'S',
    process.parent?.pid ?? 0,
    process.group,
    process.session,
    ...Array.from({ length: 15 }, () => 0),
    process.startedTicks,
    0,
    0,
  ]
  const entries: Readonly<Record<string, Node>> = {
    stat: generatedNode(() => `${fields.join(' ')}\n`),
    cmdline: generatedNode(() => process.command.map(word => `${word}\0`).join('')),
    comm: generatedNode(() => `${name}\n`),
    status: generatedNode(
      () =>
        `Name:\t${name}\nState:\tS (sleeping)\nPid:\t${process.pid}\nPPid:\t${process.parent?.pid ?? 0}\nUid:\t${process.credentials.uid}\nVmRSS:\t   10240 kB\n`,
    ),
    environ: generatedNode(
      () => [...process.environment].map(([key, value]) => `${key}=${value}\0`).join(''),
      0o400,
    ),
    root: process.container === undefined ? linkNode('/') : process.files.root,
    fd: directoryNode(0o500),
    cwd: linkNode(process.cwd),
  }
  for (const [key, node] of Object.entries(entries)) folder.entries.set(key, node)
  for (const node of Object.values(entries))
    if (node !== process.files.root) node.uid = process.credentials.uid
  folder.modified = process.startedAt
  return folder
}
