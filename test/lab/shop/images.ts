import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readArchives, sourcesFor } from '../archive.ts'
import { docker, ensureDocker, LABEL } from '../docker.ts'
import { withLock } from '../lock.ts'
import { startMirror } from '../mirror.ts'
import { cacheFolder } from '../places.ts'
import { buildRootfsImage } from '../rootfs.ts'

/**
 * The shop's images, made from Debian's packages and named as in real life. On this machine's Docker they carry the
 * lab's prefix, so that nobody's own postgres:15 is replaced; a server gives them their real names when it loads them.
 */
const prefix = 'kneeboard-lab/shop/'
const folder = import.meta.dirname
const tars = join(cacheFolder, 'shop')

/** A release is laid over the one before it. v1.3.0 follows v1.1.0: v1.2.0 and its migration had been withdrawn. */
const releases = [
  { tag: 'v1.0.0', source: 'backend', from: 'backend-runtime' },
  { tag: 'v1.1.0', source: 'releases/v1.1.0', from: 'webshop-backend:v1.0.0' },
  { tag: 'v1.2.0', source: 'releases/v1.2.0', from: 'webshop-backend:v1.1.0' },
  { tag: 'v1.3.0', source: 'releases/v1.3.0', from: 'webshop-backend:v1.1.0' },
]

export const releaseTags = releases.map(release => release.tag)

const published: Record<string, string> = {
  'postgres:15': 'postgres:15',
  'redis:7': 'redis:7',
  'nginx:1.22': 'nginx:1.22',
  'certbot:latest': 'certbot/certbot:latest',
  ...Object.fromEntries(
    releases.flatMap(({ tag }) => [
      [`webshop-backend:${tag}`, `registry.lab/webshop-backend:${tag}`],
      [`webshop-frontend:${tag}`, `registry.lab/webshop-frontend:${tag}`],
    ]),
  ),
}

/** Builds what is missing and gives the path of one tar with all images, found again at once while nothing changed. */
export async function buildShopImages(): Promise<string> {
  const tar = join(tars, `images-${await hashOfInputs()}.tar`)
  if (await exists(tar)) return tar
  await ensureDocker()
  return withLock('shop-images', async () => {
    if (await exists(tar)) return tar
    await buildAll()
    await save(tar)
    return tar
  })
}

/** What a server runs after `docker load`: the real names instead of the lab's. */
export const renameLoadedImages = Object.entries(published)
  .map(([name, real]) => `docker tag ${prefix}${name} ${real} && docker rmi ${prefix}${name} > /dev/null`)
  .join('\n')

async function buildAll(): Promise<void> {
  const archives = await readArchives()
  const sources = sourcesFor('bookworm', archives).join('\n')
  const base = await buildRootfsImage({
    name: 'shop-base',
    release: 'bookworm',
    packages: ['ca-certificates', 'curl', 'python3', 'wget'],
    customize: `printf '%s\\n' '${sources}' > "$1/etc/apt/sources.list"`,
  })
  const mirror = await startMirror({ origins: archives.origins, addresses: ['127.0.0.1'], port: 0 })
  const build = (name: string, dockerfile: string, args: Record<string, string>) => {
    const all = { ...args, http_proxy: `http://127.0.0.1:${mirror.port}` }
    return docker(
      ...['build', '--quiet', '--network', 'host', '--label', `${LABEL}=1`],
      ...['--tag', `${prefix}${name}`, '--file', join(folder, 'images', dockerfile)],
      ...Object.entries(all).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
      folder,
    )
  }
  try {
    await Promise.all([
      build('backend-runtime', 'backend/Dockerfile', { BASE: base }).then(async () => {
        for (const { tag, source, from } of releases) {
          const release = { FROM_IMAGE: `${prefix}${from}`, SOURCE: source, VERSION: tag }
          await build(`webshop-backend:${tag}`, 'backend/Release.Dockerfile', release)
        }
      }),
      build('postgres:15', 'postgres/Dockerfile', { BASE: base }).then(async () => {
        await build('redis:7', 'redis/Dockerfile', { BASE: base })
        await build('nginx:1.22', 'nginx/Dockerfile', { BASE: base })
        await build('certbot:latest', 'certbot/Dockerfile', { BASE: base })
        for (const { tag } of releases) {
          await build(`webshop-frontend:${tag}`, 'frontend/Dockerfile', { FROM_IMAGE: base, VERSION: tag })
        }
      }),
    ])
  } finally {
    await mirror.close()
  }
}

async function save(tar: string): Promise<void> {
  await mkdir(tars, { recursive: true })
  const partial = `${tar}.partial`
  await docker('save', '--output', partial, ...Object.keys(published).map(name => `${prefix}${name}`))
  for (const older of await readdir(tars)) {
    if (older.endsWith('.tar')) await rm(join(tars, older))
  }
  await rename(partial, tar)
  // What an earlier build left without a name; its layers go unless this build shares them.
  await docker('image', 'prune', '--force', '--filter', `label=${LABEL}`)
}

/** Everything that goes into the images: their sources, and this file, which says how they are put together. */
async function hashOfInputs(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(import.meta.filename))
  for (const part of ['backend', 'releases', 'frontend', 'images']) {
    const entries = await readdir(join(folder, part), { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => entry.isFile() && !entry.name.endsWith('.pyc'))
    for (const file of files.map(entry => join(entry.parentPath, entry.name)).sort()) {
      hash.update(file.slice(folder.length)).update(await readFile(file))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
