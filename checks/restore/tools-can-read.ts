import { queryRows } from '../../src/facts/database.ts'
import { type ArchiveHead, archiveHead } from '../../src/facts/restore-archive.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass, type Verdict } from '../../src/model/verdict.ts'
import { otherBackups } from './in-bucket.ts'
import { chosenBackup, restoreParams } from './parameters.ts'

export const toolsCanRead = check({
  id: 'restore/tools-can-read',
  title: 'PostgreSQL’s tools here can read the backup',
  why: 'A backup by a newer pg_dump is refused by older tools, and one that was spoilt on its way looks like one. Better known now than with the shop stopped.',
  params: restoreParams,
  after: ['restore/backup-chosen', 'restore/backup-here'],
  async probe(context) {
    const { params, read } = context
    const { name, backup, copy, restored } = await chosenBackup(context)
    if (copy !== null || restored !== null || backup === null)
      return pass(`${name} has been read and restored`)
    const head = await read(archiveHead, params.composeFile, params.databaseService, backup.path, backup.kind)
    const judged = (help: string) =>
      backup.kind === 'custom' ? judgeArchive(head, name, help) : judgeSql(head, name, help)
    const wrong = judged('')
    // What else there is, is looked for only now: a bucket may take its time.
    if (wrong !== null) return judged(await otherBackups(context, name)) ?? wrong
    const missing = await missingRoles(context, head.owners)
    if (missing.length > 0)
      return fail(
        `${name} holds tables of ${missing.join(', ')}, and PostgreSQL here knows no such ${missing.length === 1 ? 'role' : 'roles'}`,
        {
          measured: `missing: ${missing.join(', ')}`,
          advice: `Roles are not part of a dump. Create ${missing.length === 1 ? 'it' : 'them'} first: CREATE ROLE ${missing[0]} NOLOGIN.`,
        },
      )
    return pass(`${name}: ${madeBy(head)}`, {
      measured: head.format === '' ? 'SQL' : `format ${head.format}`,
    })
  },
})

const madeBy = (head: ArchiveHead): string => {
  const { dumpedBy, dumpedFrom, psqlVersion } = head
  const left = [
    ...(leavesRestrict(head) ? ['\\restrict'] : []),
    ...(leavesTimeout(head) ? ['SET transaction_timeout'] : []),
  ]
  const words = `made by pg_dump ${dumpedBy || 'of a version that it does not say'} from PostgreSQL ${dumpedFrom || '?'}, read by ${psqlVersion}`
  return left.length === 0
    ? words
    : `${words}; ${left.join(' and ')} ${left.length === 1 ? 'is' : 'are'} left out on the way, the file stays as it is`
}

function judgeArchive(head: ArchiveHead, name: string, help: string): Verdict | null {
  if (/unsupported version/i.test(head.refusal))
    return fail(
      `${name} was made by a pg_dump that is newer than the tools here: its format is ${head.format}, and pg_restore ${head.psqlVersion} does not know that`,
      {
        measured: `format ${head.format}`,
        expected: `a format that pg_restore ${head.psqlVersion} reads`,
        telling: head.refusal,
        advice: `Restore it on a server with the newer PostgreSQL, or have that one write it as SQL (pg_restore -f). ${help}`,
      },
    )
  if (head.format === '')
    return fail(`${name} is no archive of pg_dump, whatever it is called`, {
      telling: head.refusal,
      advice: help,
    })
  if (head.refusal === '' && head.tables === 0)
    return fail(`${name} holds no row of any table: it was made with --schema-only`, {
      measured: '0 tables with rows',
      advice: help,
    })
  if (head.refusal !== '')
    return fail(`the list of contents of ${name} cannot be read: it is cut off or damaged`, {
      telling: head.refusal,
      advice: help,
    })
  return null
}

function judgeSql(head: ArchiveHead, name: string, help: string): Verdict | null {
  if (head.isCluster)
    return fail(
      `${name} is a dump of the whole cluster, by pg_dumpall: it would be restored over the live database`,
      {
        advice: `Cut the one database out of it by hand. ${help}`,
      },
    )
  if (head.hasCarriageReturns)
    return fail(`${name} went through a terminal: its lines end in CR LF, and its data are spoilt`, {
      expected: 'lines that end in LF',
      advice: `It was made by docker compose exec without -T. ${help}`,
    })
  if (!head.isDump) return fail(`${name} does not begin as a dump by pg_dump does`, { advice: help })
  return null
}

/** Version of psql from which on it knows `\restrict`, by its major version (CVE-2025-8714). */
const RESTRICT_SINCE: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 }

/** Whether psql here does not know the `\restrict` that stands in the dump. Pure. */
export function leavesRestrict({ restricts, psqlVersion }: ArchiveHead): boolean {
  if (!restricts) return false
  const [major = 0, minor = 0] = psqlVersion.split('.').map(Number)
  if (major >= 18) return false
  const since = RESTRICT_SINCE[major]
  return since === undefined || minor < since
}

/** `transaction_timeout` came with PostgreSQL 17; its tools are as old as the server here. Pure. */
export const leavesTimeout = ({ setsTransactionTimeout, psqlVersion }: ArchiveHead): boolean =>
  setsTransactionTimeout && (Number(psqlVersion.split('.')[0]) || 0) < 17

async function missingRoles(
  context: Parameters<typeof chosenBackup>[0] & Parameters<typeof queryRows>[0],
  owners: readonly string[],
): Promise<string[]> {
  if (owners.length === 0) return []
  const { composeFile, databaseService } = context.params
  const rows = await queryRows<{ role: string }>(context, composeFile, databaseService, {
    what: 'the roles of PostgreSQL',
    database: 'postgres',
    sql: 'SELECT rolname AS role FROM pg_roles',
  })
  const known = new Set(rows.map(({ role }) => role))
  return owners.filter(owner => !known.has(owner))
}
