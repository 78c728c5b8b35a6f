import { describe, expect, test } from 'vitest'
import { judgeFit, judgeSchema } from '../../../checks/migrations/after.ts'
import { blockersAmong, judgeBlockers } from '../../../checks/migrations/blockers.ts'
import { judgeCopies } from '../../../checks/migrations/copy.ts'
import { judgeExit } from '../../../checks/migrations/exit.ts'
import { judgeHistory, judgeTarget } from '../../../checks/migrations/history.ts'
import { judgePlan } from '../../../checks/migrations/plan.ts'
import { judgeReality } from '../../../checks/migrations/really-applied.ts'
import { type Facts, recommend } from '../../../checks/migrations/recommend.ts'
import { judgeRoundTrip } from '../../../checks/migrations/round-trip.ts'
import { tagVariable } from '../../../checks/migrations/switch-release.ts'
import { historyOf } from '../../../checks/migrations/unapply.ts'
import { unapply } from '../../../checks/migrations/unapply-script.ts'
import type { MigrationState } from '../../../src/facts/migrations.ts'
import { type Copies, itemsToCopy, parseCopies } from '../../../src/facts/migrations-copies.ts'
import { effectsOf } from '../../../src/facts/migrations-effects.ts'
import type { TableFacts } from '../../../src/facts/migrations-rows.ts'
import type { HoldingSession } from '../../../src/facts/migrations-sessions.ts'
import { defaultPolicy } from '../../../src/model/policy.ts'
import { answer, migration, settled } from './answers.ts'

const bad = answer('products-0006')
const table = (name: string, columns: readonly string[], bytes = 2_400_000): TableFacts => ({
  name,
  columns,
  bytes,
  key: ['id'],
})
const products = table('products_product', ['id', 'name', 'stock_on_hand', 'warehouse'])

describe('the history', () => {
  const reading = (over: Partial<MigrationState> = {}, image = 'shop:v2') => ({
    running: { name: 'shop:v2', id: 'sha256:2', container: 'c' },
    image,
    state: { ...bad, ...over },
  })

  test('is sound on the bad release: its own image has every file', () => {
    expect(judgeHistory(reading())).toMatchObject({ status: 'pass', measured: '31 applied, 31 in shop:v2' })
    expect(judgeHistory(reading({}, 'shop:v3')).summary).toContain('shop:v3 is what undoes them')
  })

  test('out of order, in conflict, recorded twice, or without its file: each is said', () => {
    const summary = (over: Partial<MigrationState>) => judgeHistory(reading(over)).summary
    expect(summary({ inconsistent: 'Migration a.2 is applied before its dependency a.1' })).toContain(
      'out of order',
    )
    expect(summary({ conflicts: { shop: ['0002_a', '0002_b'] } })).toBe(
      'shop has 2 newest migrations: 0002_a, 0002_b',
    )
    expect(summary({ twice: ['shop.0002_a'] })).toBe('recorded more than once: shop.0002_a')
    expect(summary({ unknown: ['products.0008_gone'] })).toContain(
      'the database has products.0008_gone, and neither',
    )
  })

  test('rows of an app that was removed do no harm, and are said', () => {
    expect(judgeHistory(reading({ unknown: ['legacy.0001_initial'] }))).toMatchObject({ status: 'warn' })
  })
})

describe('the target', () => {
  test('when it is missing, what there is stands in the answer, with the words to type', () => {
    const verdict = judgeTarget(answer('no-target'), '')
    expect(verdict.summary).toContain('no app is named; applied last: products.0007_warehouse')
    expect(verdict.advice).toContain('--set migrationApp=products --set migrationTarget=0006_generate_skus')
    expect(judgeTarget(answer('no-target'), 'payments').summary).toContain(
      'applied in payments: 0003_payment_method, 0002_merge_states, 0001_initial',
    )
  })

  test('one that is not applied is none', () => {
    const state = {
      ...bad,
      target: { key: 'products.0008_next', problem: '', ahead: ['products.0008_next'] },
    }
    expect(judgeTarget(state, 'products')).toMatchObject({ status: 'fail' })
    expect(judgeTarget(bad, 'products')).toMatchObject({ status: 'pass', measured: '1 migration to undo' })
  })
})

