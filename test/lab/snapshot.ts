import { join } from 'node:path'
import { docker, LABEL, tryDocker } from './docker.ts'
import { hasImage } from './rootfs.ts'
import { lines, run } from './shell.ts'

/**
 * The state of a server under a label: its root file system as an image, its Docker's data as a volume.
 *
 * A snapshot belongs to its run and goes with it. A kept one belongs to the cache: that is how a whole shop is back
 * in seconds in every later run. A kept label ends in a hash of what it was made from (`shop-3f2a…`), and takes the
 * place of older ones of the same name.
 */
const KEPT = 'kept'

export async function takeSnapshot(options: {
  runId: string
  label: string
  container: string
  volume: string
  keep: boolean
}): Promise<void> {
  const { runId, label, container, keep } = options
  const scope = keep ? KEPT : runId
  if (!/^\w[\w.-]{0,127}$/.test(label))
    throw new Error(`A snapshot cannot be called ${label}: letters, digits, _ . -`)
  if (keep) await forgetKept(label)
  // An image never has these three: the boot puts them back.
  const own = 'mkdir -p /var/lib/lab-etc && cp -p /etc/hosts /etc/hostname /etc/resolv.conf /var/lib/lab-etc'
  await docker('exec', container, 'sh', '-c', own)
  // A clean shutdown: what is copied is what a disk holds, and nothing writes to it meanwhile.
  await docker('stop', '--time', '60', container)
  try {
    await copyVolume(options.volume, await createVolume(scope, label))
    await docker(
      'commit',
      ...labelsOf(scope).flatMap(text => ['--change', `LABEL ${text}`]),
      container,
      imageName(scope, label),
    )
  } finally {
    await docker('start', container)
  }
}

export async function hasSnapshot(runId: string, label: string): Promise<boolean> {
  return (await scopeOf(runId, label)) !== undefined
}

export async function snapshotImage(runId: string, label: string): Promise<string> {
  const scope = await scopeOf(runId, label)
  if (scope === undefined) throw new Error(`There is no snapshot ${label}.`)
  return imageName(scope, label)
}

export async function copySnapshotVolume(runId: string, label: string, volume: string): Promise<void> {
  const scope = await scopeOf(runId, label)
  if (scope !== undefined) await copyVolume(volumeName(scope, label), volume)
}

export async function listSnapshots(runId: string): Promise<string[]> {
  const repositories = [KEPT, runId].map(scope =>
    docker('images', '--format', '{{.Tag}}', `kneeboard-lab/snapshot-${scope}`),
  )
  return (await Promise.all(repositories)).flatMap(listed => lines(listed.stdout))
}

/** The image is made last: a snapshot that was interrupted has none, and so does not exist. */
async function scopeOf(runId: string, label: string): Promise<string | undefined> {
  for (const scope of [runId, KEPT]) {
    if (await hasImage(imageName(scope, label))) return scope
  }
  return undefined
}

const imageName = (scope: string, label: string) => `kneeboard-lab/snapshot-${scope}:${label}`
const volumeName = (scope: string, label: string) => `kneeboard-lab-${scope}-snapshot-${label}`

/** A commit inherits its container's labels: a kept snapshot must not go with the run that it was taken in. */
function labelsOf(scope: string): string[] {
  return [`${LABEL}=1`, `${LABEL}.run=${scope === KEPT ? '' : scope}`]
}

async function createVolume(scope: string, label: string): Promise<string> {
  const name = volumeName(scope, label)
  await tryDocker(['volume', 'rm', '--force', name])
  await docker('volume', 'create', ...labelsOf(scope).flatMap(text => ['--label', text]), name)
  return name
}

async function copyVolume(from: string, to: string): Promise<void> {
  const paths = await docker('volume', 'inspect', '--format', '{{.Mountpoint}}', from, to)
  const [source, target] = lines(paths.stdout)
  await run`sh ${join(import.meta.dirname, 'copy-docker-data.sh')} ${source} ${target}`
}

async function forgetKept(label: string): Promise<void> {
  const name = label.replace(/-[0-9a-f]+$/, '')
  const tags = await docker('images', '--format', '{{.Tag}}', `kneeboard-lab/snapshot-${KEPT}`)
  for (const older of lines(tags.stdout).filter(tag => tag.replace(/-[0-9a-f]+$/, '') === name)) {
    await tryDocker(['rmi', imageName(KEPT, older)])
    await tryDocker(['volume', 'rm', '--force', volumeName(KEPT, older)])
  }
}
