import { queryRows } from '../../src/facts/database.ts'
import { literal } from '../../src/facts/sql-text.ts'
import { check } from '../../src/model/check.ts'
import { fail, notApplicable, pass } from '../../src/model/verdict.ts'
import { chosenBackup, lasting, replacedBy, restoreParams, sized } from './parameters.ts'
import { swapIn, swapParams } from './swap.ts'

export const swapped = check({
  id: 'restore/swapped',
  title: 'The live database is the restored backup',
  why: 'Only a copy that has passed every check before this one is swapped in.',
  params: swapParams,
  after: [
    'restore/restored-beside',
    'restore/rows-match',
    'restore/constraints-valid',
    'restore/sequences-ahead',
    'restore/migration-head',
    'restore/pages-sound',
    'restore/loss-known',
  ],
  remedies: [swapIn],
  async probe(context) {
    const { restored, copy, databases, name } = await chosenBackup(context)
    if (restored === null)
      return fail(`${databases.liveName} is still what it was; ${copy?.name ?? 'the copy'} waits beside it`, {
        measured: databases.live?.marker?.backup ?? 'not restored',
        expected: name,
        remedies: [swapIn],
      })
    const at = restored.marker.swappedAt
    return pass(
      `${databases.liveName} is ${name}${at === undefined ? '' : `, swapped in ${lasting(databases.now - at)} ago`}`,
      { measured: name, expected: name },
    )
  },
})

interface Kept {
  readonly owner: boolean
  readonly rights: boolean
  readonly settings: boolean
  readonly encoding: boolean
  readonly sorting: boolean
  readonly connections: boolean
}

/** Compared where they are: values of settings never leave the server. */
const kept = (live: string, previous: string): string => `SELECT a.datdba = b.datdba AS owner,
  a.encoding = b.encoding AS encoding, a.datcollate = b.datcollate AND a.datctype = b.datctype AS sorting,
  a.datconnlimit = b.datconnlimit AS connections,
  NOT EXISTS ((SELECT * FROM aclexplode(coalesce(a.datacl, acldefault('d', a.datdba)))
      EXCEPT SELECT * FROM aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))))
    UNION ALL (SELECT * FROM aclexplode(coalesce(b.datacl, acldefault('d', b.datdba)))
      EXCEPT SELECT * FROM aclexplode(coalesce(a.datacl, acldefault('d', a.datdba))))) AS rights,
  NOT EXISTS ((SELECT setrole, unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = a.oid
      EXCEPT SELECT setrole, unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = b.oid)
    UNION ALL (SELECT setrole, unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = b.oid
      EXCEPT SELECT setrole, unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = a.oid)) AS settings
FROM pg_database a, pg_database b WHERE a.datname = ${literal(live)} AND b.datname = ${literal(previous)}`

const WORDS: Readonly<Record<keyof Kept, string>> = {
  owner: 'its owner',
  rights: 'who may use it',
  settings: 'its settings (ALTER DATABASE … SET)',
  encoding: 'its encoding',
  sorting: 'its sort order',
  connections: 'its connection limit',
}

export const settingsKept = check({
  id: 'restore/settings-kept',
  title: 'Owner, rights and settings of the database are as before',
  why: 'They are not in a dump. A lost search path or a lost right shows up days later, in a page that few people open.',
  params: restoreParams,
  after: ['restore/swapped'],
  async probe(context) {
    const { params } = context
    const { restored, databases } = await chosenBackup(context)
    const previous = restored === null ? undefined : replacedBy(databases, restored)
    if (previous === undefined) return notApplicable('there is no database from before to compare with')
    const [row] = await queryRows<Kept>(context, params.composeFile, params.databaseService, {
      what: 'the rights and settings of both databases',
      database: 'postgres',
      sql: kept(databases.liveName, previous.name),
    })
    const other = (Object.keys(WORDS) as (keyof Kept)[]).filter(key => row?.[key] !== true)
    if (other.length === 0) return pass(`they are those of ${previous.name}`)
    return fail(`not as before: ${other.map(key => WORDS[key]).join(', ')}`, {
      measured: `${other.length} differ`,
      expected: 'none',
      advice: `Compare with psql: \\l+ and \\drds; ${previous.name} has them as they were.`,
    })
  },
})

export const wayBack = check({
  id: 'restore/way-back',
  title: 'The old database is kept for the way back',
  why: 'For as long as it stands beside, one key puts it back. It also holds the orders that the backup did not have.',
  params: restoreParams,
  after: ['restore/swapped'],
  async probe(context) {
    const { restored, databases } = await chosenBackup(context)
    const previous = restored === null ? undefined : replacedBy(databases, restored)
    if (previous === undefined)
      return notApplicable('there was no database before, or it has been dropped since')
    return pass(
      `${previous.name} (${sized(previous.bytes)}): kneeboard run restore-undo swaps it back; drop it when nobody needs it any more`,
      { measured: sized(previous.bytes) },
    )
  },
})
