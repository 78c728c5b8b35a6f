/** Names as a machine or a container resolves them itself, with its own hosts file and name servers. */

import { sh } from '../model/script.ts'

/** Seconds for one name: what takes longer is as good as not resolved. */
const SECONDS = 5

/** Defines `look_up NAME…`, which prints a line a name: the name, then its addresses, none for one that is unknown. */
export const lookUpFunction = sh`
  look_up() {
    # Not every image has timeout, or one that takes seconds alone.
    limit="timeout ${SECONDS}"; $limit true 2>/dev/null || limit=
    for name in "$@"; do
      echo "@ $name"
      $limit getent ahosts "$name"
    done | awk '
      $1 == "@" { if (line != "") print line; line = $2; split("", seen); next }
      !($1 in seen) { seen[$1] = 1; line = line " " $1 }
      END { if (line != "") print line }'
  }
`

/** Reads what `look_up` printed: addresses by name, in the order of their letters. */
export function parseLookUps(lines: readonly string[]): Map<string, readonly string[]> {
  return new Map(
    lines.map(line => {
      const [name = '', ...addresses] = line.trim().split(/\s+/)
      return [name, addresses.sort()]
    }),
  )
}
