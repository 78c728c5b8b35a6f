/** manage.py migrate and showmigrations, against the database that the environment names. */

import type { Call } from '../../system/call.ts'
import type { BackendRole } from './backend.ts'
import { type Database, newTable, rewrite } from './database.ts'
import { keyOf, type Migration, migrationsOf, type Operation, type ReleaseMigration } from './migrations.ts'
import { PostgresRole } from './postgres-role.ts'
import { roleBeside } from './roles.ts'

/** The database that an application's environment leads to; undefined where it is not let in. */
export function databaseOf(call: Call, backend: BackendRole): Database | undefined {
  const own = call.world.docker.containers.get(call.process.container ?? '')
  const host = backend.environment.get('DB_HOST') ?? 'db'
  const server = own && roleBeside(call.world, own, host, PostgresRole)
  if (backend.database().status !== 'healthy') return undefined
  return server?.cluster.databases.get(backend.environment.get('DB_NAME') ?? '')
}

export function manageMigrations(
  call: Call,
  backend: BackendRole,
  verb: string,
  words: readonly string[],
  database = databaseOf(call, backend),
): number {
  if (!database)
    return call.fail(`django.db.utils.OperationalError: ${backend.database().message ?? 'no database'}`)
  const all = migrationsOf(backend.version)
  if (verb === 'showmigrations') return show(call, database, all)
  const [app, target] = words.filter(word => !word.startsWith('-'))
  call.line(
    `Operations to perform:\n  Apply all migrations: ${[...new Set(all.map(each => each.app))].join(', ')}\nRunning migrations:`,
  )
  if (app !== undefined && target !== undefined) return migrateTo(call, database, all, app, target)
  return forwards(call, database, pendingOf(database, all))
}

export const isApplied = (database: Database, migration: Migration): boolean =>
  database.migrations.some(each => keyOf(each) === keyOf(migration))

export const pendingOf = (database: Database, all: readonly ReleaseMigration[]): ReleaseMigration[] =>
  all.filter(each => !isApplied(database, each))

function show(call: Call, database: Database, all: readonly ReleaseMigration[]): number {
  for (const app of new Set(all.map(each => each.app))) {
    call.line(app)
    for (const each of all.filter(other => other.app === app))
      call.line(` [${isApplied(database, each) ? 'X' : ' '}] ${each.name}`)
  }
  return 0
}

function forwards(call: Call, database: Database, missing: readonly ReleaseMigration[]): number {
  if (missing.length === 0) call.line('  No migrations to apply.')
  for (const each of missing) {
    call.line(`  Applying ${keyOf(each)}... OK`)
    for (const operation of each.operations) apply(database, operation)
    database.migrations.push({ app: each.app, name: each.name, appliedAt: call.machine.now() })
    if (!database.tables.has('django_migrations'))
      database.tables.set('django_migrations', newTable(['id', 'app', 'name', 'applied']))
  }
  return 0
}

/** What `migrate APP TARGET` undoes: whatever needs a later migration of that app goes with it, newest first. */
export function undoneBy(
  database: Database,
  all: readonly ReleaseMigration[],
  app: string,
  target: string,
): ReleaseMigration[] {
  const number = target === 'zero' ? 0 : Number.parseInt(target, 10)
  const undone = new Set(
    all
      .filter(
        each => each.app === app && Number.parseInt(each.name, 10) > number && isApplied(database, each),
      )
      .map(keyOf),
  )
  for (let before = -1; before !== undone.size; ) {
    before = undone.size
    for (const each of all)
      if (isApplied(database, each) && each.dependsOn.some(key => undone.has(key))) undone.add(keyOf(each))
  }
  return all.filter(each => undone.has(keyOf(each))).toReversed()
}

/** What `migrate APP TARGET` applies first. */
export function aheadOf(
  database: Database,
  all: readonly ReleaseMigration[],
  app: string,
  target: string,
): ReleaseMigration[] {
  const needed = new Set<string>()
  const need = (key: string): void => {
    if (needed.has(key)) return
    needed.add(key)
    for (const other of all.find(each => keyOf(each) === key)?.dependsOn ?? []) need(other)
  }
  const found = all.find(each => each.app === app && each.name.startsWith(target))
  if (found) need(keyOf(found))
  return all.filter(each => needed.has(keyOf(each)) && !isApplied(database, each))
}

function migrateTo(
  call: Call,
  database: Database,
  all: readonly ReleaseMigration[],
  app: string,
  target: string,
): number {
  if (!all.some(each => each.app === app))
    return call.fail(`CommandError: App '${app}' does not have migrations.`)
  if (target !== 'zero' && !all.some(each => each.app === app && each.name.startsWith(target)))
    return call.fail(`CommandError: Cannot find a migration matching '${target}' from app '${app}'.`)
  const ahead = target === 'zero' ? [] : aheadOf(database, all, app, target)
  if (ahead.length > 0) return forwards(call, database, ahead)
  const undone = undoneBy(database, all, app, target)
  if (undone.length === 0) call.line('  No migrations to apply.')
  for (const each of undone) {
    const stuck = each.operations.find(isOneWay)
    if (stuck) {
      call.line(`  Unapplying ${keyOf(each)}...`)
      return call.fail(
        `django.db.migrations.exceptions.IrreversibleError: Operation <${stuck.type}> in ${keyOf(each)} is not reversible`,
      )
    }
    for (const operation of each.operations.toReversed()) takeBack(database, operation)
    database.migrations = database.migrations.filter(other => keyOf(other) !== keyOf(each))
    call.line(`  Unapplying ${keyOf(each)}... OK`)
  }
  return 0
}

export const isOneWay = (operation: Operation): boolean =>
  (operation.type === 'RunPython' || operation.type === 'RunSQL') && operation.back === undefined

export function apply({ tables }: Database, operation: Operation): void {
  const table = tables.get(operation.table)
  switch (operation.type) {
    case 'CreateModel':
      if (!table) tables.set(operation.table, newTable(operation.columns.split(' ')))
      return
    case 'AddField':
      table?.columns.push(operation.column)
      return
    case 'RunPython':
      if (table) rewrite(table, operation.function)
      return
    case 'RunSQL':
      if (table && operation.rename) rename(table, ...operation.rename)
      else if (table) rewrite(table, operation.sql)
  }
}

function takeBack({ tables }: Database, operation: Operation): void {
  const table = tables.get(operation.table)
  switch (operation.type) {
    case 'CreateModel':
      tables.delete(operation.table)
      return
    case 'AddField':
      if (table) table.columns = table.columns.filter(column => column !== operation.column)
      return
    case 'RunPython':
      if (table && typeof operation.back === 'object') rewrite(table, operation.back.function)
      return
    case 'RunSQL': {
      const [from, to] = operation.rename ?? []
      if (table && from !== undefined && to !== undefined) rename(table, to, from)
    }
  }
}

function rename(table: { columns: string[] }, from: string, to: string): void {
  table.columns = table.columns.map(column => (column === from ? to : column))
}
