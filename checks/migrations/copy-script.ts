/** The script that copies rows out before they are dropped: one file a table, counted and summed, and a list of them. */

import { psql } from '../../src/facts/database.ts'
import { type CopyItem, copiesDirectory } from '../../src/facts/migrations-copies.ts'
import { identifier } from '../../src/facts/migrations-rows.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'

export interface CopyOrder {
  /** The id of the database's container. */
  readonly container: string
  /** Empty: the container's own. */
  readonly database: string
  readonly backupDirectory: string
  readonly target: string
  readonly undoes: readonly string[]
  readonly items: readonly CopyItem[]
}

/**
 * Each table is read in one snapshot: its count first, then its rows, so that a file that broke off is told from a
 * whole one. The rows are in PostgreSQL's own text format: `COPY table (columns) FROM` takes them back.
 */
export function copyOut(order: CopyOrder): Script {
  const { backupDirectory, target, undoes, items, database } = order
  const directory = copiesDirectory(backupDirectory)
  return sh`
    umask 077
    mkdir -p ${directory} || exit 1
    name=${target}-$(date -u +%Y%m%dT%H%M%SZ)
    folder=${directory}/$name
    part=$folder.part
    mkdir "$part" || exit 1
    trap 'rm -rf "$part"' EXIT
    cat >"$part/items" </dev/null
    keep() {
      file=$1; shown=$2
      { IFS= read -r rows || rows=none; cat >"$part/$file"; }
      lines=$(wc -l <"$part/$file" | tr -d ' ')
      [ "$lines" = "$rows" ] || { echo "$file broke off: $lines of $rows rows" >&2; return 1; }
      printf '%s,"file":"%s","rows":%s,"sha256":"%s"}\\n' "$shown" "$file" "$rows" "$(sha256sum <"$part/$file" | cut -c 1-64)" >>"$part/items"
      echo "$file: $rows rows"
    }
    ${verbatim(items.map((item, index) => keepItem(order, item, index).text).join('\n'))}
    { printf '{"format":1,"madeAt":"%s",%s,"items":[\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ${head({ database, target, undoes })}
      awk 'NR > 1 { print line "," } { line = $0 } END { if (NR) print line }' "$part/items"
      echo ']}'; } >"$part/manifest.json" || exit 1
    rm -f "$part/items"
    sync
    mv "$part" "$folder" || exit 1
    echo "kept in $folder"
  `
}

function head({ database, target, undoes }: Pick<CopyOrder, 'database' | 'target' | 'undoes'>): string {
  return JSON.stringify({ database, target, undoes }).slice(1, -1)
}

function keepItem({ container, database }: CopyOrder, item: CopyItem, index: number): Script {
  const { table, columns, key } = item
  const listed = columns.map(identifier).join(', ')
  const order = key.length === 0 ? '' : ` ORDER BY ${key.map(identifier).join(', ')}`
  const sql = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT count(*) FROM ${identifier(table)};
COPY (SELECT ${listed} FROM ${identifier(table)}${order}) TO STDOUT;
COMMIT;`
  const file = `${index + 1}-${table.replace(/[^A-Za-z0-9_]/g, '_')}.copy`
  const shown = JSON.stringify({ table, columns }).slice(0, -1)
  const read = psql({ id: container }, sql, database === '' ? undefined : database)
  return sh`
    read_table() {
    ${read}
    }
    read_table | keep ${file} ${shown} || exit 1
  `
}
