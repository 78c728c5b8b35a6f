/** Restores a backup into a database of its own, measures what came out, and marks it. The live one is not touched. */

import type { Backup } from '../../src/facts/backups.ts'
import { runningContainer } from '../../src/facts/containers.ts'
import { archiveHead } from '../../src/facts/restore-archive.ts'
import type { RestoreMarker } from '../../src/facts/restore-databases.ts'
import { MARK, RESTORE_SESSION } from '../../src/facts/restore-databases.ts'
import { RESTORE_RECORDS } from '../../src/facts/restore-record.ts'
import { identifier, literal } from '../../src/facts/sql-text.ts'
import { lastingAction } from '../../src/model/action.ts'
import { outputOf, Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'
import { creationLike } from './creation.ts'
import { chosenBackup, lasting, restoreParams, sized } from './parameters.ts'
import { RESTORE_WORDS } from './restore-shell.ts'
import { leavesRestrict, leavesTimeout } from './tools-can-read.ts'

/** A dump is read at some 5 MB a second, indexes and checks included; a small one takes as long as its tools start. */
const BYTES_A_SECOND = 5_000_000

export const restoreBeside = remedy({
  id: 'restore/restore-beside',
  title: 'Restore the backup beside the live database',
  why: 'A copy can be counted, checked and compared before anybody depends on it. The shop goes on meanwhile.',
  risk: 'It takes disk, and some of the processors, while it runs. Nothing is written to the live database; the backup’s file is only read.',
  grade: 'reversible',
  params: restoreParams,
  async plan(context) {
    const { params, read, run } = context
    const { backup, databases, name } = await chosenBackup(context)
    if (backup === null) throw new Unreadable(`the file ${name} is not there any more`)
    const container = await read(runningContainer, params.composeFile, params.databaseService)
    const head = await read(archiveHead, params.composeFile, params.databaseService, backup.path, backup.kind)
    const stamp = outputOf(await run(sh`date -u +%Y%m%dt%H%M%Sz`), 'the server’s clock').trim()
    const copy = `restore_${stamp}`
    const manifest = backup.manifest === null ? 'without a manifest' : `from ${backup.manifest.database}`
    return {
      actions: [
        lastingAction(
          `Restore ${backup.name} into ${copy}, and count what came out`,
          restoreJob({
            container: container.id,
            backup,
            copy,
            stamp,
            liveName: databases.liveName,
            isLive: databases.live !== null,
            leaveRestrict: leavesRestrict(head),
            leaveTimeout: leavesTimeout(head),
            tables: head.tables,
          }),
          { timeoutSeconds: 7200 },
        ),
      ],
      touches: [
        `a new database ${copy}`,
        `${backup.path}, which is only read: ${lasting(backup.ageSeconds)} old, ${sized(backup.bytes)}, ${manifest}`,
        `${RESTORE_RECORDS}/${stamp}: what was measured`,
      ],
      undo: `docker exec ${container.name} dropdb ${copy}`,
      expectedSeconds: 5 + Math.ceil(backup.bytes / BYTES_A_SECOND),
    }
  },
})

export interface RestoreJob {
  readonly container: string
  readonly backup: Backup
  readonly copy: string
  readonly stamp: string
  readonly liveName: string
  /** False when there is no live database to take the owner and the encoding from. */
  readonly isLive: boolean
  readonly leaveRestrict: boolean
  readonly leaveTimeout: boolean
  /** Tables with data in the archive; 0 where it does not say. */
  readonly tables: number
}

/** Whatever ends it, only a whole copy stays: everything else is dropped again, and why is written down. */
export function restoreJob(job: RestoreJob): Script {
  const { container, backup, copy, stamp } = job
  const noted = backup.checksum ?? backup.manifest?.sha256 ?? ''
  return sh`
    umask 077
    container=${container} copy=${copy}
    mkdir -p ${RESTORE_RECORDS} || exit 1
    record=${RESTORE_RECORDS}/${stamp}
    work=$(mktemp -d) || exit 1
    leave_restrict=${Number(job.leaveRestrict)} leave_timeout=${Number(job.leaveTimeout)} tables_in_all=${job.tables}
    ${RESTORE_WORDS}
    user=$(docker exec "$container" sh -c 'printf %s "\${POSTGRES_USER:-postgres}"') || exit 1
    ended=
    made=
    finish() {
      trap '' TERM INT HUP
      if [ -z "$ended" ]; then
        ${dropCopy(copy)}
        note "ended failed $(date +%s)"
      fi
      rm -rf "$work"
    }
    give_up() {
      say "$1"
      note "said $1"
      [ ! -s "$work/said" ] || errors_of "$work/said" | while IFS= read -r line; do say "$line"; note "said $line"; done
      exit 1
    }
    busy=$(echo "SELECT datname FROM pg_stat_activity WHERE application_name = '${verbatim(RESTORE_SESSION)}' AND pid <> pg_backend_pid() LIMIT 1" | sql postgres) ||
      { say 'PostgreSQL does not answer'; exit 1; }
    # The records of the last restores are enough.
    ls -r ${RESTORE_RECORDS} | tail -n +20 | while IFS= read -r old; do rm -f ${RESTORE_RECORDS}/"$old"; done
    [ -z "$busy" ] || { say "another restore is under way, into $busy: nothing was done"; exit 75; }
    trap finish EXIT
    trap 'exit 143' TERM INT HUP
    printf 'backup %s\\nstarted %s\\n' ${backup.name} "$(date +%s)" >"$record" || exit 1
    phase reading ${`Reading ${backup.name}`}
    sha256=$(sha256sum <${backup.path} | cut -c 1-64)
    note "sha256 $sha256"
    ${noted === '' ? sh`:` : sh`[ "$sha256" = ${noted} ] || give_up 'the file is not what was written: its SHA-256 is another'`}
    ${leftovers}
    phase restoring ${`Restoring into ${copy}`}
    made=yes
    sql postgres >"$work/said" 2>&1 <<'END_OF_SQL' || give_up 'the copy could not be created'
    ${createCopy(job)}
    END_OF_SQL
    mark() {
      sql postgres <<END_OF_SQL
    COMMENT ON DATABASE ${verbatim(shellSafe(identifier(copy)))} IS ${verbatim(shellSafe(commentOf(job)))};
    END_OF_SQL
    }
    phase_name=restoring
    mark || give_up 'the copy could not be marked'
    restore_archive ${backup.path} ${backup.kind} "$copy" || give_up ${`${backup.name} could not be restored`}
    ${backup.manifest === null ? rowsHeld(backup) : sh`:`}
    phase analysing 'Gathering statistics'
    echo ANALYZE | sql "$copy" >"$work/said" 2>&1 || give_up 'the copy could not be analysed'
    phase counting 'Counting rows and summing tables'
    figures_of "$copy" && keys_of "$copy" || give_up 'the rows of the copy could not be counted'
    phase amcheck 'Reading every page and every index'
    amcheck_of "$copy" || give_up 'the copy could not be read by amcheck'
    phase end "$copy is whole"
    phase_name=restored
    mark || give_up 'the copy could not be marked'
    ended=done
    note "ended done $(date +%s)"
  `
}

/** What was connected takes a moment to go. */
const dropCopy = (copy: string): Script => sh`
  tries=0
  until [ -z "$made" ] || [ "$tries" -ge 10 ] || sql postgres >/dev/null 2>&1 <<'END_OF_SQL'
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${verbatim(literal(copy))};
  DROP DATABASE IF EXISTS ${verbatim(identifier(copy))};
  END_OF_SQL
  do
    tries=$((tries + 1))
    sleep 0.5
  done
`

/** Copies that another restore did not bring to its end: no session works on them any more. */
const leftovers = sh`
  sql postgres >/dev/null 2>&1 <<'END_OF_SQL'
  SELECT format('DROP DATABASE %I', datname) FROM pg_database
  WHERE shobj_description(oid, 'pg_database') LIKE '%${verbatim(MARK)}{"phase":"restoring"%'
    AND datname LIKE 'restore!_%' ESCAPE '!'
  \\gexec
  END_OF_SQL
`

function createCopy({ copy, liveName, isLive }: RestoreJob): Script {
  if (!isLive) return verbatim(`CREATE DATABASE ${identifier(copy)} TEMPLATE template0;`)
  return verbatim(`${creationLike(liveName, copy)}\n\\gexec`)
}

/** The marker as an SQL text, with the job's own variables for what only it knows. */
function commentOf({ backup, liveName, stamp }: RestoreJob): string {
  const marker: RestoreMarker = {
    phase: 'restoring',
    of: liveName,
    backup: backup.name,
    bytes: backup.bytes,
    sha256: 'SHA256',
    takenAt: backup.takenAt,
    stamp,
  }
  return literal(`${MARK}${JSON.stringify(marker)}`)
}

/** For a document that the shell expands: everything as it is, but the two values that the job puts in. */
function shellSafe(text: string): string {
  return text
    .replace(/[\\$`]/g, character => `\\${character}`)
    .replace('"phase":"restoring"', '"phase":"$phase_name"')
    .replace('"sha256":"SHA256"', '"sha256":"$sha256"')
}

/** Without a manifest there is nothing to hold the copy against but the file: its rows are counted there. */
const rowsHeld = ({ kind, path }: Backup): Script =>
  kind === 'custom'
    ? sh`
      phase rows 'Counting the rows in the backup'
      tools pg_restore -f - <${path} 2>"$work/said" | sql_filter >/dev/null || give_up 'the rows of the backup could not be counted'
      cat "$work/held" >>"$record"
    `
    : sh`cat "$work/held" >>"$record"`
