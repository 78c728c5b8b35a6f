import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Archives, type Release, readArchives } from './archive.ts'
import { docker, LABEL, tryDocker } from './docker.ts'
import { withLock } from './lock.ts'
import { startMirror } from './mirror.ts'
import { places } from './places.ts'
import { lines } from './shell.ts'

/**
 * Docker images out of nothing but Debian's packages: a root file system by mmdebstrap, imported as an image.
 *
 * An image's tag is the hash of its recipe. A changed recipe is therefore a new image, an unchanged one is found
 * again in no time, and two versions of the project can share a cache.
 */
export type Recipe = {
  /** Image name below kneeboard-lab/. */
  name: string
  release: Release
  /** Debian packages, besides those of `minbase`. */
  packages: string[]
  /** Run on the machine as `sh -c SCRIPT sh ROOT` when the packages are in; ROOT is the new root file system. */
  customize?: string
  /** Files below the recipe's control that the script copies in: their content is part of the hash. */
  ingredients?: string[]
  /** Dockerfile instructions for `docker import --change`. */
  changes?: string[]
}

export async function buildRootfsImage(recipe: Recipe): Promise<string> {
  const archives = await readArchives()
  const { changes, ...content } = recipe
  const rootfs = `${recipe.name}-${hash([content, archives.main, archives.security])}`
  const image = `kneeboard-lab/${recipe.name}:${hash([rootfs, changes])}`
  if (await hasImage(image)) return image
  return withLock(`image-${recipe.name}`, async () => {
    if (await hasImage(image)) return image
    const tarball = join(places.rootfs, `${rootfs}.tar`)
    if (!(await stat(tarball).catch(() => undefined))) await bootstrap(recipe, archives, tarball)
    const labels = [...(changes ?? []), `LABEL ${LABEL}=1`].flatMap(change => ['--change', change])
    await docker('import', ...labels, tarball, image)
    await forgetOlder(recipe.name, image, tarball)
    return image
  })
}

export function hash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)
}

/** What earlier versions of a recipe made would fill the disk. An image that a server still runs from stays. */
export async function forgetOlder(name: string, image: string, tarball?: string): Promise<void> {
  const listed = await docker('images', '--format', '{{.Repository}}:{{.Tag}}', `kneeboard-lab/${name}`)
  const older = lines(listed.stdout).filter(candidate => candidate !== image)
  for (const candidate of older) await tryDocker(['rmi', candidate])
  if (tarball === undefined) return
  const isOlder = (file: string) => file.startsWith(`${name}-`) && file.length === basename(tarball).length
  for (const file of (await readdir(places.rootfs)).filter(isOlder)) {
    if (file !== basename(tarball)) await rm(join(places.rootfs, file), { force: true })
  }
}

export async function hasImage(image: string): Promise<boolean> {
  return (await tryDocker(['image', 'inspect', image])).exitCode === 0
}

async function bootstrap(recipe: Recipe, archives: Archives, tarball: string): Promise<void> {
  const scratch = join(places.rootfs, `making-${recipe.name}`)
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch, { recursive: true })
  const mirror = await startMirror({ origins: archives.origins, addresses: ['127.0.0.1'], port: 0 })
  const made = join(scratch, 'rootfs.tar')
  const hooks = recipe.customize === undefined ? [] : [`--customize-hook=${recipe.customize}`]
  const slim = ['man', 'info', 'locale', 'doc'].map(folder => `--dpkgopt=path-exclude=/usr/share/${folder}/*`)
  const words = [
    ...['--variant=minbase', `--include=${recipe.packages.join(',')}`, ...slim, ...hooks],
    ...[recipe.release, made, `deb ${archives.main} ${recipe.release} main`],
  ]
  try {
    await runContained('mmdebstrap', words, {
      TMPDIR: scratch,
      http_proxy: `http://127.0.0.1:${mirror.port}`,
    })
    await rename(made, tarball)
  } finally {
    await mirror.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

/**
 * Runs a program that mounts file systems in such a way that it dies with this process, however that ends, and that
 * its mounts go with it: in a mount and a process namespace of its own, tied to its parent's death.
 */
async function runContained(program: string, words: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const tied = [
    '--pdeathsig',
    'KILL',
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ]
  const child = spawn('setpriv', [...tied, program, ...words], {
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-8000)
  })
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${program} failed (${status}):\n${complaints}`)
}
