/**
 * `migration-rollback` against a real shop whose release v1.2.0 has a bad migration: what it destroys is said before,
 * kept in a copy, and undone by the image that has the files; what cannot be undone is found, and then nothing is.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrationRollback } from '../../runbooks/migration-rollback.ts'
import { checksOf } from '../../src/model/runbook.ts'
import { notesProject } from './alembic-notes.ts'
import { findFault } from './faults/index.ts'
import { type Lab, type LabServer, labIsPossible, openLab, startShopServer } from './index.ts'
import { kneeboard, notGood } from './kneeboard.ts'
import { waitFor } from './shell.ts'
import { type Shop, waitUntilHealthy } from './shop/shop.ts'
import { walk } from './walk.ts'

const BACKEND = 'registry.lab/webshop-backend'
const COPIES = '/opt/webshop/backups/migrations'
const checks = checksOf(migrationRollback)

describe.skipIf(!(await labIsPossible()).possible)('rolling a bad migration back', () => {
  let lab: Lab
  let server: LabServer
  let shop: Shop
  beforeAll(async () => {
    lab = await openLab()
    ;({ server, shop } = await startShopServer(lab))
  })
  afterAll(() => lab?.close())

  const params = (
    app: string,
    target: string,
    over: Record<string, unknown> = {},
  ): Record<string, unknown> => ({
    migrationTool: 'django',
    migrationApp: app,
    migrationTarget: target,
    migrationImage: '',
    migrationExit: 'recommended',
    composeFile: shop.composeFile,
    backendService: 'backend',
    databaseService: 'db',
    workerService: 'celery',
    beatService: 'celery-beat',
    nginxRunsIn: 'compose',
    nginxService: 'nginx',
    backendPort: 8000,
    healthPath: '/api/health/',
    backupDirectory: '/opt/webshop/backups',
    backupKeepDays: 30,
    bucketUrl: '',
    bucketRegion: 'us-east-1',
    bucketCredentials: '/etc/kneeboard/backup-bucket.conf',
    ...over,
  })
  const target = (app: string, name: string): string[] => [
    ...['--environment', 'staging'],
    ...['--set', `migrationApp=${app}`, '--set', `migrationTarget=${name}`],
  ]
  const allowed = () => ['--consent', 'disruptive', '--confirm', server.ipv4]
  const sql = async (text: string): Promise<string> =>
    (
      await shop.run(
        `compose exec -T db psql -XAtq -U "$(sed -n 's/^DB_USER=//p' "$env_file")" -d "$(sed -n 's/^DB_NAME=//p' "$env_file")" -c "${text}" < /dev/null`,
      )
    ).trim()
  const applied = () => sql('SELECT app, name, applied FROM django_migrations ORDER BY id')
  const running = async () =>
    (await shop.run("compose ps --format '{{.Service}} {{.Image}}' | sort")).trim().split('\n')
  const columns = () =>
    sql(
      "SELECT string_agg(column_name, ',' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'products_product'",
    )

  test('without a target it says what could be one, and changes nothing', async () => {
    const before = await applied()
    const { report } = await kneeboard().json(
      server,
      'run',
      'migration-rollback',
      '--environment',
      'staging',
      ...allowed(),
    )
    const named = report.checks.find(({ id }) => id === 'migrations/target-named')
    expect(named?.summary).toContain('no app is named; applied last:')
    expect(report.actions).toEqual([])
    expect(await applied()).toBe(before)
  })

  test('an irreversible one in the middle, over two apps: nothing is undone, and another exit is recommended', async () => {
    const before = await applied()
    const { report, exitCode } = await kneeboard().json(
      server,
      'run',
      'migration-rollback',
      ...target('products', '0005'),
      ...allowed(),
    )
    expect([exitCode, report.status, report.actions]).toEqual([2, 'failed', []])
    const summary = (id: string) => report.checks.find(check => check.id === id)?.summary
    expect(summary('migrations/plan-reversible')).toBe(
      'products.0006_generate_skus cannot be undone: RunPython without a way back; orders.0003_orderline_sku would be undone by then',
    )
    expect(summary('migrations/exit')).toMatch(
      /^fix it forward: products\.0006_generate_skus cannot be undone/,
    )
    expect(report.diagnosis.map(({ cause }) => cause)).toEqual(['migrations/plan-reversible'])
    expect(await applied()).toBe(before)
  })

  test('an irreversible one that the plan’s own text hides is found', async () => {
    const text = await shop.run(
      'compose exec -T backend python manage.py migrate payments 0001 --plan < /dev/null',
    )
    expect(text).toContain('Undo Custom state/database change combination')
    expect(text).not.toContain('IRREVERSIBLE')
    const { verdict } = await walk(server, checks, { mode: 'check', params: params('payments', '0001') })
    expect(verdict('migrations/plan-reversible')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining(
        'payments.0002_merge_states cannot be undone, which “migrate --plan” does not say: RunSQL without a way back',
      ),
    })
  })

  test('what no other release here could run on is not undone', async () => {
    const { verdict } = await walk(server, checks, { mode: 'check', params: params('payments', '0002') })
    expect(verdict('migrations/exit')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('no older image on this server fits'),
    })
    expect(verdict('migrations/plan-reversible').measured).toContain(
      'drops the column payments_payment.method; 20,000 rows hold something in it that is then gone [ACCESS EXCLUSIVE on payments_payment',
    )
  })

  test('a faked migration is seen: what it would have made is not there', async () => {
    await sql(
      "INSERT INTO django_migrations (app, name, applied) VALUES ('products', '0007_warehouse', now())",
    )
    const { verdict } = await walk(server, checks, { mode: 'check', params: params('products', '0006') })
    // The running image has no such file; the release that has it is found among the images.
    expect(verdict('migrations/history-sound').summary).toContain(`${BACKEND}:v1.2.0 is what undoes them`)
    expect(verdict('migrations/really-applied')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('the column products_product.warehouse'),
      advice: expect.stringContaining('products.0007_warehouse was faked'),
    })
    await sql("DELETE FROM django_migrations WHERE app = 'products' AND name = '0007_warehouse'")
  })

  test('operations of the application’s own, wrapped and refusing, are walked to the innermost', async () => {
    await buildRelease(server, 'v1.4.0', {
      'payments/migrations/0004_seal.py': SEAL,
      'orders/migrations/0004_refuse.py': REFUSE,
      'products/migrations/0007_tags.py': TAGS,
    })
    await shop.run(
      `IMAGE_TAG=v1.4.0 compose run --rm --no-deps -T --entrypoint python backend manage.py migrate --noinput < /dev/null`,
    )
    try {
      const seal = await walk(server, checks, { mode: 'check', params: params('payments', '0003') })
      expect(seal.verdict('migrations/plan-reversible').summary).toContain(
        'payments.0004_seal cannot be undone, which “migrate --plan” does not say: Seal says that it cannot be reversed',
      )
      // It changes no table, so the older code can live with it: that it cannot be undone is said all the same.
      const refuse = await walk(server, checks, {
        mode: 'check',
        params: params('orders', '0003'),
      })
      expect(refuse.verdict('migrations/plan-reversible').summary).toContain(
        'orders.0004_refuse cannot be undone: its function refuse only refuses',
      )
      // A relation of many to many is a table that no model names; it stays where nothing of the older code minds it.
      const tags = await walk(server, checks, {
        mode: 'check',
        params: params('products', '0006', { migrationExit: 'migrate-back' }),
      })
      expect(tags.verdict('migrations/plan-reversible')).toMatchObject({
        status: 'pass',
        measured: expect.stringMatching(
          /drops the table products_product_tags .*nothing is in it.*drops the table products_tag /,
        ),
      })
    } finally {
      await sql("DELETE FROM django_migrations WHERE name IN ('0004_seal', '0004_refuse', '0007_tags')")
      await sql('DROP TABLE products_product_tags, products_tag')
      await server.must(`docker rmi ${BACKEND}:v1.4.0`)
    }
  })

  describe('from the bad release', () => {
    beforeAll(async () => {
      await findFault('bad-migration').inject(server)
      await sql("UPDATE products_product SET warehouse = E'north\\nside' WHERE id % 3 = 0")
      await server.snapshot('bad')
      await waitUntilHealthy(server)
    })

    test('a forgotten session is named and ended; one that blocks the ALTER is named, tries are given up, nothing is lost', async () => {
      await findFault('db-idle-in-transaction').inject(server)
      const before = await applied()
      const blocked = await walk(server, checks, {
        params: params('products', '0006'),
        policy: { migrationBlockerSeconds: 1, migrationLockTries: 2, migrationLockPauseSeconds: 1 },
        consent: async ({ plan, attempt }) => {
          if (plan.remedy === 'migrations/undo' && attempt === 1) await holdTable(shop, sql)
          return {
            answer: 'yes',
            by: 'test',
            ...(plan.grade === 'destructive' ? { typed: server.name } : {}),
          }
        },
      })
      const forgotten = blocked.events.find(
        event => event.type === 'check-finished' && event.check === 'migrations/nobody-blocks',
      )
      expect(forgotten).toMatchObject({
        verdict: {
          status: 'fail',
          summary: expect.stringMatching(
            /^forgotten-session \(.*idle in transaction for \d+ s, holds products_product/,
          ),
        },
      })
      expect(blocked.outcomes).toContain('migrations/end-forgotten-sessions proven')
      expect(blocked.outcomes).toContain('migrations/undo failed')
      const failed = blocked.events.find(
        event => event.type === 'remedy-finished' && event.remedy === 'migrations/undo',
      )
      expect(failed).toMatchObject({
        summary: expect.stringMatching(
          /the lock was not to be had in 2 tries of 3 s; held by pid \d+ \(endless-report, \w+\) busy with SELECT since \d\d:\d\d:\d\d/,
        ),
      })
      expect(await applied()).toBe(before)
      expect(await columns()).toContain('stock_on_hand')
      // What was stopped for it runs again.
      const services = await running()
      for (const name of ['backend', 'celery', 'celery-beat'])
        expect(services).toContain(`${name} ${BACKEND}:v1.2.0`)
      await sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'endless-report'",
      )
    })

    test('an image put back alone does not mend it; the rollback then borrows the image that has the files', async () => {
      await shop.run(
        `sed -i 's/^IMAGE_TAG=.*/IMAGE_TAG=v1.1.0/' .env
