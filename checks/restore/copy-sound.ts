/** What is asked of the copy itself, and of the live database once it is the copy: constraints and sequences. */

import { queryRows } from '../../src/facts/database.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { chosenBackup, type MarkedDatabase, restoreParams } from './parameters.ts'

/** Under whatever name it bears now. @throws Unreadable when there is none. */
export async function restoredDatabase(context: Parameters<typeof chosenBackup>[0]): Promise<MarkedDatabase> {
  const { restored, copy, name } = await chosenBackup(context)
  const found = restored ?? copy
  if (found === null) throw new Unreadable(`there is no copy of ${name}`)
  return found
}

interface Invalid {
  readonly kind: string
  readonly table: string
  readonly name: string
}

export const INVALID = `SELECT 'constraint' AS kind, conrelid::regclass::text AS "table", conname::text AS name
FROM pg_constraint WHERE NOT convalidated
UNION ALL
SELECT 'index', indrelid::regclass::text, indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready
ORDER BY 1, 2, 3 LIMIT 50`

export const constraintsValid = check({
  id: 'restore/constraints-valid',
  title: 'Every constraint and index of the copy is valid',
  why: 'PostgreSQL checks foreign keys and builds indexes anew while it restores. One that is not valid was left half done.',
  params: restoreParams,
  after: ['restore/restored-beside'],
  async probe(context) {
    const { params } = context
    const { databases } = await chosenBackup(context)
    const { name } = await restoredDatabase(context)
    const ask = (database: string) =>
      queryRows<Invalid>(context, params.composeFile, params.databaseService, {
        what: `the constraints of ${database}`,
        database,
        sql: INVALID,
      })
    const found = await ask(name)
    const isLive = name === databases.liveName
    // What was not valid in the shop's own database either is no fault of the restore.
    const before =
      found.length === 0 || isLive || databases.live === null ? [] : await ask(databases.liveName)
    const wrong = found.filter(
      ({ kind, table, name: own }) =>
        !before.some(other => other.kind === kind && other.table === table && other.name === own),
    )
    const words = wrong.map(({ kind, table, name: own }) => `${kind} ${own} on ${table}`)
    if (wrong.length > 0)
      return fail(`not valid in ${name}: ${words.slice(0, 4).join(', ')}`, {
        measured: `${wrong.length} not valid`,
        expected: 'none',
        advice: 'Do not swap it in. Restore again; should it come again, choose another backup.',
      })
    return pass(
      found.length === 0
        ? `all constraints and indexes of ${name} are valid`
        : `${found.length} are not valid, and were not in the live database either`,
      { measured: `${found.length} not valid` },
    )
  },
})

interface Sequence {
  readonly sequence: string
  readonly table: string
  readonly column: string
  readonly last: number
  readonly highest: number
}

/** Every sequence that fills a column, and the highest value that stands in it. */
export const SEQUENCES = `SELECT q.oid::regclass::text AS sequence, c.oid::regclass::text AS "table", a.attname::text AS "column",
  coalesce(s.last_value, 0) AS last,
  coalesce((xpath('/row/highest/text()', query_to_xml(format('SELECT max(%I) AS highest FROM %s', a.attname, c.oid::regclass), false, true, '')))[1]::text::numeric, 0) AS highest
FROM pg_sequences s
JOIN pg_class q ON q.relname = s.sequencename AND q.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = s.schemaname)
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = q.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class c ON c.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
WHERE s.increment_by > 0 ORDER BY 1`

export const sequencesAhead = check({
  id: 'restore/sequences-ahead',
  title: 'Every sequence of the copy is past its highest value',
  why: 'A sequence behind its table gives out a number that is taken: the next order fails with “duplicate key”.',
  params: restoreParams,
  after: ['restore/restored-beside'],
  async probe(context) {
    const { params } = context
    const { name } = await restoredDatabase(context)
    const sequences = await queryRows<Sequence>(context, params.composeFile, params.databaseService, {
      what: `the sequences of ${name}`,
      database: name,
      sql: SEQUENCES,
    })
    const behind = sequences.filter(({ last, highest }) => last < highest)
    if (behind.length === 0)
      return pass(`${sequences.length} sequences, none behind its table`, { measured: '0 behind' })
    const words = behind.map(
      ({ sequence, last, table, column, highest }) =>
        `${sequence} stands at ${last}, ${table}.${column} at ${highest}`,
    )
    return fail(words.slice(0, 4).join('; '), {
      measured: `${behind.length} behind`,
      expected: 'none',
      advice: `Set each past its table, in ${name}: SELECT setval('${behind[0]?.sequence}', ${behind[0]?.highest});`,
    })
  },
})
