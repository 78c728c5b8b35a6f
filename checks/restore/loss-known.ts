import { type Loss, lossWords, rowsSince } from '../../src/facts/restore-loss.ts'
import { restoreRecords } from '../../src/facts/restore-record.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { notApplicable, pass } from '../../src/model/verdict.ts'
import { chosenBackup, lasting, replacedBy, restoreParams } from './parameters.ts'

/** Tables that are named in the sentence; the rest is counted. The evidence has all of them. */
const NAMED = 5

/**
 * What the shop has that the backup has not: read from the live database before the swap, and from the one that was
 * replaced after it. Null when there is none to read.
 */
export async function lossOf(
  context: Parameters<typeof chosenBackup>[0] & Parameters<typeof rowsSince>[0],
): Promise<readonly Loss[] | null> {
  const { params, read } = context
  const { restored, copy, databases, name } = await chosenBackup(context)
  const from = restored === null ? databases.live : replacedBy(databases, restored)
  if (from == null) return null
  const stamp = (restored ?? copy)?.marker.stamp
  const record = (await read(restoreRecords)).find(other => other.stamp === stamp)
  if (record === undefined)
    throw new Unreadable(`what was measured when ${name} was restored is not on the server any more`)
  const { composeFile, databaseService } = params
  return rowsSince(
    context,
    { composeFile, databaseService, database: from.name },
    record.highest,
    record.tables,
  )
}

export const lossKnown = check({
  id: 'restore/loss-known',
  title: 'What was created since the backup is known, row by row',
  why: 'Orders and payments that came in after the backup are not in it. They stay in the old database; somebody has to carry them over, or to tell the customers. Rows that were changed or deleted since are not listed.',
  params: restoreParams,
  after: ['restore/restored-beside'],
  async probe(context) {
    const { restored, copy, backup, databases } = await chosenBackup(context)
    const loss = await lossOf(context)
    if (loss === null) return notApplicable('there is no other database: nothing is left behind')
    const taken = backup?.takenAt ?? (restored ?? copy)?.marker.takenAt ?? ''
    const age = taken === '' ? '' : `, ${lasting(databases.now - Date.parse(taken) / 1000)} ago`
    const rows = loss.reduce((sum, table) => sum + table.rows, 0)
    if (rows === 0) return pass(`no row was created since the backup${age}`, { measured: '0 rows' })
    const words = loss.slice(0, NAMED).map(table => lossWords(table))
    const more = loss.length > NAMED ? `; ${loss.length - NAMED} more tables` : ''
    return pass(
      `${rows} ${rows === 1 ? 'row was' : 'rows were'} created since the backup${age}, and ${restored === null ? 'will not be' : 'are not'} in the shop: ${words.join('; ')}${more}`,
      { measured: `${rows} rows in ${loss.length} tables` },
    )
  },
})