compose up -d --no-deps --wait backend frontend celery celery-beat < /dev/null`,
      )
      const { outcomes, statuses, verdict } = await walk(server, checks, {
        params: params('products', '0006'),
        consent: ({ plan }) => ({
          answer: 'yes',
          by: 'test',
          ...(plan.grade === 'destructive' ? { typed: server.name } : {}),
        }),
      })
      expect(outcomes).toContain('migrations/undo proven')
      expect(outcomes).not.toContain('migrations/put-release-back proven')
      expect(outcomes).toContain('migrations/start-writers proven')
      expect(statuses.filter(status => !/ (pass|not-applicable)$/.test(status))).toEqual([])
      expect(verdict('migrations/target-reached').status).toBe('pass')
      expect(await columns()).not.toContain('warehouse')
    })

    test('headless, by the built program: passed, with what was dropped kept to the last row', async () => {
      await server.restore('bad')
      await waitUntilHealthy(server)
      const dropped = await sql(
        "SELECT md5(string_agg(id || ':' || warehouse, ',' ORDER BY id)) FROM products_product",
      )
      const stock = await sql(
        "SELECT md5(string_agg(id || ':' || stock_on_hand, ',' ORDER BY id)) FROM products_product",
      )
      const on = kneeboard()
      const declined = await on.json(
        server,
        'run',
        'migration-rollback',
        ...target('products', '0006'),
        '--consent',
        'disruptive',
      )
      // Data go with it: without the name typed nothing is undone.
      expect(declined.report.actions.find(({ remedy }) => remedy === 'migrations/undo')?.consent).toBe('no')
      expect(await columns()).toContain('warehouse')

      const done = await on.json(
        server,
        'run',
        'migration-rollback',
        ...target('products', '0006'),
        ...allowed(),
      )
      expect(notGood(done.report)).toEqual([])
      expect([done.exitCode, done.report.status]).toEqual([0, 'passed'])
      expect(done.report.actions.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
        ['migrations/undo', 'proven'],
        ['migrations/put-release-back', 'proven'],
      ])
      expect(await applied()).not.toContain('0007_warehouse')
      expect(
        await sql("SELECT md5(string_agg(id || ':' || stock, ',' ORDER BY id)) FROM products_product"),
      ).toBe(stock)
      const services = await running()
      for (const name of ['backend', 'celery', 'celery-beat'])
        expect(services).toContain(`${name} ${BACKEND}:v1.1.0`)
      expect(services).toContain('frontend registry.lab/webshop-frontend:v1.1.0')
      const page = await server.must(
        `curl -sk -o /dev/null -w '%{http_code}' --resolve ${shop.domain}:443:127.0.0.1 https://${shop.domain}/api/products/`,
      )
      expect(page).toBe('200')
      // The copy is taken back by PostgreSQL itself, line breaks and all.
      const copy = (await server.must(`ls -d ${COPIES}/products.0006_generate_skus-*Z | tail -n 1`)).trim()
      expect((await server.must(`stat -c '%a %U' ${copy}/1-products_product.copy`)).trim()).toBe('600 root')
      await sql('CREATE TABLE taken_back (id bigint, warehouse text)')
      await shop.run(
        `compose exec -T db psql -XAtq -v ON_ERROR_STOP=1 -U "$(sed -n 's/^DB_USER=//p' "$env_file")" -d "$(sed -n 's/^DB_NAME=//p' "$env_file")" -c 'COPY taken_back FROM STDIN' < ${copy}/1-products_product.copy`,
      )
      expect(
        await sql("SELECT md5(string_agg(id || ':' || warehouse, ',' ORDER BY id)) FROM taken_back"),
      ).toBe(dropped)

      const again = await on.json(
        server,
        'run',
        'migration-rollback',
        ...target('products', '0006'),
        ...allowed(),
      )
      expect([again.exitCode, again.report.status, again.report.actions]).toEqual([0, 'passed', []])
    })
  })

  test('Alembic, by the same runbook: the image alone, migrating back, and what only refuses', async () => {
    const notes = await notesProject(server)
    const given = (name: string, over: Record<string, unknown> = {}) =>
      params('', name, { ...notes.params, ...over })
    const consent = ({ plan }: { plan: { grade: string } }) => ({
      answer: 'yes' as const,
      by: 'test',
      ...(plan.grade === 'destructive' ? { typed: server.name } : {}),
    })

    await notes.deploy('v3')
    const refused = await walk(server, checks, { params: given('0004'), consent })
    expect(refused.verdict('migrations/plan-reversible').summary).toBe(
      '0005 cannot be undone, which “migrate --plan” does not say: its function downgrade only refuses',
    )
    expect(refused.asked).toEqual([])
    expect(await notes.heads()).toBe('0005')

    await notes.start('v2')
    const before = await notes.sql(
      "SELECT md5(string_agg(id || body || mood, ',' ORDER BY id)) FROM (SELECT id, text AS body, mood FROM note) AS n",
    )
    const renamed = await walk(server, checks, { params: given('0002'), consent })
    expect(renamed.verdict('migrations/history-sound').status).toBe('pass')
    expect(renamed.statuses.filter(status => !/ (pass|not-applicable)$/.test(status))).toEqual([])
    expect(renamed.outcomes).toContain('migrations/undo proven')
    expect(renamed.outcomes).toContain('migrations/put-release-back proven')
    expect(await notes.heads()).toBe('0002')
    expect(before).not.toBe('')
  })
})

