/** What Django's own loader says of an image's migrations and of a database's, in the words of Kneeboard's reader. */

import type { BackendRole } from '../../world/shop/backend.ts'
import type { Database } from '../../world/shop/database.ts'
import { aheadOf, isOneWay, pendingOf, undoneBy } from '../../world/shop/manage.ts'
import {
  keyOf,
  migrationsOf,
  modelsOf,
  type Operation,
  type ReleaseMigration,
} from '../../world/shop/migrations.ts'

type Change = Readonly<Record<string, unknown>>

/** What an image contains, without any database. */
export const imageAnswer = ({ version }: BackendRole): Readonly<Record<string, unknown>> => ({
  tool: 'django',
  version: '4.2.16',
  models: modelsOf(version),
  obeysOptions: false,
  known: migrationsOf(version).map(keyOf).sort(),
})

interface Request {
  readonly app: string
  readonly target: string
  readonly obeysOptions: boolean
}

export function stateAnswer(
  backend: BackendRole,
  database: Database,
  asked: Request,
): Readonly<Record<string, unknown>> {
  const all = migrationsOf(backend.version)
  const known = new Set(all.map(keyOf))
  const recorded = database.migrations.map(keyOf)
  const { key, problem, found } = targetOf(all, asked)
  const planned = (each: ReleaseMigration) => facts(each, database)
  return {
    ...imageAnswer(backend),
    obeysOptions: asked.obeysOptions,
    vendor: 'postgresql',
    database: database.name,
    otherDatabases: [],
    applied: database.migrations.map(each => ({
      key: keyOf(each),
      at: new Date(each.appliedAt).toISOString(),
    })),
    recorded,
    unknown: recorded.filter(each => !known.has(each)),
    twice: recorded.filter((each, index) => recorded.indexOf(each) !== index),
    inconsistent: inconsistencyOf(all, database),
    conflicts: {},
    target: {
      key,
      problem,
      ahead: found && found !== 'zero' ? aheadOf(database, all, asked.app, found).map(keyOf) : [],
    },
    back: found ? undoneBy(database, all, asked.app, found).map(planned) : [],
    pending: pendingOf(database, all).map(planned),
  }
}

function targetOf(
  all: readonly ReleaseMigration[],
  { app, target }: Request,
): { readonly key: string; readonly problem: string; readonly found?: string } {
  const wrong = (problem: string) => ({ key: '', problem })
  if (app === '') return wrong('no app is named')
  if (!all.some(each => each.app === app)) return wrong(`there is no app "${app}" with migrations`)
  if (target === '') return wrong('no migration is named')
  if (target === 'zero') return { key: `${app}.zero`, problem: '', found: 'zero' }
  const starting = all.filter(each => each.app === app && each.name.startsWith(target))
  const [only] = starting
  if (only === undefined) return wrong(`there is no migration "${target}" in ${app}`)
  if (starting.length > 1) return wrong(`"${target}" is the beginning of ${starting.length} migrations`)
  return { key: keyOf(only), problem: '', found: only.name }
}

/** Applied before something that it depends on. */
function inconsistencyOf(all: readonly ReleaseMigration[], database: Database): string {
  const applied = new Set(database.migrations.map(keyOf))
  for (const each of all) {
    const before = each.dependsOn.find(key => !applied.has(key))
    if (applied.has(keyOf(each)) && before !== undefined)
      return `Migration ${keyOf(each)} is applied before its dependency ${before} on database 'default'.`
  }
  return ''
}

function facts(each: ReleaseMigration, database: Database): Readonly<Record<string, unknown>> {
  const at = database.migrations.find(other => keyOf(other) === keyOf(each))?.appliedAt
  return {
    key: keyOf(each),
    atomic: true,
    appliedAt: at === undefined ? null : new Date(at).toISOString(),
    dependsOn: [...each.dependsOn].sort(),
    replaces: [],
    operations: each.operations.map((operation, index) => ({
      place: operation.type === 'RunSQL' && operation.wrapped ? `${index + 1}.1` : String(index + 1),
      type: operation.type,
      custom: '',
      title: titleOf(operation),
      forward: forward(operation),
      backward: backward(operation),
      irreversibleByPlan: isOneWay(operation) && !(operation.type === 'RunSQL' && operation.wrapped === true),
    })),
    problem: '',
  }
}

function titleOf(operation: Operation): string {
  switch (operation.type) {
    case 'CreateModel':
      return `Create model ${operation.model}`
    case 'AddField':
      return `Add field ${operation.column} to ${operation.model}`
    case 'RunPython':
      return 'Raw Python operation'
    case 'RunSQL':
      return 'Raw SQL operation'
  }
}

const column = (operation: Extract<Operation, { type: 'AddField' }>): Change => ({
  table: operation.table,
  column: operation.column,
  type: operation.of,
  nullable: operation.nullable === true,
  unique: false,
  maxLength: operation.maxLength ?? null,
  fills: operation.default !== undefined,
  databaseDefault: false,
  default: operation.default ?? null,
})

function forward(operation: Operation): Change[] {
  switch (operation.type) {
    case 'CreateModel':
      return [{ kind: 'create-table', table: operation.table }]
    case 'AddField':
      return [{ kind: 'add-column', ...column(operation) }]
    case 'RunPython':
      return [{ kind: 'code', name: operation.function, says: operation.says }]
    case 'RunSQL':
      return [{ kind: 'sql', text: operation.sql }]
  }
}

function backward(operation: Operation): Change[] {
  switch (operation.type) {
    case 'CreateModel':
      return [{ kind: 'drop-table', table: operation.table }]
    case 'AddField':
      return [{ kind: 'drop-column', ...column(operation) }]
    case 'RunPython':
      if (operation.back === undefined)
        return [{ kind: 'impossible', reason: 'RunPython without a way back' }]
      return operation.back === 'noop'
        ? [{ kind: 'nothing', reason: 'it says that there is nothing to do' }]
        : [{ kind: 'code', name: operation.back.function, says: operation.back.says }]
    case 'RunSQL':
      return operation.back === undefined
        ? [{ kind: 'impossible', reason: 'RunSQL without a way back' }]
        : [{ kind: 'sql', text: operation.back }]
  }
}
