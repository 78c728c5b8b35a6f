/** manage.py migrate and showmigrations, against the database that the environment names. */

import type { Call } from '../../system/call.ts'
import type { BackendRole } from './backend.ts'
import { migrationsOf } from './migrations.ts'
import type { Database } from './postgres-role.ts'
import { PostgresRole } from './postgres-role.ts'
import { neighbour, roleAt } from './roles.ts'

export function manageMigrations(
  call: Call,
  backend: BackendRole,
  verb: string,
  words: readonly string[],
): number {
  const refusal = backend.database()
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const server =
    own && roleAt(neighbour(call.world, own, backend.environment.get('DB_HOST') ?? 'db'), PostgresRole)
  const database = server?.cluster.databases.get(backend.environment.get('DB_NAME') ?? '')
  if (refusal.status !== 'healthy' || !database)
    return call.fail(`django.db.utils.OperationalError: ${refusal.message}`)
  const all = migrationsOf(backend.version)
  const applied = ({ app, name }: { app: string; name: string }): boolean =>
    database.migrations.some(each => each.app === app && each.name === name)
  if (verb === 'showmigrations') {
    for (const app of new Set(all.map(each => each.app))) {
      call.line(app)
      for (const each of all.filter(other => other.app === app))
        call.line(` [${applied(each) ? 'X' : ' '}] ${each.name}`)
    }
    return 0
  }
  const [app, target] = words.filter(word => !word.startsWith('-'))
  call.line(
    `Operations to perform:\n  Apply all migrations: ${[...new Set(all.map(each => each.app))].join(', ')}\nRunning migrations:`,
  )
  if (app !== undefined && target !== undefined) return backwards(call, database, app, target)
  const missing = all.filter(each => !applied(each))
  if (missing.length === 0) call.line('  No migrations to apply.')
  for (const each of missing) {
    call.line(`  Applying ${each.app}.${each.name}... OK`)
    database.migrations.push({ ...each, appliedAt: call.machine.now() })
    effect(database, each.app, each.name)
  }
  return 0
}

function backwards(call: Call, database: Database, app: string, target: string): number {
  const number = target === 'zero' ? 0 : Number.parseInt(target, 10)
  const undone = database.migrations
    .filter(each => each.app === app && Number.parseInt(each.name, 10) > number)
    .reverse()
  for (const each of undone) {
    if (each.name === '0006_generate_skus')
      return call.fail(
        `django.db.migrations.exceptions.IrreversibleError: Operation <RunPython> in ${app}.${each.name} is not reversible`,
      )
    call.line(`  Unapplying ${app}.${each.name}... OK`)
    database.migrations = database.migrations.filter(other => other !== each)
  }
  if (undone.length === 0) call.line('  No migrations to apply.')
  return 0
}

function effect(database: Database, app: string, name: string): void {
  if (name !== '0001_initial') return
  const tables: Readonly<Record<string, readonly string[]>> = {
    products: ['products_category', 'products_product', 'products_review'],
    orders: ['orders_order', 'orders_orderline'],
    payments: ['payments_payment'],
    auth: ['auth_user', 'auth_group', 'auth_permission'],
    sessions: ['django_session'],
    contenttypes: ['django_content_type'],
    admin: ['django_admin_log'],
  }
  for (const table of tables[app] ?? [])
    if (!database.tables.has(table)) database.tables.set(table, { rows: 0, columns: ['id'] })
  if (!database.tables.has('django_migrations'))
    database.tables.set('django_migrations', { rows: 0, columns: ['id', 'app', 'name', 'applied'] })
}