/** A session of somebody's that reads the table in one long transaction. */
async function holdTable(shop: Shop, sql: (text: string) => Promise<string>): Promise<void> {
  await shop.run(
    `compose exec -T --detach --env PGAPPNAME=endless-report db psql -XAtq -U "$(sed -n 's/^DB_USER=//p' "$env_file")" -d "$(sed -n 's/^DB_NAME=//p' "$env_file")" -c BEGIN -c 'SELECT count(*) FROM products_product' -c 'SELECT pg_sleep(86400)' < /dev/null`,
  )
  await waitFor(
    'the report',
    async () =>
      (await sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'endless-report' AND query LIKE '%sleep%' AND state = 'active'",
      )) === '1',
  )
}

/** A release as the shop's own are made: files laid over v1.1.0. */
async function buildRelease(server: LabServer, tag: string, files: Record<string, string>): Promise<void> {
  const id = (await server.must(`docker create ${BACKEND}:v1.1.0`)).trim()
  for (const [path, text] of Object.entries(files)) {
    await server.must(`cat > /tmp/release-file && docker cp /tmp/release-file ${id}:/app/${path}`, {
      input: text,
    })
  }
  await server.must(`docker commit ${id} ${BACKEND}:${tag} > /dev/null && docker rm ${id} > /dev/null`)
}

const SEAL = `from django.db import migrations
from django.db.migrations.operations.base import Operation


class Seal(Operation):
    reversible = False

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        pass

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass


class Migration(migrations.Migration):
    dependencies = [('payments', '0003_payment_method')]
    operations = [migrations.SeparateDatabaseAndState(database_operations=[Seal()])]
`

const TAGS = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('products', '0006_generate_skus')]
    operations = [
        migrations.CreateModel(
            name='Tag',
            fields=[('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False))],
        ),
        migrations.AddField('product', 'tags', models.ManyToManyField('products.tag')),
    ]
`

const REFUSE = `from django.db import migrations


def work(apps, schema_editor):
    pass


def refuse(apps, schema_editor):
    """Nobody thought of the way back"""
    raise RuntimeError('cannot be undone')


class Migration(migrations.Migration):
    dependencies = [('orders', '0003_orderline_sku')]
    operations = [migrations.RunPython(work, refuse)]
`
