/**
 * One drill, as one job on the server. Everything that it makes in Docker bears its label and goes with its end,
 * however it ends; the database has no network but its own loopback, and what boots beside it shares that.
 */

import type { Backup } from '../../src/facts/backups.ts'
import { DRILL_HISTORY, DRILL_LABEL, DRILL_RECORDS } from '../../src/facts/drill-record.ts'
import { literal } from '../../src/facts/sql-text.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'
import { INVALID, SEQUENCES } from '../restore/copy-sound.ts'
import { creationLike } from '../restore/creation.ts'
import { RESTORE_WORDS } from '../restore/restore-shell.ts'
import { bootRelease } from './boot-script.ts'
import { closedMonths } from './closed-months.ts'

/** Seconds in which PostgreSQL has to start. */
const START_SECONDS = 120

export interface Drill {
  readonly stamp: string
  /** Seconds since 1970 by the server's clock: when it was decided to hold it. */
  readonly decidedAt: number
  readonly backup: Backup
  readonly liveName: string
  /** Containers of the live stack; null where the stack has none. */
  readonly database: string
  readonly backend: string
  readonly redis: string | null
  /** Names that the application knows the database and Redis by. */
  readonly databaseHost: string
  readonly redisHost: string
  /** Where PostgreSQL's image keeps its data, and where in it the files lie. */
  readonly volumeTarget: string
  readonly dataDirectory: string
  readonly databaseMemoryMB: number
  readonly applicationMemoryMB: number
  readonly processors: number
  /** Tables with data in the archive. */
  readonly tables: number
  readonly port: number
  readonly healthPath: string
}

export function drillScript(drill: Drill): Script {
  const { stamp, backup } = drill
  const name = `kneeboard-drill-${stamp}`
  return sh`
    umask 077
    name=${name} label=${`${DRILL_LABEL}=${stamp}`} live=${drill.database} database=${drill.liveName} file=${backup.path}
    mkdir -p ${DRILL_RECORDS} || exit 1
    record=${DRILL_RECORDS}/${stamp}
    work=$(mktemp -d) || exit 1
    leave_restrict=0 leave_timeout=0 tables_in_all=${drill.tables}
    ${RESTORE_WORDS}
    uptime_now() { cut -d ' ' -f 1 /proc/uptime; }
    # rung NAME ok|failed WORDS
    rung() { note "rung $1 $2 $3"; say "$3"; failed_rungs="$failed_rungs$([ "$2" = ok ] || printf '"%s",' "$1")"; }
    # fall NAME WORDS: the ladder ends here; the drill was held, and has failed
    fall() {
      [ ! -s "$work/said" ] || errors_of "$work/said" | while IFS= read -r line; do say "$line"; done
      rung "$1" failed "$2$([ ! -s "$work/said" ] || printf ': %s' "$(errors_of "$work/said" | head -n 1 | cut -c 1-200)")"
      exit 0
    }
    ${ENDING}
    printf 'backup %s\\nsha256 %s\\ndecided %s\\nstarted %s\\n' ${backup.name} ${backup.manifest?.sha256 ?? ''} ${drill.decidedAt} "$(date +%s)" >"$record" || exit 1
    failed_rungs= recovery=null newest=
    begun=$(uptime_now)
    trap finish EXIT
    trap 'exit 143' TERM INT HUP

    phase reading ${`Reading ${backup.name}`}
    container=$live
    user=$(docker exec "$live" sh -c 'printf %s "\${POSTGRES_USER:-postgres}"') || exit 1
    [ -s "$file" ] || fall readable 'the file is empty or gone'
    [ "$(sha256sum <"$file" | cut -c 1-64)" = ${backup.manifest?.sha256 ?? ''} ] || fall readable 'the file is not what was written: its SHA-256 is another'
    tools pg_restore --list <"$file" >"$work/list" 2>"$work/said" || fall readable 'its list of contents cannot be read'
    rung readable ok "its checksum is right, and it lists $(grep -c ' TABLE DATA ' "$work/list") tables"

    phase starting 'Starting a PostgreSQL of the same image, without a network'
    ${startDatabase(drill)}

    phase restoring 'Restoring'
    restore_archive "$file" custom "$database" || fall restored 'it could not be restored'
    echo ANALYZE | sql "$database" >"$work/said" 2>&1 || fall restored 'it could not be analysed'
    rung restored ok 'it was restored without an error'

    phase checking 'Counting rows, reading every page'
    ${measure(drill)}

    phase booting 'Starting the release’s image on it'
    ${bootRelease(drill)}
    recovery=$(awk -v now="$(uptime_now)" -v begun="$begun" -v waited="$(($(sed -n 's/^started //p' "$record") - ${drill.decidedAt}))" 'BEGIN { printf "%.1f", now - begun + waited }')
    note "recovery $recovery"

    phase control 'Trying to restore a truncated copy'
    ${negativeControl}
    phase removing 'Removing everything'
  `
}

