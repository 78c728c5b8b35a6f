/** The practice world's PostgreSQL: dumps that are whole or not, and scripts as psql runs them. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openWorld } from '../../../src/practice/open-world.ts'
import { scenarios } from '../../../src/practice/scenarios/index.ts'
import type { Scenario } from '../../../src/practice/scenarios/scenario.ts'
import {
  ArchiveError,
  plainDump,
  readContents,
  readList,
  writeArchive,
} from '../../../src/practice/world/shop/archive.ts'
import {
  checksumOf,
  contentsOf,
  type Database,
  fill,
  newDatabase,
  newTable,
  rewrite,
} from '../../../src/practice/world/shop/database.ts'
import type { World } from '../../../src/practice/world/world.ts'

function shop(): Database {
  const database = newDatabase('shop', 'webshop')
  const orders = newTable(['id', 'total', 'created_at'])
  orders.rows = 120
  rewrite(orders, 'orders')
  database.tables.set('orders_order', orders)
  database.migrations.push({ app: 'orders', name: '0001_initial', appliedAt: 1 })
  return database
}

const list = {
  database: 'shop',
  serverVersion: '15.14',
  madeAt: 0,
  owner: 'webshop',
  tables: ['orders_order'],
}

describe('an archive', () => {
  const archive = writeArchive(list, contentsOf(shop()))

  test('gives back what was dumped', () => {
    const copy = newDatabase('copy', 'webshop')
    fill(copy, readContents(archive))
    expect(contentsOf(copy)).toEqual(contentsOf(shop()))
  })

  test('that ends in the middle can be listed, and not be read', () => {
    const half = archive.subarray(0, archive.length / 2)
    expect(readList(half).tables).toEqual(['orders_order'])
    expect(() => readContents(half)).toThrow('could not read from input file: end of file')
  })

  test('with a damaged byte cannot be read', () => {
    const damaged = Buffer.from(archive)
    const at = damaged.length - 40
    damaged[at] = (damaged[at] ?? 0) ^ 0xff
    expect(() => readContents(damaged)).toThrow(ArchiveError)
  })

  test('is not what a dump as text is', () => {
    expect(() => readList(Buffer.from(plainDump(list, contentsOf(shop()))))).toThrow('text format dump')
  })
})

test('a checksum tells rows apart, and the same rows not', () => {
  const [one, other] = [newTable(['id']), newTable(['id'])]
  for (const table of [one, other]) {
    table.rows = 3
    rewrite(table, 'a')
  }
  expect(checksumOf('t', one)).toBe(checksumOf('t', other))
  rewrite(other, 'b')
  expect(checksumOf('t', one)).not.toBe(checksumOf('t', other))
})

describe('psql in the shop', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld(
      scenarios.find(({ name }) => name === 'healthy-shop') as Scenario,
      'ssh-ed25519 AAAA operator',
    )
  })
  afterAll(() => world.end())

  const inDatabase = (script: string): Promise<string> =>
    world.shell(`docker exec -i webshop-db-1 sh -s <<'END_OF_SCRIPT'\n${script}\nEND_OF_SCRIPT\n`)
  const psql = (sql: string, database = 'postgres'): Promise<string> =>
    inDatabase(
      `psql -X -A -t -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d ${database} 2>&1 <<'END_OF_SQL'\n${sql}\nEND_OF_SQL\ntrue`,
    )

  test('keeps a database that it made, under its new name, until it is dropped', async () => {
    const has = async (name: string): Promise<boolean> =>
      (await psql(`SELECT pg_database_size(datname) AS bytes FROM pg_database WHERE datname = '${name}'`)) !==
      ''
    await psql('CREATE DATABASE one OWNER "webshop"')
    expect(await psql('CREATE DATABASE one')).toMatch(/ERROR: {2}database "one" already exists/)
    await psql('ALTER DATABASE one RENAME TO other')
    expect([await has('one'), await has('other')]).toEqual([false, true])
    await psql('DROP DATABASE other')
    expect(await has('other')).toBe(false)
  })

  test('stops at the first error', async () => {
    expect(await psql('DROP DATABASE nowhere; CREATE DATABASE made_anyway')).toContain('does not exist')
    expect(await psql('DROP DATABASE made_anyway')).toContain('does not exist')
  })

  test('lets nobody into a database that is closed', async () => {
    await psql('CREATE DATABASE closed; ALTER DATABASE closed WITH ALLOW_CONNECTIONS false')
    expect(await psql('SELECT 1', 'closed')).toContain('is not currently accepting connections')
    await psql('DROP DATABASE closed')
  })

  test('says what it does not know, and records it', async () => {
    expect(await psql('SELECT pi()')).toContain('does not know this question')
    expect([...world.machine.lacking]).toContain('psql: SELECT pi()')
  })

  test('a dump restored beside has the rows of the first', async () => {
    const answer = await inDatabase(`set -e
      pg_dump -Fc -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f /tmp/one.dump
      createdb -U "$POSTGRES_USER" beside
      pg_restore --exit-on-error -U "$POSTGRES_USER" -d beside /tmp/one.dump
      for name in "$POSTGRES_DB" beside; do
        psql -A -t -q -U "$POSTGRES_USER" -d "$name" -c 'SELECT count(*) FROM orders_order'
      done
      head -c 5000 /tmp/one.dump >/tmp/half.dump
      dropdb -U "$POSTGRES_USER" beside && createdb -U "$POSTGRES_USER" beside
      ! pg_restore --exit-on-error -U "$POSTGRES_USER" -d beside /tmp/half.dump 2>&1`)
    expect(answer.trim().split('\n')).toEqual([
      '120',
      '120',
      'pg_restore: error: could not read from input file: end of file',
    ])
  })

  test('undoing a migration takes its column away, and one without a way back stops it', async () => {
    const manage = (words: string): Promise<string> =>
      world.shell(`docker exec webshop-backend-1 python manage.py ${words} 2>&1 || :`)
    expect(await manage('migrate payments 0002')).toContain('Unapplying payments.0003_payment_method... OK')
    expect(await manage('showmigrations')).toContain('[ ] 0003_payment_method')
    expect(await manage('migrate products 0004')).toContain('IrreversibleError')
    expect(await manage('migrate --noinput')).toContain('Applying payments.0003_payment_method... OK')
  })
})
