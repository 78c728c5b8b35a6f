import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Archives, type Release, readArchives, sourcesFor } from './archive.ts'
import { docker, LABEL, tryDocker } from './docker.ts'
import { labKey } from './keys.ts'
import { withLock } from './lock.ts'
import { buildRootfsImage, forgetOlder, hash, hasImage } from './rootfs.ts'

/**
 * The images that lab servers start from: what a provider delivers on the first day.
 *
 * `bare` is root with a key on a minimal Debian; passwords are allowed as sshd's default has it, and nothing that
 * Kneeboard sets up is there yet. `awkward` is the same made difficult in the ways in which cloud images are.
 */
export type Variant = 'bare' | 'awkward'

const guest = join(import.meta.dirname, 'guest')

const packages = [
  'systemd-sysv',
  'libpam-systemd',
  'dbus',
  'openssh-server',
  'sudo',
  'cron',
  'adduser',
  'login',
  'passwd',
  'procps',
  'iproute2',
  'iputils-ping',
  'ifupdown',
  'netbase',
  'ca-certificates',
  'curl',
  'less',
  'nano',
  'logrotate',
  'tzdata',
  'kmod',
  'apt-utils',
]

/** Units that act on the kernel, which all servers and this machine share, or on consoles that a container has not. */
const masked = [
  'systemd-udevd.service',
  'systemd-udev-trigger.service',
  'systemd-udevd-control.socket',
  'systemd-udevd-kernel.socket',
  'systemd-networkd.service',
  'systemd-networkd-wait-online.service',
  'networking.service',
  'ifupdown-pre.service',
  'ifup@.service',
  'systemd-sysctl.service',
  'systemd-modules-load.service',
  'systemd-remount-fs.service',
  'systemd-binfmt.service',
  'proc-sys-fs-binfmt_misc.automount',
  'proc-sys-fs-binfmt_misc.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-fs-fuse-connections.mount',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'kmod-static-nodes.service',
  'modprobe@.service',
  'getty.target',
  'getty@.service',
  'console-getty.service',
  'systemd-logind-varlink.socket',
  'systemd-firstboot.service',
]

export async function buildServerImage(release: Release, variant: Variant): Promise<string> {
  const bare = await buildBareImage(release)
  return variant === 'bare' ? bare : buildAwkwardImage(bare, release)
}

async function buildBareImage(release: Release): Promise<string> {
  const archives = await readArchives()
  const key = await labKey()
  const boot = await readFile(join(guest, 'lab-boot'), 'utf8')
  const keysUnit = await readFile(join(guest, 'lab-ssh-keys.service'), 'utf8')
  return buildRootfsImage({
    name: release,
    release,
    packages,
    customize: `set -eu
root=$1
put() { mkdir -p "$root$(dirname "$1")"; cat > "$root$1"; }
${putFile('/usr/lib/lab/boot', boot)}
chmod 755 "$root/usr/lib/lab/boot"
${putFile('/etc/systemd/system/lab-ssh-keys.service', keysUnit)}
${putFile('/root/.ssh/authorized_keys', key.publicKey)}
chmod 700 "$root/root/.ssh"; chmod 600 "$root/root/.ssh/authorized_keys"
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/* "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id"
: > "$root/etc/machine-id"
${aptFiles(release, archives)}
${putFile('/etc/apt/apt.conf.d/80lab', 'Acquire::Languages "none";')}
${putFile('/etc/dpkg/dpkg.cfg.d/lab', 'force-unsafe-io')}
mkdir -p "$root/etc/systemd/system/ssh.service.wants"
ln -s ../lab-ssh-keys.service "$root/etc/systemd/system/ssh.service.wants/"
for unit in ${masked.join(' ')}; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
`,
    changes: ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  })
}

/**
 * Translations and flushed writes are what apt spends half its time on, and nothing here reads or needs them.
 *
 * Ordinary sources with the mirror's own name. bookworm has no Compose v2 of its own, so its servers may take
 * that one package from trixie, as an operator without access to Docker's repository would arrange it.
 */
function aptFiles(release: Release, archives: Archives): string {
  if (release === 'trixie') return putFile('/etc/apt/sources.list', sourcesFor('trixie', archives).join('\n'))
  return [
    putFile('/etc/apt/sources.list', sourcesFor('bookworm', archives).join('\n')),
    putFile('/etc/apt/sources.list.d/trixie.list', `deb ${archives.main} trixie main`),
    putFile(
      '/etc/apt/preferences.d/docker-compose',
      'Package: *\nPin: release n=trixie\nPin-Priority: 100\n\nPackage: docker-compose\nPin: release n=trixie\nPin-Priority: 600',
    ),
  ].join('\n')
}

function putFile(path: string, content: string): string {
  return `put ${path} <<'END-OF-FILE'\n${content.trimEnd()}\nEND-OF-FILE`
}

/** An image made from a bare one by a script run in it, tagged by the hash of both. */
export async function deriveImage(name: string, from: string, script: string): Promise<string> {
  const tag = hash([from, script])
  const image = `kneeboard-lab/${name}:${tag}`
  if (await hasImage(image)) return image
  return withLock(`image-${name}`, async () => {
    if (await hasImage(image)) return image
    const container = `kneeboard-lab-build-${name}-${tag}`
    await tryDocker(['rm', '--force', container])
    await docker(
      'create',
      '--name',
      container,
      '--label',
      `${LABEL}=1`,
      '--network',
      'none',
      from,
      'sh',
      '-ec',
      script,
    )
    try {
      await docker('start', '--attach', container)
      await docker('commit', '--change', `LABEL ${LABEL}=1`, '--change', 'CMD []', container, image)
      await forgetOlder(name, image)
    } finally {
      await docker('rm', '--force', container)
    }
    return image
  })
}

async function buildAwkwardImage(bare: string, release: Release): Promise<string> {
  const script = await readFile(join(guest, 'make-awkward'), 'utf8')
  const holder = await readFile(join(guest, 'hold-apt-lock'), 'utf8')
  const withHolder = `cat > /usr/lib/lab/hold-apt-lock <<'END-OF-FILE'\n${holder}\nEND-OF-FILE\n${script}`
  return deriveImage(`${release}-awkward`, bare, withHolder)
}