/** Removes all that bears the label, looks whether it is gone, and writes the drill into the history. */
const ENDING = sh`
  finish() {
    status=$?
    trap '' TERM INT HUP
    docker ps -aq --filter "label=$label" | xargs -r docker rm -f -v >/dev/null 2>&1
    docker volume ls -q --filter "label=$label" | xargs -r docker volume rm -f >/dev/null 2>&1
    rm -rf "$work"
    left=$(docker ps -aq --filter "label=$label" | wc -l)
    left_volumes=$(docker volume ls -q --filter "label=$label" | wc -l)
    note "left $((left)) containers, $((left_volumes)) volumes"
    printf 'phase end %s\\n' "$(uptime_now)" >>"$record"
    # Cut off by a signal, it was not held to its end.
    [ "$status" = 0 ] || { note 'rung ended failed it was cut off'; exit "$status"; }
    ended=$(date +%s)
    decided=$(sed -n 's/^decided //p' "$record")
    point=null
    [ -z "$newest" ] || point=$(awk -v decided="$decided" -v newest="$newest" 'BEGIN { printf "%d", decided - newest }')
    printf '{"stamp":"%s","backup":"%s","endedAt":%s,"recoverySeconds":%s,"pointSeconds":%s,"failed":[%s]}\\n' \
      "$(basename "$record")" "$(sed -n 's/^backup //p' "$record")" "$ended" "$recovery" "$point" "$(printf %s "$failed_rungs" | sed 's/,$//')" >>${DRILL_HISTORY}
    note "ended $ended"
    # The last year's records are enough.
    ls -r ${DRILL_RECORDS} | tail -n +30 | while IFS= read -r old; do rm -f ${DRILL_RECORDS}/"$old"; done
    exit 0
  }
`

/** The same image by its id; a volume of its own; roles by name alone; TLS with a key that lives as long as the drill. */
function startDatabase(drill: Drill): Script {
  return sh`
    image=$(docker inspect --format '{{.Image}}' "$live") || fall restored 'the image of PostgreSQL is not known'
    docker volume create --label "$label" "$name-data" >/dev/null || fall restored 'no volume could be made'
    printf 'POSTGRES_USER=%s\\nPOSTGRES_PASSWORD=%s\\n' "$user" "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \\n')" >"$work/env"
    docker run -d --name "$name-db" --label "$label" --network none --env-file "$work/env" \
      --memory ${drill.databaseMemoryMB}m --memory-swap ${drill.databaseMemoryMB}m --cpus ${drill.processors} --pids-limit 512 --shm-size 128m \
      --add-host ${`${drill.databaseHost}:127.0.0.1`} --add-host ${`${drill.redisHost}:127.0.0.1`} \
      -v "$name-data:"${drill.volumeTarget} "$image" postgres -c shared_buffers=128MB >/dev/null 2>"$work/said" ||
      fall restored 'PostgreSQL could not be started'
    container=$name-db
    # Over TCP, and twice the same: the server that fills an empty data directory listens on its socket alone.
    tries=0 before=
    while :; do
      since=$(tools pg_isready -q -h 127.0.0.1 && echo 'SELECT pg_postmaster_start_time()' | sql postgres 2>/dev/null)
      [ -z "$since" ] || [ "$since" != "$before" ] || break
      before=$since
      tries=$((tries + 1))
      [ "$tries" -lt ${START_SECONDS} ] || { docker logs --tail 5 "$container" >"$work/said" 2>&1; fall restored 'PostgreSQL does not come up'; }
      sleep 1
    done
    in_data() { docker exec -i -u postgres "$container" sh -c 'umask 077; cat >"$0"' ${drill.dataDirectory}/"$1"; }
    if command -v openssl >/dev/null 2>&1 &&
      openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=drill -keyout "$work/key" -out "$work/crt" >/dev/null 2>&1; then
      in_data drill.key <"$work/key" && in_data drill.crt <"$work/crt" && sql postgres >/dev/null 2>"$work/said" <<'END_OF_SQL'
    ALTER SYSTEM SET ssl_key_file = 'drill.key';
    ALTER SYSTEM SET ssl_cert_file = 'drill.crt';
    ALTER SYSTEM SET ssl = on;
    END_OF_SQL
    fi
    printf 'local all all trust\\nhost all all 127.0.0.1/32 trust\\nhost all all ::1/128 trust\\n' | in_data pg_hba.conf
    echo 'SELECT pg_reload_conf()' | sql postgres >/dev/null || fall restored 'PostgreSQL could not be set up'
    # Names of roles: a dump gives its tables to them. No password goes with them.
    docker exec -i "$live" psql -X -A -t -q -v ON_ERROR_STOP=1 -U "$user" -d postgres >"$work/make" 2>"$work/said" <<'END_OF_SQL' || fall restored 'the roles could not be read'
    SELECT format('CREATE ROLE %I%s;', rolname, CASE WHEN rolcanlogin THEN ' LOGIN' ELSE '' END) FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user;
    SELECT made.statement || ';' FROM (${verbatim(creationLike(drill.liveName, drill.liveName, { onItsDisk: false }))}) AS made(statement);
    END_OF_SQL
    echo ${`SELECT 'DROP DATABASE IF EXISTS ' || quote_ident(${literal(drill.liveName)}) WHERE ${literal(drill.liveName)} <> 'postgres'`} | sql postgres | sql template1 >/dev/null 2>&1
    sql postgres <"$work/make" >/dev/null 2>"$work/said" || fall restored 'the empty database could not be made'
  `
}

