import { describe, expect, test } from 'vitest'
import type { Change } from '../../../src/facts/migrations.ts'
import { classifyRelease, oldCodeStands } from '../../../src/facts/migrations-release.ts'
import {
  parseReleaseImages,
  type Release,
  releaseFor,
  repositoryOf,
  tagOf,
} from '../../../src/facts/migrations-releases.ts'
import { answer, COLUMN, operation } from './answers.ts'

const order = (...changes: Change[]) => classifyRelease(changes.map(change => operation([change]))).order
const column = { kind: 'add-column', table: 't', column: 'c', ...COLUMN } as const
const alter = (before: object, after: object): Change => ({
  kind: 'alter-column',
  table: 't',
  column: 'c',
  before: { ...COLUMN, ...before },
  after: { ...COLUMN, ...after },
})

describe('in which order a release goes out', () => {
  test('what only adds goes before the code', () => {
    expect(order({ kind: 'create-table', table: 't' }, { ...column, nullable: true })).toBe('schema-first')
    expect(order({ ...column, databaseDefault: true })).toBe('schema-first')
    expect(order(alter({}, { type: 'varchar(50)', maxLength: 50 }))).toBe('schema-first')
    expect(order(alter({ nullable: false }, { nullable: true }))).toBe('schema-first')
  })

  test('what takes away goes after the code', () => {
    expect(order({ kind: 'drop-table', table: 't' })).toBe('code-first')
    expect(order({ ...column, kind: 'drop-column', nullable: true })).toBe('code-first')
    expect(order(alter({ nullable: true }, { nullable: false }))).toBe('code-first')
    expect(order(alter({}, { unique: true }))).toBe('code-first')
  })

  test('a column that may not be empty and has no default in the database breaks old code: Django’s usual AddField', () => {
    expect(order(column)).toBe('needs-downtime')
    expect(order({ ...column, kind: 'drop-column' })).toBe('needs-downtime')
  })

  test('renaming and changing a type break both', () => {
    expect(order({ kind: 'rename-column', table: 't', column: 'a', to: 'b' })).toBe('needs-downtime')
    expect(order(alter({ type: 'text' }, { type: 'integer' }))).toBe('needs-downtime')
    expect(order({ kind: 'unknown', reason: 'x' })).toBe('needs-downtime')
  })

  test('adding and taking away in one release has no order', () => {
    expect(order({ ...column, nullable: true }, { kind: 'drop-table', table: 'old' })).toBe('needs-downtime')
  })

  test('the bad release needs downtime, by its column and by its hidden renaming', () => {
    const operations = answer('products-0006').back.flatMap(migration => migration.operations)
    const { order: found, because } = classifyRelease(operations)
    expect(found).toBe('needs-downtime')
    expect(because.map(({ title }) => title)).toEqual([
      'Add field warehouse to product',
      'Raw SQL operation',
      'Raw Python operation',
    ])
    expect(oldCodeStands(operations)).toContain('products_product.warehouse')
  })

  test('nothing to migrate goes in any order', () => {
    expect(classifyRelease([])).toMatchObject({ order: 'schema-first', because: [] })
  })
})

describe('the release to go back to', () => {
  const release = (name: string, createdAt: string, known: string[]): Release => ({
    name: `shop:${name}`,
    id: `sha256:${name}`,
    createdAt,
    migrations: { tool: 'django', version: '3.2', models: [], known },
  })
  const releases = [
    release('v1.3.0', '2026-11-21T09:00:04Z', ['a.1', 'a.2']),
    release('v1.2.0', '2026-11-21T09:00:03Z', ['a.1', 'a.2', 'a.3']),
    release('v1.1.0', '2026-11-21T09:00:02Z', ['a.1', 'a.2']),
    release('v1.0.0', '2026-11-21T09:00:01Z', ['a.1']),
  ]

  test('is the newest older one with exactly these migrations, not a later one that has them too', () => {
    expect(releaseFor(releases, { id: 'sha256:v1.2.0' }, ['a.1', 'a.2'])?.name).toBe('shop:v1.1.0')
    expect(releaseFor(releases, { id: 'sha256:v1.2.0' }, ['a.1'])?.name).toBe('shop:v1.0.0')
    expect(releaseFor(releases, { id: 'sha256:v1.2.0' }, [])).toBeUndefined()
  })

  test('images are read newest first, whatever their repository’s port', () => {
    const text =
      'r.lab:5000/shop:v1 sha256:a 2026-11-21T09:00:01.5Z\nr.lab:5000/shop:v2 sha256:b 2026-11-21T09:00:02Z\n'
    expect(parseReleaseImages(text).map(({ name }) => name)).toEqual([
      'r.lab:5000/shop:v2',
      'r.lab:5000/shop:v1',
    ])
    expect([repositoryOf('r.lab:5000/shop:v1'), tagOf('r.lab:5000/shop:v1')]).toEqual([
      'r.lab:5000/shop',
      'v1',
    ])
    expect([repositoryOf('r.lab:5000/shop'), tagOf('r.lab:5000/shop')]).toEqual(['r.lab:5000/shop', 'latest'])
  })
})