describe('what is recorded is held against what is there', () => {
  const effects = effectsOf(bad.back)
  test('all there', () => expect(judgeReality(effects, [products], [])).toMatchObject({ status: 'pass' }))

  test('a faked migration, a missing table, and a renaming that never was', () => {
    const without = (columns: readonly string[]) =>
      judgeReality(effects, [table('products_product', columns)], [])
    expect(without(['id', 'stock_on_hand'])).toMatchObject({
      status: 'fail',
      summary: 'recorded as applied, but not there: the column products_product.warehouse',
    })
    expect(judgeReality(effects, [], []).summary).toContain('the table products_product')
    expect(without(['id', 'stock', 'stock_on_hand', 'warehouse']).summary).toContain('the renaming of')
  })

  test('an index that CONCURRENTLY left half done', () => {
    expect(judgeReality(effects, [products], [{ index: 'i_ccnew', table: 't' }]).advice).toContain(
      'DROP INDEX CONCURRENTLY i_ccnew',
    )
  })
})

describe('the plan', () => {
  const around = { app: 'products', tables: [products], transactional: true }
  test('says what goes, with rows, lock and size', () => {
    const verdict = judgePlan(['products.0007_warehouse'], settled(bad, 5000), around)
    expect(verdict).toMatchObject({
      status: 'pass',
      summary: expect.stringContaining('5,000 rows hold something in it that is then gone'),
      measured: expect.stringContaining('[ACCESS EXCLUSIVE on products_product, 2.3 MB]'),
    })
    expect(judgePlan(['products.0007_warehouse'], settled(bad, 0), around).summary).toContain(
      'no data is lost',
    )
  })

  test('names other apps, and what would already be gone when the irreversible one fails', () => {
    const state = answer('products-0005')
    const keys = state.back.map(({ key }) => key)
    expect(judgePlan(keys, settled(state, 1), around)).toMatchObject({
      status: 'fail',
      summary:
        'products.0006_generate_skus cannot be undone: RunPython without a way back; products.0007_warehouse, orders.0003_orderline_sku would be undone by then',
      measured: expect.stringContaining('of them in other apps: orders.0003_orderline_sku'),
    })
  })
})

describe('which of the four exits', () => {
  const additive = [
    migration(
      'shop.0002_a',
      [{ kind: 'create-table', table: 'new' }],
      [{ kind: 'drop-table', table: 'new' }],
    ),
  ]
  const from = (state: Pick<MigrationState, 'back'>, over: Partial<Facts> = {}) =>
    recommend({
      back: state.back,
      effects: settled(state as MigrationState, 10),
      release: 'shop:v1.1.0',
      ...over,
    })
  const backup = (takenAt: string) =>
    [{ name: 'old.dump', takenAt }] as unknown as NonNullable<Facts['backups']>

  test('the bad migration is migrated back: the old code cannot stand its schema', () => {
    const found = from(bad)
    expect(found).toMatchObject({
      exit: 'migrate-back',
      missing: '',
      reason: expect.stringContaining('warehouse'),
    })
    expect(judgeExit(found).status).toBe('pass')
  })

  test('not while no release is here that could run afterwards, unless that is wanted or it runs already', () => {
    expect(judgeExit(from(bad, { release: null }))).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('no older image on this server fits'),
    })
    expect(judgeExit(from(bad, { release: null, insists: true })).status).toBe('pass')
    expect(judgeExit(from(bad, { release: null, runningLacksThem: true })).status).toBe('pass')
  })

  test('what only adds stays: the image goes back alone, unless the operator insists', () => {
    const found = from({ back: additive })
    expect(found).toMatchObject({ exit: 'image-only', release: 'shop:v1.1.0' })
    expect(judgeExit(found).remedies?.map(({ id }) => id)).toEqual(['migrations/put-release-back'])
    expect(judgeExit(from({ back: additive }, { runningLacksThem: true })).status).toBe('pass')
    expect(from({ back: additive }, { insists: true }).exit).toBe('migrate-back')
  })

  test('what cannot be undone is fixed forward, or restored where it destroyed something that a backup still has', () => {
    expect(from(answer('products-0005')).exit).toBe('forward-fix')
    const destroyer = [
      migration(
        'shop.0002_drop',
        [{ kind: 'drop-table', table: 'old' }],
        [{ kind: 'impossible', reason: 'no way back' }],
      ),
    ]
    const found = from({ back: destroyer }, { backups: backup('2026-11-21T02:00:00Z') })
    expect(found).toMatchObject({ exit: 'restore', reason: expect.stringContaining('old.dump') })
    expect(from({ back: destroyer }, { backups: backup('2026-11-21T13:00:00Z') }).exit).toBe('forward-fix')
    expect(judgeExit(found)).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('kneeboard run restore'),
    })
  })

  test('an irreversible one that old code stands need not be undone', () => {
    const sealed = [
      migration(
        'shop.0002_a',
        [{ kind: 'create-table', table: 'new' }],
        [{ kind: 'impossible', reason: 'x' }],
      ),
    ]
    expect(from({ back: sealed }).exit).toBe('image-only')
  })

  test('Alembic refuses a database whose revision it has no file of: its image never goes back alone', () => {
    expect(from({ back: additive }, { tool: 'alembic' })).toMatchObject({
      exit: 'migrate-back',
      reason: expect.stringContaining('refuses a database'),
    })
  })

  test('nothing to undo', () => expect(recommend({ back: [], effects: [] }).exit).toBe('none'))
})

