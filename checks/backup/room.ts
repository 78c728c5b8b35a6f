import { applicationDatabase } from '../../src/facts/application-database.ts'
import { type BackupFolder, backupFolder } from '../../src/facts/backups.ts'
import { queryRows } from '../../src/facts/database.ts'
import { check } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { backupParams } from './parameters.ts'
import { isProven } from './recent.ts'

const MB = 1_048_576
/** A first dump is taken to be no larger than the database itself, with a fifth more: compressed, it is usually far less. */
const FIRST_FACTOR = 1.2
/** Later ones are taken to be as large as the last, by as much as the database has grown, and half as much again. */
const NEXT_FACTOR = 1.5

/** Bytes that the next backup may take. The script on the server reckons in the same way. Pure. */
export function bytesNeeded(folder: BackupFolder, databaseBytes: number): number {
  const last = folder.backups.find(isProven)
  if (last === undefined) return databaseBytes * FIRST_FACTOR
  const then = last.manifest?.databaseBytes ?? 0
  return last.bytes * (then > 0 ? Math.max(1, databaseBytes / then) : 1) * NEXT_FACTOR
}

export const backupRoom = check({
  id: 'backup/room',
  title: 'There is room for one more backup',
  why: 'A dump that fills the disk takes the database with it: PostgreSQL stops when it cannot write its log.',
  params: backupParams,
  after: ['database/ready'],
  explains: ['backup/recent', 'backup/made-by-itself'],
  async probe(context) {
    const { params, policy, read } = context
    const { composeFile, backendService, databaseService, backupDirectory } = params
    const folder = await read(backupFolder, backupDirectory)
    const { name } = await read(applicationDatabase, composeFile, backendService, databaseService)
    const [row] = await queryRows<{ bytes: number }>(context, composeFile, databaseService, {
      what: `the size of ${name}`,
      sql: `SELECT pg_database_size(datname) AS bytes FROM pg_database WHERE datname = '${name.replaceAll("'", "''")}'`,
      database: 'postgres',
    })
    if (row === undefined) throw new Unreadable(`the database ${name} does not exist`)
    const needed = bytesNeeded(folder, row.bytes) + policy.backupDiskReserveMB * MB
    const measured = `${Math.floor(folder.freeBytes / MB)} MB free`
    const expected = `${Math.ceil(needed / MB)} MB, ${policy.backupDiskReserveMB} of them to stay free`
    if (folder.freeBytes < needed)
      return fail(`the disk of ${backupDirectory} has too little room for a backup`, {
        measured,
        expected,
        advice:
          'Free some: docker image prune keeps what runs and removes the rest, journalctl --vacuum-size=200M shrinks the journal. Old backups go last, and never the newest three',
      })
    return pass(`the disk of ${backupDirectory} has room for a backup of ${name}`, { measured, expected })
  },
})
