/**
 * The shell words in which a restore is written, here and in the drill. They expect `container`, `user` (PostgreSQL's
 * superuser), `work` (a scratch directory of their own) and `record` (the file that figures are written to).
 *
 * How far it is comes from the kernel: the position of the process that reads the file, in its fdinfo.
 */

import { SAME_TEXT, tableFigures } from '../../src/facts/backup-figures.ts'
import { RESTORE_SESSION } from '../../src/facts/restore-databases.ts'
import { SQL_FILTER } from '../../src/facts/restore-sql-stream.ts'
import { sh, verbatim } from '../../src/model/script.ts'

/** Before every table's figures. */
const TABLE_MARK = 'table'

/** One line a table whose key is one numbered column. */
const HIGHEST_KEYS =
  verbatim(`SELECT 'highest ' || json_build_object('table', n.nspname || '.' || c.relname, 'column', a.attname,
  'highest', coalesce((xpath('/row/highest/text()', query_to_xml(format('SELECT max(%I) AS highest FROM %s', a.attname, c.oid::regclass), false, true, '')))[1]::text::bigint, 0))
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE i.indisprimary AND i.indnkeyatts = 1 AND c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) ORDER BY 1;`)

export const RESTORE_WORDS = sh`
  say() { printf '%s\\n' "$*"; }
  note() { printf '%s\\n' "$*" >>"$record"; }
  # phase NAME WORDS: by the uptime, which no correction of the clock touches
  phase() { printf 'phase %s %s\\n' "$1" "$(cut -d ' ' -f 1 /proc/uptime)" >>"$record"; say "$2"; }
  tools() { docker exec -i -e PGAPPNAME=${RESTORE_SESSION} "$container" "$@"; }
  # sql DATABASE: the statements on its standard input, stopping at the first error
  sql() { tools psql -X -A -t -q -v ON_ERROR_STOP=1 -U "$user" -d "$1"; }
  # errors_of FILE: what a tool said that was an error, or else its last words
  errors_of() {
    grep -m 3 -E 'ERROR|FATAL|PANIC|error:' "$1" | cut -c 1-300
    grep -q -E 'ERROR|FATAL|PANIC|error:' "$1" || grep . "$1" | tail -n 2 | cut -c 1-300
  }
  megabytes() { awk -v bytes="$1" 'BEGIN { printf "%.1f", bytes / 1000000 }'; }
  sql_filter() {
    awk -v restrict="$leave_restrict" -v timeout="$leave_timeout" -v counts="$work/held" -v complete="$work/complete" '${SQL_FILTER}'
  }
  # feed KIND DATABASE: what comes on standard input, into the database
  feed() {
    case $1 in
      custom) tools pg_restore --exit-on-error --verbose -U "$user" -d "$2" ;;
      *)
        sql_filter | tools psql -X -q -v ON_ERROR_STOP=1 --single-transaction -U "$user" -d "$2" -f - >/dev/null || return
        [ -s "$work/complete" ] || { echo 'error: the backup ends before its end' >&2; return 1; }
        ;;
    esac
  }
  # restore_archive FILE KIND DATABASE: streams the file, which is only read; what was said stands in $work/said
  restore_archive() {
    rm -f "$work/pipe" "$work/status" "$work/complete" "$work/unpacked"
    [ -r "$1" ] || { echo "error: $1 cannot be read" >"$work/said"; return 1; }
    mkfifo "$work/pipe" || return 1
    total=$(wc -c <"$1")
    case $2 in
      sql.gz) gunzip -c <"$1" >"$work/pipe" 2>"$work/unpacked" & ;;
      *) cat <"$1" >"$work/pipe" 2>"$work/unpacked" & ;;
    esac
    reader=$!
    ( feed "$2" "$3" <"$work/pipe" >"$work/said" 2>&1; echo $? >"$work/status.new"; mv "$work/status.new" "$work/status" ) &
    while [ ! -e "$work/status" ]; do
      sleep 1
      position=$(sed -n 's/^pos:[[:space:]]*//p' "/proc/$reader/fdinfo/0" 2>/dev/null)
      tables=$(grep -c 'processing data for table' "$work/said" 2>/dev/null)
      if [ -n "$position" ] && [ "$position" -lt "$total" ]; then
        say "read $(megabytes "$position") of $(megabytes "$total") MB, $((position * 100 / total)) %, table $tables of $tables_in_all"
      elif [ ! -e "$work/status" ]; then
        say "all $(megabytes "$total") MB are read; $(tail -n 1 "$work/said" | sed 's/^pg_restore: //' | cut -c 1-80)"
      fi
    done
    wait
    [ ! -s "$work/unpacked" ] || cat "$work/unpacked" >>"$work/said"
    return "$(cat "$work/status")"
  }
  # figures_of DATABASE: rows and checksum of every table, into the record
  figures_of() {
    sql "$1" >"$work/figures" 2>"$work/said" <<'END_OF_SQL'
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
  ${verbatim(SAME_TEXT)}
  ${verbatim(tableFigures(TABLE_MARK))}
  COMMIT;
  END_OF_SQL
    [ $? = 0 ] || return 1
    cat "$work/figures" >>"$record"
  }
  # keys_of DATABASE: the highest value of every table's numbered key, into the record
  keys_of() {
    sql "$1" >"$work/keys" 2>"$work/said" <<'END_OF_SQL'
  ${HIGHEST_KEYS}
  END_OF_SQL
    [ $? = 0 ] || return 1
    cat "$work/keys" >>"$record"
  }
  # amcheck_of DATABASE: reads every page and every index of it; leaves no extension behind that was not there
  amcheck_of() {
    if ! tools sh -c 'command -v pg_amcheck' >/dev/null 2>&1; then note 'amcheck absent'; return 0; fi
    offered=$(echo "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'" | sql "$1") || return 1
    if [ "$offered" != 1 ]; then note 'amcheck absent'; return 0; fi
    there=$(echo "SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'" | sql "$1") || return 1
    echo 'CREATE EXTENSION IF NOT EXISTS amcheck' | sql "$1" 2>/dev/null || return 1
    if tools pg_amcheck -U "$user" --heapallindexed --parent-check "$1" >"$work/said" 2>&1; then
      note 'amcheck sound'
    else
      note "amcheck $(errors_of "$work/said" | head -n 1)"
    fi
    [ "$there" = 1 ] || echo 'DROP EXTENSION amcheck' | sql "$1"
  }
`
