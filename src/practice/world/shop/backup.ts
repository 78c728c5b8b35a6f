/** A backup as the nightly timer leaves it: the archive, its checksum and its manifest. */

import { createHash } from 'node:crypto'
import type { World } from '../world.ts'
import { writeArchive } from './archive.ts'
import { checksumOf, contentsOf, datedBy, highestOf } from './database.ts'
import { PostgresRole } from './postgres-role.ts'
import { roleAt } from './roles.ts'

const FOLDER = '/opt/webshop/backups'

/**
 * @param at when it was made, in milliseconds since 1970
 * @returns the path of the archive
 * @throws Error when the shop's database is not there.
 */
export function layBackup(world: World, at: number): string {
  const role = roleAt(world.docker.find('webshop-db-1'), PostgresRole)
  const database = role?.cluster.databases.get('webshop_prod')
  if (!role || !database) throw new Error('the shop has no database to back up')
  const serverVersion = role.cluster.settings.get('server_version') ?? ''
  const contents = contentsOf(database)
  const tables = contents.tables.map(([name]) => name)
  const list = { database: database.name, serverVersion, madeAt: at, owner: database.owner, tables }
  const bytes = writeArchive(list, contents)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
  const name = `webshop-${iso(at).replace(/[-:]/g, '')}.dump`
  const newest = contents.tables.find(([table]) => table === 'orders_order')
  const version = serverVersion.split(' ')[0]
  const lines = (items: readonly object[]): string =>
    items.map(item => `    ${JSON.stringify(item)}`).join(',\n')
  const apps = new Map(contents.migrations.map(({ app, name: last }) => [app, last]))
  const head = {
    format: 1,
    madeBy: 'timer',
    startedAt: iso(at),
    finishedAt: iso(at + 2000),
    database: database.name,
    databaseBytes: contents.bytes,
    serverVersion: version,
    dumpVersion: version,
    archive: '1.14-0',
    bytes: bytes.length,
    sha256,
    newestBusinessRow: newest && {
      table: 'public.orders_order',
      column: datedBy(newest[1]),
      at: new Date(newest[1].newestAt).toISOString(),
    },
    images: imagesOf(world),
    migrations: [...apps].map(([app, last]) => ({ app, name: last })),
  }
  const figures = contents.tables.map(([table, held]) => ({
    name: `public.${table}`,
    rows: held.rows,
    checksum: checksumOf(table, held),
  }))
  const sequences = contents.tables.map(([table, held]) => ({
    name: `public.${table}_id_seq`,
    lastValue: held.rows === 0 ? null : highestOf(held),
  }))
  const manifest = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "tables": [\n${lines(figures)}\n  ],\n  "sequences": [\n${lines(sequences)}\n  ]\n}\n`
  const path = `${FOLDER}/${name}`
  world.files.write(path, bytes, 0o600, 0, 0)
  world.files.write(`${path}.sha256`, `${sha256}  ${name}\n`, 0o600, 0, 0)
  world.files.write(`${path}.manifest.json`, manifest, 0o600, 0, 0)
  return path
}

function imagesOf(world: World): { service: string; image: string; imageId: string }[] {
  return [...world.docker.containers.values()].flatMap(({ plan }) => {
    const service = plan.labels['com.docker.compose.service']
    return service === undefined ? [] : [{ service, image: plan.imageName, imageId: plan.image.id }]
  })
}
