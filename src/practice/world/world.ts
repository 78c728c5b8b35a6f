/** The world of one practice server: everything that its programs read and change. */

import { X509Certificate } from 'node:crypto'
import { Call } from '../system/call.ts'
import { type Disk, FileSystem } from '../system/file-system.ts'
import { Machine, type Program } from '../system/machine.ts'
import { directoryNode, type FileNode } from '../system/nodes.ts'
import type { OpenFile } from '../system/open-file.ts'
import { addRow, findGroup } from './accounts.ts'
import { ARCHIVE, BASE } from './catalogue.ts'
import { Certificates } from './certificates.ts'
import { Clock } from './clock.ts'
import { Docker } from './docker/engine.ts'
import { LogStream } from './docker/log-stream.ts'
import { Fail2ban } from './fail2ban.ts'
import { Journal } from './journal.ts'
import { Locks } from './locks.ts'
import { Names } from './names.ts'
import { Network } from './network.ts'
import { type Package, Packages } from './packages.ts'
import { layDevices, mountProc } from './proc.ts'
import { DEBIAN_13, type Release } from './release.ts'
import { giveBehaviours } from './services.ts'
import type { Listener } from './shop/http.ts'
import { DOMAIN } from './shop/lay-shop.ts'
import { NginxRole } from './shop/nginx.ts'
import { roleAt } from './shop/roles.ts'
import { Sshd } from './sshd.ts'
import { Systemd } from './systemd.ts'
import { Ufw } from './ufw.ts'

const GIB = 1024 ** 3

export interface MountedSystem {
  readonly device: string
  readonly type: string
  readonly mountPoint: string
  readonly bytes: number
  readonly usedBytes: number
  readonly availableBytes: number
  readonly inodes: number
  readonly inodesUsed: number
}

export class World {
  readonly release: Release = DEBIAN_13
  readonly disk: Disk = { bytes: 40 * GIB, usedBytes: 3 * GIB }
  readonly files: FileSystem
  readonly machine: Machine
  readonly locks = new Locks()
  readonly journal: Journal
  readonly names = new Names()
  readonly network = new Network()
  readonly clock = new Clock()
  readonly certificates = new Certificates()
  readonly packages: Packages
  readonly systemd: Systemd
  readonly sshd: Sshd
  readonly ufw: Ufw
  readonly fail2ban: Fail2ban
  readonly docker: Docker
  /** Rules added to iptables by hand. */
  readonly extraRules: string[] = []
  readonly swapSpaces = new Set<FileNode>()
  swaps: { path: string; bytes: number }[] = []
  processors = 2
  memoryBytes = 4 * GIB
  memoryUsedBytes = 0.9 * GIB
  inodesUsed = 98_000
  booting = false
  /** Whether names resolve in containers without a name server of their own. */
  containerDns = true
  /** Name servers that answer. */
  readonly nameServers = ['9.9.9.9', '1.1.1.1', '203.0.113.53']
  /** What far addresses give, by URL. */
  readonly downloads = new Map<string, string>()
  /** What answers at addresses of other machines. */
  readonly elsewhere = new Map<string, Listener>()
  /** Called when the server restarts: its connections break. */
  onReboot: () => void = () => {}

  constructor(programs: ReadonlyMap<string, Program>) {
    this.files = new FileSystem(directoryNode(), this.disk)
    this.machine = new Machine(
      this.files,
      programs,
      (process, name, words) => new Call(process, this, name, words),
    )
    this.journal = new Journal(() => this.machine.now())
    this.packages = new Packages([...BASE, ...ARCHIVE], this.files)
    this.systemd = new Systemd(this.machine, this.files, this.journal)
    this.sshd = new Sshd(this.machine, this.files)
    this.ufw = new Ufw(this.files)
    this.fail2ban = new Fail2ban(this.files)
    this.docker = new Docker(this)
    mountProc(this)
    this.#devices()
    giveBehaviours(this)
  }

  get hostname(): string {
    return this.files.text('/etc/hostname').trim() || 'localhost'
  }

