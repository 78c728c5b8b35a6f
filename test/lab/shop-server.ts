import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Release } from './archive.ts'
import { buildServerImage } from './image.ts'
import { withLock } from './lock.ts'
import type { LabServer } from './server.ts'
import type { Lab } from './session.ts'
import {
  buildShopImages,
  findShop,
  installDocker,
  type Shop,
  type ShopOptions,
  startShop,
  waitUntilHealthy,
} from './shop/shop.ts'
import { hasSnapshot } from './snapshot.ts'

/**
 * A server with the whole shop running and healthy, and its domain in the lab's DNS.
 *
 * The first one is laid out step by step and kept as a snapshot; every later one, in whichever run, is a copy of
 * that. Of what the shop is made the snapshot's label holds a hash: a changed shop is laid out anew.
 */
export type ShopServerOptions = Partial<ShopOptions> & { name?: string; release?: Release }

export async function startShopServer(
  lab: Lab,
  options: ShopServerOptions = {},
): Promise<{ server: LabServer; shop: Shop }> {
  const { name = 'shop', release = 'bookworm', ...given } = options
  const shopOptions: ShopOptions = { environment: 'production', ...given }
  const label = await shopLabel(release, shopOptions)
  const server = (await hasSnapshot(lab.runId, label))
    ? await lab.startServer({ name, release, snapshot: label })
    : await withLock('shop-snapshot', () => layOutAndKeep(lab, { name, release, label, shopOptions }))
  await waitUntilHealthy(server)
  const shop = await findShop(server)
  await publishShop(lab, server, shop)
  return { server, shop }
}

/** The shop's names in the lab's DNS, as they are right: whatever was published before is gone. */
export function publishShop(lab: Lab, server: LabServer, { domain }: Shop): Promise<void> {
  return lab.dns.zone(domain, {
    '@': { A: [server.ipv4], AAAA: [server.ipv6] },
    www: { CNAME: [domain] },
  })
}

async function layOutAndKeep(
  lab: Lab,
  plan: { name: string; release: Release; label: string; shopOptions: ShopOptions },
): Promise<LabServer> {
  const { name, release, label, shopOptions } = plan
  const keptMeanwhile = await hasSnapshot(lab.runId, label)
  if (keptMeanwhile) return lab.startServer({ name, release, snapshot: label })
  const [server] = await Promise.all([
    lab.startServer({ name, release }).then(async started => {
      await installDocker(started)
      return started
    }),
    buildShopImages(),
  ])
  await startShop(server, shopOptions)
  await server.must('apt-get clean')
  await server.snapshot(label, { keep: true })
  return server
}

async function shopLabel(release: Release, options: ShopOptions): Promise<string> {
  const hash = createHash('sha256').update(await buildServerImage(release, 'bare'))
  const folder = join(import.meta.dirname, 'shop')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile() && !entry.name.endsWith('.pyc'))
  for (const file of files.map(entry => join(entry.parentPath, entry.name)).sort()) {
    hash.update(file.slice(folder.length)).update(await readFile(file))
  }
  const { environment, tag = 'default', domain = 'default', https = true } = options
  const words = ['shop', release, environment, tag, domain, https ? 'https' : 'http']
  return `${words.join('-')}-${hash.digest('hex').slice(0, 12)}`
}