describe('copies of what is dropped', () => {
  const items = itemsToCopy(settled(bad, 5000), [products])
  const copies = (over: Partial<Copies> = {}): Copies => ({
    format: 1,
    madeAt: '2026-11-21T13:00:00Z',
    database: 'shop',
    target: 'products.0006',
    undoes: [],
    folder: '/opt/webshop/backups/migrations/x',
    ageSeconds: 60,
    damaged: [],
    items: [
      { table: 'products_product', columns: ['id', 'warehouse'], file: '1.copy', rows: 5000, sha256: 'a' },
    ],
    ...over,
  })

  test('a column is copied with its key; a table that goes is copied whole; what is empty is not copied', () => {
    expect(items).toEqual([{ table: 'products_product', columns: ['id', 'warehouse'], key: ['id'] }])
    expect(itemsToCopy(settled(bad, 0), [products])).toEqual([])
    const dropped = settled(
      { ...bad, back: [migration('a.1', [], [{ kind: 'drop-table', table: 'products_product' }])] },
      1,
    )
    expect(itemsToCopy(dropped, [products])[0]?.columns).toEqual(products.columns)
    const keyless = itemsToCopy(settled(bad, 1), [{ ...products, key: [] }])
    expect(keyless[0]?.columns).toEqual(products.columns)
  })

  test('only a whole, fresh one with every column will do', () => {
    const status = (found: Copies | null) => judgeCopies(items, found, defaultPolicy).status
    expect(status(copies())).toBe('pass')
    expect(status(null)).toBe('fail')
    expect(status(copies({ damaged: ['1.copy'] }))).toBe('fail')
    expect(status(copies({ ageSeconds: 7200 }))).toBe('fail')
    expect(status(copies({ items: copies().items.map(item => ({ ...item, columns: ['id'] })) }))).toBe('fail')
  })

  test('afterwards the one that was made is still looked at', () => {
    expect(judgeCopies([], null, defaultPolicy).status).toBe('not-applicable')
    expect(judgeCopies([], copies({ ageSeconds: 1e6 }), defaultPolicy).status).toBe('pass')
    expect(judgeCopies([], copies({ damaged: ['1.copy'] }), defaultPolicy).status).toBe('fail')
  })

  test('what lies on the server is held against its list', () => {
    const manifest = JSON.stringify({
      format: 1,
      madeAt: 'x',
      database: 'd',
      target: 't',
      undoes: [],
      items: copies().items,
    })
    const text = (sum: string) => `folder /b/x\nnow 200\nmade 140\nsum ${sum} 1.copy\nmanifest\n${manifest}\n`
    expect(parseCopies(text('a'))).toMatchObject({ ageSeconds: 60, damaged: [] })
    expect(parseCopies(text('b'))?.damaged).toEqual(['1.copy'])
    expect(parseCopies('')).toBeNull()
    expect(() => parseCopies('folder /b/x\nmanifest\n{')).toThrow('no list of copies')
  })
})

describe('who blocks', () => {
  const session = (over: Partial<HoldingSession>): HoldingSession => ({
    pid: 7,
    began: '2026-11-21 12:00:00+00',
    kind: 'client backend',
    application: 'psql',
    user: 'shop',
    address: '',
    state: 'active',
    verb: 'SELECT',
    againstWraparound: false,
    seconds: 60,
    holds: ['products_product'],
    waitsFor: [],
    ...over,
  })

  test('a request of a moment does not, nor one that only waits', () => {
    expect(judgeBlockers([session({ seconds: 0.2 })], 10).status).toBe('pass')
    expect(blockersAmong([session({ holds: [], waitsFor: ['products_product'] })], 10)).toEqual([])
    // It gives way by itself.
    expect(blockersAmong([session({ kind: 'autovacuum worker' })], 10)).toEqual([])
  })

  test('a forgotten one may be ended; one at work, a vacuum and a prepared transaction may not', () => {
    const forgotten = judgeBlockers(
      [
        session({ state: 'idle in transaction' }),
        session({ pid: 8, holds: [], waitsFor: ['products_product'] }),
      ],
      10,
    )
    expect(forgotten).toMatchObject({
      status: 'fail',
      summary:
        'psql (shop, pid 7), idle in transaction for 60 s, holds products_product; 1 already wait behind',
    })
    expect(forgotten.remedies?.map(({ id }) => id)).toEqual(['migrations/end-forgotten-sessions'])
    expect(judgeBlockers([session({})], 10).remedies).toBeUndefined()
    expect(
      judgeBlockers([session({ kind: 'autovacuum worker', againstWraparound: true })], 10).advice,
    ).toContain('does not give way')
    expect(
      judgeBlockers([session({ pid: 0, kind: 'prepared transaction', seconds: 0 })], 10).advice,
    ).toContain('COMMIT PREPARED')
  })
})

