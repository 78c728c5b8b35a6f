/** The part of the backup script that writes the manifest: one key a line, and one table a line. */

/** Go's template makes JSON of a container's image; nothing of it can be a secret. */
const IMAGE =
  '{"service": {{json (index .Config.Labels "com.docker.compose.service")}}, "image": {{json .Config.Image}}, "imageId": {{json .Image}}}'

export const MANIFEST_PART = `
# Lines of objects, made into the items of an array.
items() { awk 'NR > 1 { print line "," } { line = "    " $0 } END { if (NR) print line }'; }
marked() { sed -n "s/^KB-$1 //p" "$scratch/said"; }
# field KEY: from the line about the database, which PostgreSQL wrote as JSON.
field() { marked database | sed -n "s/.*\\"$1\\" : \\(\\"[^\\"]*\\"\\|[0-9][0-9]*\\).*/\\1/p"; }
header() { sed -n "s/^; *$1: *//p" "$scratch/list" | head -n 1; }
images() {
  containers=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=False)
  [ -z "$containers" ] || docker inspect --format '${IMAGE}' $containers | sort -u
}
newest_row() {
  marked newest | sort -r | sed -n '1s/^\\([^ ]*\\) {\\(.*\\)}$/{\\2, "at" : "\\1"}/p'
}
manifest() {
  row=$(newest_row)
  dump_version=$(header 'Dumped by pg_dump version')
  cat <<KB_MANIFEST
{
  "format": 1,
  "madeBy": "$made_by",
  "startedAt": "$(marked at)",
  "finishedAt": "$(date +%Y-%m-%dT%H:%M:%SZ)",
  "database": $(field database),
  "databaseBytes": $(field bytes),
  "serverVersion": $(field server),
  "dumpVersion": "\${dump_version%% *}",
  "archive": "$(header 'Dump Version')",
  "bytes": $bytes,
  "sha256": "$sha256",
  "newestBusinessRow": \${row:-null},
  "images": [
$(images | items)
  ],
  "migrations": [
$(marked migration | items)
  ],
  "tables": [
$(marked table | tables_as_lines | items)
  ],
  "sequences": [
$(marked sequence | tables_as_lines | items)
  ]
}
KB_MANIFEST
}
# PostgreSQL writes {"name" : …: without that space a listing can leave these lines out.
tables_as_lines() { sed 's/^{"name" : /{"name":/'; }
`
