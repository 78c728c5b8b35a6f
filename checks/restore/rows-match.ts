import { type BackupTable, backupManifest } from '../../src/facts/backups.ts'
import { type RestoreRecord, restoreRecords } from '../../src/facts/restore-record.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { chosenBackup, restoreParams } from './parameters.ts'

/** Differences that are named; the rest is counted. */
const NAMED = 4

/** What the job that restored this copy has measured. */
async function recordOf(context: Parameters<typeof chosenBackup>[0]): Promise<RestoreRecord> {
  const { restored, copy, name } = await chosenBackup(context)
  const stamp = (restored ?? copy)?.marker.stamp
  const record = (await context.read(restoreRecords)).find(other => other.stamp === stamp)
  if (record?.outcome !== 'done')
    throw new Unreadable(`what was measured when ${name} was restored is not on the server any more`)
  return record
}

export const rowsMatch = check({
  id: 'restore/rows-match',
  title: 'Every table of the copy has the rows of the backup',
  why: 'Every row was counted, and every table summed, in the very snapshot that was dumped. The copy is held against that, not against the live database, which has moved on.',
  params: restoreParams,
  after: ['restore/restored-beside'],
  async probe(context) {
    const { backup, name } = await chosenBackup(context)
    const record = await recordOf(context)
    const expected =
      backup?.manifest == null ? heldBy(record) : (await context.read(backupManifest, backup.path)).tables
    if (expected.length === 0)
      throw new Unreadable(
        `${name} has no manifest, and its rows could not be counted: nothing tells how many there have to be`,
      )
    const wrong = differences(expected, record.tables)
    const rows = record.tables.reduce((sum, table) => sum + table.rows, 0)
    if (wrong.length === 0)
      return pass(
        `${record.tables.length} tables with ${rows} rows, ${summed(expected)}, as in ${backup?.manifest == null ? 'the backup’s file' : 'the manifest'}`,
        { measured: `${rows} rows`, expected: `${rows} rows` },
      )
    return fail(
      `the copy is not what was backed up: ${wrong.slice(0, NAMED).join('; ')}${wrong.length > NAMED ? `; and ${wrong.length - NAMED} more` : ''}`,
      {
        measured: `${rows} rows`,
        expected: `${expected.reduce((sum, table) => sum + table.rows, 0)} rows`,
        advice: 'Do not swap it in. Choose another backup with --set backup=NAME.',
      },
    )
  },
})

const heldBy = ({ held }: RestoreRecord): BackupTable[] =>
  Object.entries(held).map(([table, rows]) => ({ name: table, rows, checksum: null }))

const summed = (tables: readonly BackupTable[]): string => {
  const sums = tables.filter(({ checksum }) => checksum !== null).length
  if (sums === 0) return 'counted'
  return sums === tables.length ? 'each with its checksum' : `${sums} of them with their checksum`
}

/** What tells two sets of tables apart, one sentence each; empty when they are the same. Pure. */
export function differences(expected: readonly BackupTable[], found: readonly BackupTable[]): string[] {
  const byName = new Map(found.map(table => [table.name, table]))
  const wrong = expected.flatMap(({ name, rows, checksum }): string[] => {
    const table = byName.get(name)
    if (table === undefined) return [`${name} is missing`]
    if (table.rows !== rows) return [`${name} has ${table.rows} rows and not ${rows}`]
    if (checksum !== null && table.checksum !== null && table.checksum !== checksum)
      return [`${name} has ${rows} rows, and other ones`]
    return []
  })
  const names = new Set(expected.map(({ name }) => name))
  const more = found.filter(({ name, rows }) => !names.has(name) && rows > 0)
  return [...wrong, ...more.map(({ name, rows }) => `${name} has ${rows} rows that were not backed up`)]
}

export const pagesSound = check({
  id: 'restore/pages-sound',
  title: 'amcheck finds nothing wrong in the copy',
  why: 'An index that lacks a row answers wrongly, and nobody sees it. amcheck reads every page and holds every index against its table.',
  params: restoreParams,
  after: ['restore/restored-beside'],
  async probe(context) {
    const { amcheck } = await recordOf(context)
    if (amcheck === 'sound')
      return pass('every page was read, and every index holds its table’s rows', { measured: 'sound' })
    if (amcheck === 'absent') return notApplicable('PostgreSQL here has no amcheck')
    if (amcheck === '') throw new Unreadable('whether amcheck was run is not written down')
    return fail(`amcheck says: ${amcheck}`, {
      telling: amcheck,
      expected: 'nothing',
      advice: 'Do not swap it in: restore another backup, and have the server’s disk and memory looked at.',
    })
  },
})