describe('afterwards', () => {
  test('a release with migrations that are not applied does not fit; nor do workers of another image', () => {
    const facts = { running: 'shop:v2', pending: [], strangers: [], release: undefined }
    expect(judgeFit(facts).status).toBe('pass')
    expect(judgeFit({ ...facts, strangers: ['celery'] }).summary).toBe(
      'celery run another image than shop:v2',
    )
    expect(judgeFit({ ...facts, pending: ['a.2'] })).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('docker pull'),
    })
  })

  test('the bad migration is seen by the column that its code still names', () => {
    const others = bad.models
      .filter(({ table: name }) => name !== 'products_product')
      .map(model => table(model.table, model.columns))
    const columns = bad.models.find(({ table: name }) => name === 'products_product')?.columns ?? []
    const renamed = columns.map(name => (name === 'stock' ? 'stock_on_hand' : name))
    expect(judgeSchema(bad.models, [...others, table('products_product', renamed)])).toMatchObject({
      status: 'fail',
      summary: 'the code names what is not there: products_product.stock',
    })
    expect(judgeSchema(bad.models, [...others, table('products_product', columns)]).status).toBe('pass')
  })

  test('a task that nobody answers fails; one whose result is kept nowhere proves nothing', () => {
    const trip = { seconds: 1, worker: 'celery@a' }
    expect(judgeRoundTrip({ ...trip, ending: 'answered' }, 20).status).toBe('pass')
    expect(judgeRoundTrip({ ...trip, ending: 'silent' }, 20).status).toBe('fail')
    expect(judgeRoundTrip({ ...trip, ending: 'no-results' }, 20).status).toBe('unknown')
  })

  test('the variable behind the tag is found, with every image that it stands behind', () => {
    const text =
      'x-b: &b\n  image: r.lab/shop-backend:${IMAGE_TAG:-v1}\n  web:\n    image: "r.lab/shop-web:$IMAGE_TAG"\n  db:\n    image: postgres:15\n'
    expect(tagVariable(text, 'r.lab/shop-backend:v2')).toEqual({
      key: 'IMAGE_TAG',
      repositories: ['r.lab/shop-backend', 'r.lab/shop-web'],
    })
    expect(() => tagVariable('    image: r.lab/shop-backend:v1\n', 'r.lab/shop-backend:v2')).toThrow(
      'names the tag',
    )
  })
})

describe('the script that undoes', () => {
  const order = {
    composeFile: '/opt/webshop/docker-compose.prod.yml',
    service: 'backend',
    image: 'shop:v2',
    imageId: 'sha256:2',
    command: ['manage.py', 'migrate', 'products', '0006_generate_skus', '--noinput'],
    databaseContainer: 'db1',
    database: 'shop',
    history: historyOf(bad),
    lockSeconds: 3,
    tries: 5,
    pauseSeconds: 4,
  }

  test('runs one container of the new image, without its entry point and its dependencies, with a limit on locks', () => {
    const { text } = unapply(order)
    expect(text).toContain(
      `run --rm --no-deps -T -e 'PGOPTIONS=-c lock_timeout=3s' -e PGAPPNAME=kneeboard-rollback --entrypoint sh backend`,
    )
    expect(text).toContain('manage.py migrate products 0006_generate_skus --noinput')
    expect(text.indexOf('somebody has migrated')).toBeLessThan(text.indexOf('--entrypoint'))
  })

  test('an image’s name that is none, and could be syntax, is refused', () => {
    expect(() => unapply({ ...order, image: 'shop:v2"}' })).toThrow('is no name of an image')
  })

  test('the history is one sum, whatever the order in which it was read', () => {
    const reversed = { ...bad, recorded: [...bad.recorded].reverse() }
    expect(historyOf(reversed).was).toBe(historyOf(bad).was)
    expect(historyOf({ ...bad, recorded: bad.recorded.slice(1) }).was).not.toBe(historyOf(bad).was)
  })
})