/** What the copy holds, for the checks to judge. */
function measure({ backup, liveName }: Drill): Script {
  const newest = backup.manifest?.newestBusinessRow ?? null
  const takenAt = backup.takenAt
  return sh`
    figures_of "$database" || fall rows 'the rows could not be counted'
    note "invalid $(sql "$database" <<'END_OF_SQL'
    SELECT count(*) FROM (${verbatim(INVALID)}) AS wrong;
    END_OF_SQL
    )"
    note "behind $(sql "$database" <<'END_OF_SQL'
    SELECT count(*) FROM (${verbatim(SEQUENCES)}) AS all_of_them WHERE last < highest;
    END_OF_SQL
    )"
    echo "SELECT 'migration ' || app || ' ' || name FROM public.django_migrations ORDER BY id" | sql "$database" >>"$record" 2>/dev/null
    amcheck_of "$database" || fall integrity 'it could not be read by amcheck'
    in_live() { docker exec -i "$live" psql -X -A -t -q -v ON_ERROR_STOP=1 -U "$user" -d ${liveName}; }
    ${
      newest === null
        ? sh`:`
        : sh`
      newest_row=${verbatim(shellQuoted(`SELECT extract(epoch FROM max(${quoted(newest.column)})) FROM ${newest.table.split('.').map(quoted).join('.')}`))}
      newest=$(echo "$newest_row" | sql "$database" 2>"$work/said") || fall business 'the newest business row could not be read'
      note "newest $newest"
      note "live-newest $(echo "$newest_row" | in_live 2>/dev/null)"
    `
    }
    cat >"$work/months.sql" <<'END_OF_SQL'
    ${verbatim(closedMonths(newest?.column ?? 'created_at', takenAt))}
    END_OF_SQL
    sql "$database" <"$work/months.sql" >"$work/months" 2>"$work/said" || fall business 'closed months could not be summed'
    in_live <"$work/months.sql" >"$work/live-months" 2>"$work/said" || fall business 'closed months of the live database could not be summed'
    note "months $(($(wc -l <"$work/months")))"
    cmp -s "$work/months" "$work/live-months" || note "months-differ $(diff "$work/months" "$work/live-months" | grep -m 1 '^[<>]' | cut -c 3-)"
    : >"$work/said"
  `
}

/** Whoever accepts half a backup would accept anything: the same words that restored it have to refuse it. */
const negativeControl = sh`
  head -c $(($(wc -c <"$file") / 2)) <"$file" >"$work/truncated"
  echo 'CREATE DATABASE control TEMPLATE template0' | sql postgres >/dev/null 2>"$work/said" || fall control 'there is no database to try it in'
  if restore_archive "$work/truncated" custom control >/dev/null; then
    rung control failed 'half of the backup was restored without a complaint'
  else
    rung control ok "half of the backup was refused: $(errors_of "$work/said" | head -n 1 | sed 's/^pg_restore: error: //' | cut -c 1-120)"
  fi
`

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const shellQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
