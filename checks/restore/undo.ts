/** The way back from a restore: the old database in its place again. */

import { queryRows } from '../../src/facts/database.ts'
import { restoreDatabases } from '../../src/facts/restore-databases.ts'
import { type Loss, lossWords, rowsSince } from '../../src/facts/restore-loss.ts'
import { restoreRecords } from '../../src/facts/restore-record.ts'
import { literal } from '../../src/facts/sql-text.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { check, type ProbeContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { lasting, type MarkedDatabase, replacedBy, sized } from './parameters.ts'
import { changePlaces, type PlacesParams, placesParams } from './swap.ts'
import { commentAnew, markerOf, wordsOf } from './swap-shell.ts'

interface Way {
  readonly liveName: string
  /** The restored backup that is live now; null when what is live was not restored. */
  readonly restored: MarkedDatabase | null
  readonly previous: MarkedDatabase | null
  readonly undone: MarkedDatabase | null
  readonly now: number
}

async function wayOf({ params, read }: Pick<ProbeContext<PlacesParams>, 'params' | 'read'>): Promise<Way> {
  const { composeFile, databaseService, databaseName } = params
  const databases = await read(restoreDatabases, composeFile, databaseService, databaseName)
  const { live, liveName, now } = databases
  const restored =
    live?.marker?.phase === 'restored' && live.marker.of === liveName ? (live as MarkedDatabase) : null
  const undone = databases.all.findLast(
    ({ marker }) => marker?.phase === 'undone' && marker.of === liveName,
  ) as MarkedDatabase | undefined
  return {
    liveName,
    restored,
    previous: restored === null ? null : (replacedBy(databases, restored) ?? null),
    undone: undone ?? null,
    now,
  }
}

/** What came into the restored database since it went live: it leaves the shop with the swap back. */
async function madeMeanwhile(
  context: ProbeContext<PlacesParams>,
  { restored }: Way,
): Promise<readonly Loss[]> {
  if (restored === null) return []
  const record = (await context.read(restoreRecords)).find(({ stamp }) => stamp === restored.marker.stamp)
  if (record === undefined) return countedOnly(context, restored)
  const { composeFile, databaseService } = context.params
  return rowsSince(
    context,
    { composeFile, databaseService, database: restored.name },
    record.highest,
    record.tables,
  )
}

/** Without the record nobody can tell which rows are new: then it is said that some may be. */
async function countedOnly(
  context: ReadContext & { readonly params: PlacesParams },
  restored: MarkedDatabase,
): Promise<readonly Loss[]> {
  const { composeFile, databaseService } = context.params
  const [row] = await queryRows<{ rows: number }>(context, composeFile, databaseService, {
    what: 'what was written since the swap',
    database: 'postgres',
    sql: `SELECT tup_inserted AS rows FROM pg_stat_database WHERE datname = ${literal(restored.name)}`,
  })
  return [{ table: 'tables that nobody counted', rows: row?.rows ?? 0, ids: [] }]
}

export const swapBack = remedy({
  id: 'restore/swap-back',
  title: 'Stop the application, swap the old database back, start it again',
  why: 'The database from before the restore stands beside, as it was. Two renames in one transaction put it back.',
  risk: 'What was created since the restore leaves the shop; it stays in the database that is put aside.',
  grade: 'disruptive',
  params: placesParams,
  async plan(context) {
    const way = await wayOf(context)
    const { liveName, restored, previous } = way
    if (restored === null || previous === null)
      throw new Unreadable(`there is no database from before a restore of ${liveName}`)
    const aside = `undone_${restored.marker.stamp}`
    const made = await madeMeanwhile(context, way)
    const { plan, live } = await changePlaces(context, {
      live: liveName,
      liveName,
      next: previous.name,
      aside,
      before: '',
      after: [
        commentAnew(aside, "''", `${markerOf(aside)} || '{"phase":"undone"}'`),
        commentAnew(liveName, wordsOf(liveName), ''),
      ].join('\n'),
    })
    return {
      ...plan,
      // Orders that came in since would leave the shop: that is not one key's worth.
      ...(made.length === 0 ? {} : { grade: 'destructive' as const }),
      touches: [
        `${liveName} becomes ${aside}, ${previous.name} becomes ${liveName}`,
        ...live,
        ...made.map(table => `left behind in ${aside}: ${lossWords(table, 20)}`),
      ],
      undo: 'kneeboard run restore, which restores the backup once more',
    }
  },
})

export const restoreUndone = check({
  id: 'restore/undone',
  title: 'The database from before the restore is the live one',
  why: 'When the restored backup turns out to be the wrong one, the old database is one step away.',
  params: placesParams,
  after: ['restore/database-ready'],
  remedies: [swapBack],
  async probe(context) {
    const { restored, previous, undone, liveName, now } = await wayOf(context)
    if (restored === null && undone !== null)
      return pass(
        `${liveName} is what it was before ${undone.marker.backup} was restored; that stands aside as ${undone.name} (${sized(undone.bytes)})`,
      )
    if (restored === null)
      return notApplicable(`${liveName} was not restored by Kneeboard: nothing is undone`)
    const at = restored.marker.swappedAt
    const since = at === undefined ? '' : ` since ${lasting(now - at)}`
    if (previous === null)
      return fail(`${liveName} is ${restored.marker.backup}${since}, and the database from before is gone`, {
        expected: 'the database from before',
        advice: 'There is no way back by a swap. Restore another backup, if need be.',
      })
    return fail(`${liveName} is ${restored.marker.backup}${since}; ${previous.name} is what it was before`, {
      measured: restored.marker.backup,
      expected: previous.name,
      remedies: [swapBack],
    })
  },
})