  #devices(): void {
    layDevices(this.files)
  }

  /** What a package does when it is set up: groups, services. */
  async setUp(entry: Package): Promise<void> {
    if (entry.name === 'docker.io' && !findGroup(this.files, 'docker'))
      addRow(this.files, '/etc/group', ['docker', 'x', 101, ''])
    for (const name of entry.starts ?? []) {
      this.systemd.enable(name)
      await this.systemd.start(name)
    }
  }

  /** Runs a script as root, for laying out a world. @throws Error with what it said when it fails. */
  async shell(script: string): Promise<string> {
    const output = new LogStream(undefined, 'stdout', () => this.machine.now())
    const words = ['/bin/sh', '-c', script]
    const process = this.machine.spawn(this.machine.init, {
      command: words,
      ownGroup: true,
      cwd: '/root',
      environment: new Map([
        ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        ['HOME', '/root'],
      ]),
      descriptors: new Map<number, OpenFile>([
        [0, this.machine.nullDevice()],
        [1, output],
        [2, output],
      ]),
    })
    const status = await this.machine.finish(process, inner => this.machine.execute(inner, words))
    if (status !== 0) throw new Error(`“${script}” ended with ${status}: ${output.text}`)
    return output.text
  }

  noteInstall(entry: Package, from: string | undefined): void {
    const path = '/var/log/dpkg.log'
    const at = new Date(this.machine.now()).toISOString().slice(0, 19).replace('T', ' ')
    this.files.write(
      path,
      `${this.files.text(path)}${at} ${from === undefined ? 'install' : 'upgrade'} ${entry.name}:amd64 ${from ?? '<none>'} ${entry.version}\n`,
    )
  }

  fileSystems(): MountedSystem[] {
    const inodes = 2_621_440
    const reserved = Math.floor(this.disk.bytes * 0.04)
    return [
      {
        device: '/dev/vda1',
        type: 'ext4',
        mountPoint: '/',
        bytes: this.disk.bytes + reserved,
        usedBytes: this.disk.usedBytes,
        availableBytes: Math.max(0, this.disk.bytes - this.disk.usedBytes),
        inodes,
        inodesUsed: this.inodesUsed,
      },
      {
        device: 'tmpfs',
        type: 'tmpfs',
        mountPoint: '/run',
        bytes: 409_600_000,
        usedBytes: 800_000,
        availableBytes: 408_800_000,
        inodes: 100_000,
        inodesUsed: 900,
      },
    ]
  }

  fileSystemOf(path: string): MountedSystem {
    const [root, run] = this.fileSystems() as [MountedSystem, MountedSystem]
    return path.startsWith('/run') ? run : root
  }

  memory(): { totalBytes: number; availableBytes: number; swapBytes: number } {
    return {
      totalBytes: this.memoryBytes,
      availableBytes: Math.max(0, this.memoryBytes - this.memoryUsedBytes - this.docker.memoryBytes()),
      swapBytes: this.swaps.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }

  load(): [string, string, string] {
    return ['0.08', '0.05', '0.01']
  }

  journalSize(): string {
    return '48.0M'
  }

  vacuumJournal(_limit: string): string {
    return '24.0M'
  }

  /** The end of the certificate that visitors get, in milliseconds since 1970; 0 without one. */
  certificateEnds(): number {
    for (const container of this.docker.containers.values()) {
      const pem = roleAt(container, NginxRole)?.certificate(DOMAIN)
      if (pem !== undefined) return Date.parse(new X509Certificate(pem).validTo)
    }
    return 0
  }

  /** Everything ends and starts again. Connections break; what was not enabled stays off. */
  reboot(): void {
    this.booting = true
    setTimeout(() => void this.#restart(), 300)
  }

  async #restart(): Promise<void> {
    this.onReboot()
    this.systemd.end()
    for (const process of [...this.machine.processes.values()]) if (process.pid !== 1) process.receive('KILL')
    this.docker.powerLost()
    this.ufw.active = false
    this.fail2ban.running = false
    this.machine.booted()
    this.files.drop('/run/reboot-required')
    this.files.drop('/run/reboot-required.pkgs')
    await new Promise(resolve => setTimeout(resolve, 700))
    await this.systemd.boot()
    this.booting = false
  }

  /** Ends all that waits, so that nothing keeps the program alive. */
  end(): void {
    this.systemd.end()
    for (const process of [...this.machine.processes.values()]) process.receive('KILL')
  }
}
