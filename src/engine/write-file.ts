/** The script that writes one file safely: the same one for every write, so that it is read and tested once. */

import type { PreparedAction } from '../model/action.ts'
import { type Script, sh, verbatim } from '../model/script.ts'

type Write = Extract<PreparedAction, { type: 'write-file' }>

/** Exit status of the script when the file is no longer the one that was shown. */
export const STALE = 75

/** Seconds for a write with its validation. */
export const WRITE_SECONDS = 30

/**
 * Takes the new content on standard input. The candidate stands beside the file under a name that no
 * `*.conf`-style include reads; it is complete, validated and synced before a rename puts it in place. A connection
 * that breaks meanwhile stops nothing: nothing is said before it is done, and a broken pipe is no reason to end.
 *
 * @param backupFolder where the replaced file is kept, with its owner and mode.
 */
export function writeFileScript(action: Write, backupFolder: string): Script {
  return sh`
    set -eu
    umask 077
    path=${action.path}
    now=absent
    if [ -e "$path" ]; then now=$(sha256sum < "$path" | cut -d ' ' -f 1); fi
    if [ "$now" != ${action.before?.sha256 ?? 'absent'} ]; then
      echo "$path has changed since it was shown; nothing was written" >&2
      exit ${STALE}
    fi
    folder=$(dirname -- "$path")
    [ -d "$folder" ] || { umask 022; mkdir -p -- "$folder"; umask 077; }
    candidate=
    trap '[ -z "$candidate" ] || rm -f -- "$candidate"' EXIT
    trap 'exit 143' HUP INT TERM
    trap '' PIPE
    candidate=$(mktemp "$folder/.kneeboard.XXXXXX")
    cat > "$candidate"
    chown ${action.owner} "$candidate"
    chmod ${action.mode} "$candidate"
    export candidate path
    ${validation(action.validate)}
    if [ "$now" != absent ]; then
      mkdir -p -- ${backupFolder}
      cp -p -- "$path" ${backupFolder}/"$(printf %s "$path" | tr / _)"
    fi
    sync "$candidate" 2>/dev/null || sync
    mv -f -- "$candidate" "$path"
    candidate=
    sync "$folder" 2>/dev/null || sync
    [ -z "$said" ] || printf '%s\\n' "$said" >&2 || :
    [ "$now" = absent ] || echo "the file as it was is kept in ${verbatim(backupFolder)}" || :`
}

/**
 * A candidate that does not validate is removed, and the file stays as it is. What the script says is kept until the
 * end: written at once, it could meet a broken pipe, and a good file would be refused for that.
 */
function validation(script: string | undefined): Script {
  if (script === undefined) return verbatim('said=')
  return verbatim(`said=$( (
${script}
) 2>&1 ) || {
  printf '%s\\n' "$said" 'the new file was not accepted; nothing was changed' >&2; exit 65
}`)
}
