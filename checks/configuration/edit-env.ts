/**
 * Changing env files on the server itself. A value is made or copied there: it is in no argument of a command, in no
 * output and in no plan. Every file is kept before its first change.
 */

import { type Action, runAction } from '../../src/model/action.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'

/** Where files are kept as they were before a change: readable by root alone. */
export const KEPT_ENV_FILES = '/var/backups/kneeboard/env'

/**
 * `read_key FILE NAME` prints the value in force without its quotes, `raw_key` with them. `set_key FILE NAME` writes
 * what stands in `$value`, as `as_written VALUE` quotes it; order, comments and every other line stay, and so do owner and mode. `random LENGTH`
 * prints letters and digits from the kernel's generator.
 */
export const envFunctions: Script = verbatim(`umask 077
raw_key() {
  name=$2 awk '
    { line = $0; sub(/\\r$/, "", line); sub(/^[ \\t]*(export[ \\t]+)?/, "", line) }
    index(line, ENVIRON["name"]) == 1 {
      rest = substr(line, length(ENVIRON["name"]) + 1)
      if (rest ~ /^[ \\t]*=/) { sub(/^[ \\t]*=[ \\t]*/, "", rest); found = rest; there = 1 }
    }
    END { if (!there) exit 1; print found }
  ' "$1"
}
read_key() {
  raw_key "$1" "$2" | awk '
    { quote = substr($0, 1, 1)
      if (quote == "\\"" || quote == "\\047") {
        rest = substr($0, 2); at = index(rest, quote); print at ? substr(rest, 1, at - 1) : rest
      } else { sub(/[ \\t]+#.*$/, ""); sub(/[ \\t]+$/, ""); print } }'
}
set_key() {
  real=$(readlink -f -- "$1") || return 1
  candidate=$(mktemp "$(dirname -- "$real")/.kneeboard.XXXXXX") || return 1
  if name=$2 value=$value awk '
      { lines[NR] = $0; line = $0; sub(/^[ \\t]*(export[ \\t]+)?/, "", line)
        if (index(line, ENVIRON["name"]) == 1 && substr(line, length(ENVIRON["name"]) + 1) ~ /^[ \\t]*=/) last = NR }
      END { for (at = 1; at <= NR; at++) print at == last ? ENVIRON["name"] "=" ENVIRON["value"] : lines[at]
        if (!last) print ENVIRON["name"] "=" ENVIRON["value"] }
    ' "$real" > "$candidate" &&
    chown "$(stat -c %u:%g -- "$real")" "$candidate" && chmod "$(stat -c %a -- "$real")" "$candidate" &&
    mv -f -- "$candidate" "$real"
  then sync "$real" 2>/dev/null || :; else rm -f -- "$candidate"; return 1; fi
}
as_written() {
  case $1 in
    *[!A-Za-z0-9_./:@,%+=-]*) printf "'%s'" "$1" ;;
    *) printf %s "$1" ;;
  esac
}
random() {
  LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom 2>/dev/null | head -c "$1"
}
keep() {
  mkdir -p -- ${KEPT_ENV_FILES} && chmod 700 ${KEPT_ENV_FILES} || return 1
  [ ! -f "$1" ] || cp -p -- "$1" ${KEPT_ENV_FILES}/"$(printf %s "$1" | tr / _).$(date -u +%Y%m%dT%H%M%SZ)"
}
`)

/** One script that changes env files, with {@link envFunctions} known to it and every file kept first. */
export function editAction(title: string, files: readonly string[], script: Script): Action {
  return runAction(
    title,
    sh`
      ${envFunctions}
      set -e
      for file in ${files}; do keep "$file"; done
      ${script}
    `,
  )
}

/** Where the old file lies, as the end of a sentence about going back. */
export const keptWhere = `the files as they were are in ${KEPT_ENV_FILES} on the server (for root alone); put them back and recreate the same services`
