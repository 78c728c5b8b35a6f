/** What would be dropped lies in a copy first, so that a dropped column can be filled again. */

import { backupFolder } from '../../src/facts/backups.ts'
import { runningContainer } from '../../src/facts/containers.ts'
import {
  type Copies,
  type CopyItem,
  copiesDirectory,
  itemsToCopy,
  newestCopies,
} from '../../src/facts/migrations-copies.ts'
import { databaseTables } from '../../src/facts/migrations-rows.ts'
import { lastingAction } from '../../src/model/action.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import type { Policy } from '../../src/model/policy.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass, type Verdict } from '../../src/model/verdict.ts'
import { copyOut } from './copy-script.ts'
import { READING_SECONDS } from './history.ts'
import { type MigrationParams, migrationParams } from './parameters.ts'
import { megabytes } from './plan.ts'
import { readGoingBack, readMigrations } from './situation.ts'

/** Copying some gigabytes of rows. Seconds. */
const LONGEST = 3600

/** Bookkeeping that is kept with every copy: what was applied, and when. */
export const bookkeepingTable = (tool: MigrationParams['migrationTool']): string =>
  tool === 'alembic' ? 'alembic_version' : 'django_migrations'

/** What has to be kept, and how large it can get at most. Bytes. */
export async function copyNeeds(
  context: ProbeContext<MigrationParams>,
): Promise<{ items: CopyItem[]; bytes: number; target: string; database: string; undoes: string[] } | null> {
  const outlook = await readGoingBack(context)
  if (outlook === null) return null
  const { state } = outlook.reading
  const { composeFile, databaseService, migrationTool } = context.params
  const tables = await context.read(databaseTables, composeFile, databaseService, state.database)
  const items = itemsToCopy(outlook.effects, tables)
  const books = tables.filter(({ name }) => name === bookkeepingTable(migrationTool))
  const all = [...items, ...books.map(({ name, columns, key }) => ({ table: name, columns, key }))]
  const bytes = tables
    .filter(({ name }) => all.some(({ table }) => table === name))
    .reduce((sum, table) => sum + table.bytes, 0)
  return {
    items: items.length === 0 ? [] : all,
    bytes,
    target: state.target.key,
    database: state.database,
    undoes: state.back.map(({ key }) => key),
  }
}

export const copyToFile = remedy({
  id: 'migrations/copy-out',
  title: 'Copy out what would be dropped',
  why: 'A backup brings back everything or nothing. A copy of just these rows can be put into a column again, next to what has been sold since.',
  risk: 'The tables are read once. The files hold customers’ data: only root may read them.',
  grade: 'reversible',
  params: migrationParams,
  async plan(context) {
    const { params, read } = context
    const needs = await copyNeeds(context)
    if (needs === null || needs.items.length === 0) throw new Unreadable('nothing would be dropped')
    const { freeBytes } = await read(backupFolder, params.backupDirectory)
    if (freeBytes < needs.bytes * 2)
      throw new Unreadable(
        `${params.backupDirectory} has ${megabytes(freeBytes)} free, and the copy may take ${megabytes(needs.bytes)}`,
      )
    const { id } = await read(runningContainer, params.composeFile, params.databaseService)
    const directory = copiesDirectory(params.backupDirectory)
    return {
      actions: [
        lastingAction(
          `Copy ${needs.items.map(({ table }) => table).join(', ')} to ${directory}`,
          copyOut({ ...needs, container: id, backupDirectory: params.backupDirectory }),
          { timeoutSeconds: LONGEST },
        ),
      ],
      touches: [`${directory}: a new folder, at most ${megabytes(needs.bytes)}`],
      undo: `Remove the newest folder in ${directory}`,
      expectedSeconds: 5,
    }
  },
})

export const copyKept = check({
  id: 'migrations/copy-kept',
  title: 'What the rollback drops is kept in a copy',
  why: 'A column that is dropped is gone with everything that customers put into it. From a copy it can be filled again when the repaired release brings it back.',
  params: migrationParams,
  after: ['migrations/exit'],
  remedies: [copyToFile],
  timeoutSeconds: READING_SECONDS,
  async probe(context) {
    const { params, policy, read } = context
    const { state } = await readMigrations(context)
    const needs = await copyNeeds(context)
    const copies = await read(newestCopies, params.backupDirectory, state.target.key)
    return judgeCopies(needs?.items ?? [], copies, policy)
  },
})

export function judgeCopies(
  needed: readonly CopyItem[],
  copies: Copies | null,
  policy: Pick<Policy, 'backupFreshMinutes'>,
): Verdict {
  const expected = `a whole copy of within ${policy.backupFreshMinutes} min`
  const offer = { expected, remedies: [copyToFile] }
  const shown = copies?.items.map(({ table, rows }) => `${table}: ${rows} rows`).join(', ')
  if (needed.length === 0) {
    if (copies === null) return notApplicable('nothing that holds data would be dropped')
    return copies.damaged.length > 0
      ? fail(`${copies.folder} is damaged: ${copies.damaged.join(', ')}`, {
          measured: 'damaged',
          expected: 'whole',
        })
      : pass(`what was dropped is kept in ${copies.folder}`, { measured: shown ?? '', expected: 'whole' })
  }
  const wanted = needed.map(({ table }) => table).join(', ')
  if (copies === null) return fail(`there is no copy of ${wanted} yet`, { ...offer, measured: 'none' })
  if (copies.damaged.length > 0)
    return fail(`the copy in ${copies.folder} is damaged: ${copies.damaged.join(', ')}`, {
      ...offer,
      measured: 'damaged',
    })
  const missing = needed.filter(
    ({ table, columns }) =>
      !copies.items.some(
        item => item.table === table && columns.every(column => item.columns.includes(column)),
      ),
  )
  if (missing.length > 0)
    return fail(`the copy in ${copies.folder} lacks ${missing.map(({ table }) => table).join(', ')}`, {
      ...offer,
      measured: shown ?? '',
    })
  const minutes = Math.round(copies.ageSeconds / 60)
  if (copies.ageSeconds > policy.backupFreshMinutes * 60)
    return fail(`the copy in ${copies.folder} is ${minutes} min old`, {
      ...offer,
      measured: `${minutes} min`,
    })
  return pass(`${wanted} lies in ${copies.folder}`, { measured: shown ?? '', expected })
}
