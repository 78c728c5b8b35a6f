/**
 * A dump as SQL text, on its way into psql. What a newer pg_dump writes and an older psql or server does not know is
 * left out on the way; the file itself is never altered. A stream without pg_dump's last line is no backup: psql
 * would take the end of the file for the end of a table's rows, and commit.
 */

import { type Script, sh, verbatim } from '../model/script.ts'

/** Exit status of the filter for a dump that would leave the database that it is sent to. */
export const LEAVES_DATABASE = 65
/** Exit status of the filter for a dump that ends before its end. */
export const ENDS_EARLY = 66

/**
 * The filter, for awk. Variables: `restrict`, `timeout`: 1 leaves those lines out; `quiet`: 1 prints nothing (to
 * look only); `counts`: a file for `TABLE ROWS` lines; empty for none; `complete`: a file that is made at the end.
 *
 * Only what stands before the first statement that makes something is left out, and `\unrestrict` with the very
 * token of the `\restrict` that was left out. Rows of tables pass as they are.
 */
export const SQL_FILTER = verbatim(String.raw`
  BEGIN { preamble = 1 }
  copying {
    if ($0 == "\\.") copying = 0
    else rows[table]++
    if (!quiet) print
    next
  }
  preamble && !/^(--|SET |SELECT pg_catalog\.set_config|\\restrict )/ && $0 != "" { preamble = 0 }
  preamble && restrict && /^\\restrict / { token = $2; next }
  preamble && timeout && /^SET transaction_timeout = / { next }
  token != "" && $0 == "\\unrestrict " token { next }
  /^(\\connect|\\c) / || /^(CREATE|DROP) DATABASE / { leaves = 1; exit 65 }
  /^-- PostgreSQL database dump complete$/ { ended = 1 }
  /^COPY .* FROM stdin;$/ {
    copying = 1
    table = $0
    sub(/^COPY /, "", table)
    sub(/ \(.*$| FROM stdin;$/, "", table)
    gsub(/"/, "", table)
    rows[table] += 0
  }
  /^INSERT INTO / { rows[$3]++ }
  !quiet { print }
  END {
    if (counts != "") for (name in rows) print "held " name " " rows[name] >counts
    if (leaves) {
      print "it holds \\connect or CREATE DATABASE: it would leave the database that it is restored to" >"/dev/stderr"
      if (!quiet) print "\\.\nDO $$BEGIN RAISE EXCEPTION \047the backup would leave the database that it is restored to\047; END$$;"
      exit 65
    }
    if (!ended) {
      print "it ends before pg_dump’s last line" >"/dev/stderr"
      if (!quiet) print "\\.\nDO $$BEGIN RAISE EXCEPTION \047the backup ends before the last line of pg_dump\047; END$$;"
      exit 66
    }
    if (complete != "") print "yes" >complete
  }
`)

/** Reads a dump to its end and prints nothing; says on standard error what is wrong with it. */
export const readSql = ({ kind, path }: { readonly kind: string; readonly path: string }): Script => sh`
  work=$(mktemp -d) || exit 1
  trap 'rm -rf "$work"' EXIT
  { ${kind === 'sql.gz' ? sh`gunzip -c <${path}` : sh`cat <${path}`} 2>"$work/said" || echo failed >"$work/failed"; } |
    awk -v quiet=1 '${SQL_FILTER}' 2>"$work/judged"
  status=$?
  [ ! -e "$work/failed" ] || [ "$status" = ${LEAVES_DATABASE} ] || { cat "$work/said" >&2; exit 1; }
  cat "$work/judged" >&2
  exit "$status"
`
