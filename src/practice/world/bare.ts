/** A server as a provider delivers it: Debian, an SSH server that takes passwords, updates waiting, nothing else. */

import { BASE } from './catalogue.ts'
import { osRelease } from './release.ts'
import type { World } from './world.ts'

const DAY = 86_400_000

/** Users and groups that Debian brings. */
const PASSWD = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin
systemd-timesync:x:997:997:systemd Time Synchronization:/:/usr/sbin/nologin
sshd:x:998:65534:sshd user:/run/sshd:/usr/sbin/nologin
`
const GROUP = `root:x:0:
daemon:x:1:
adm:x:4:
sudo:x:27:
www-data:x:33:
backup:x:34:
users:x:100:
systemd-timesync:x:997:
nogroup:x:65534:
`

/** Older than the archive's: `up-to-date` finds them. */
const OUTDATED: Readonly<Record<string, string>> = {
  openssl: '3.5.1-1',
  libssl3t64: '3.5.1-1',
  tzdata: '2025b-4+deb13u1',
}

export interface BareOptions {
  readonly hostname: string
  /** One line of authorized_keys: the operator's. */
  readonly operatorKey: string
}

/** Fills an empty world. */
export async function layBareServer(world: World, { hostname, operatorKey }: BareOptions): Promise<void> {
  const { files, packages } = world
  for (const folder of [
    '/usr/bin',
    '/usr/sbin',
    '/usr/lib',
    '/etc',
    '/home',
    '/opt',
    '/srv',
    '/mnt',
    '/boot',
    '/usr/local/bin',
    '/usr/local/sbin',
    '/var/log',
    '/var/lib',
    '/var/backups',
    '/var/cache/apt/archives/partial',
    '/var/spool/cron/crontabs',
    '/etc/cron.d',
    '/etc/apt/apt.conf.d',
    '/etc/apt/keyrings',
    '/etc/ssh/sshd_config.d',
    '/etc/sudoers.d',
    '/etc/systemd/system',
    '/run/lock',
    '/run/sshd',
    '/var/lib/apt/lists/partial',
    '/var/lib/apt/periodic',
    '/etc/skel',
    '/usr/share',
    '/var/log/journal',
  ])
    files.folder(folder)
  for (const [link, target] of [
    ['/bin', 'usr/bin'],
    ['/sbin', 'usr/sbin'],
    ['/lib', 'usr/lib'],
    ['/lib64', 'usr/lib'],
    ['/var/run', '/run'],
    ['/var/lock', '/run/lock'],
  ] as const)
    files.link(link, target)
  files.folder('/tmp', 0o1777)
  files.folder('/var/tmp', 0o1777)
  files.folder('/root', 0o700)
  files.write('/etc/passwd', PASSWD)
  files.write('/etc/group', GROUP)
  const today = Math.floor(world.machine.now() / DAY)
  const names = PASSWD.split('\n')
    .map(line => line.split(':')[0])
    .filter(Boolean)
  files.write('/etc/shadow', names.map(name => `${name}:*:${today - 40}:0:99999:7:::\n`).join(''), 0o640)
  for (const file of ['.bashrc', '.profile', '.bash_logout']) files.write(`/etc/skel/${file}`, `# ${file}\n`)
  files.write('/etc/os-release', osRelease(world.release))
  files.write('/etc/debian_version', '13.2\n')
  files.write('/etc/hostname', `${hostname}\n`)
  files.write('/etc/hosts', '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n')
  files.write('/etc/resolv.conf', 'nameserver 203.0.113.53\n')
  files.write('/etc/fstab', '/dev/vda1 / ext4 rw,discard,errors=remount-ro 0 1\n')
  files.write('/etc/crontab', '17 * * * * root cd / && run-parts --report /etc/cron.hourly\n')
  files.write('/etc/shells', '/bin/sh\n/bin/bash\n')
  files.write(`/boot/vmlinuz-${world.release.kernel}`, 'kernel')
  for (const library of [
    'libc.so.6',
    'libnss_dns.so.2',
    'libnss_files.so.2',
    'libresolv.so.2',
    'ld-linux-x86-64.so.2',
  ])
    files.write(`/usr/lib/x86_64-linux-gnu/${library}`, library)
  files.link('/usr/lib/ld-linux-x86-64.so.2', 'x86_64-linux-gnu/ld-linux-x86-64.so.2')
  files.write('/usr/sbin/nologin', '#!/bin/sh\nexit 1\n', 0o755)
  files.write('/etc/ssl/certs/ca-certificates.crt', '')
  files.write('/etc/ssh/sshd_config.d/50-cloud-init.conf', 'PasswordAuthentication yes\n', 0o600)
  files.write('/etc/apt/apt.conf.d/01autoremove', 'APT::NeverAutoRemove { "^firmware-linux.*"; };\n')
  files.write('/etc/apt/sources.list.d/debian.sources', sources())
  files.write('/root/.ssh/authorized_keys', `${operatorKey}\n`, 0o600)
  files.folder('/root/.ssh', 0o700)
  for (const entry of BASE) packages.unpack(entry, OUTDATED[entry.name] ?? entry.version)
  for (const { uri, suite, component } of packages.archives()) {
    const base = `${uri}/dists/${suite}`.replace(/^https?:\/\//, '').replaceAll('/', '_')
    files.write(`/var/lib/apt/lists/${base}_InRelease`, '')
    files.write(`/var/lib/apt/lists/${base}_${component}_binary-amd64_Packages`, '')
  }
  files.node('/var/lib/apt/lists').modified = Date.now() - 9 * DAY
  for (const host of ['deb.debian.org', 'security.debian.org'])
    world.names.set(host, { A: ['151.101.2.132'], AAAA: ['2a04:4e42::644'] })
  world.names.set('download.docker.com', { A: ['18.66.2.10'] })
  for (const entry of BASE) for (const unit of entry.starts ?? []) world.systemd.enable(unit)
  await world.systemd.boot()
}

const sources = (): string => `Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.debian.org/debian-security
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`
