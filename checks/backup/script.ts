/** The backup itself, as one POSIX sh file on the server: the timer runs it, and so does the remedy. */

import { BACKUP_SCRIPT } from '../../src/facts/backup-setup.ts'
import { BUCKET_PART } from './script-bucket.ts'
import { MANIFEST_PART } from './script-manifest.ts'
import { SNAPSHOT_SQL } from './snapshot-sql.ts'

const HEAD = `#!/bin/sh
# Written by Kneeboard. Makes one backup of a Compose stack's database, proves it, and only then gives it its name.
#
#   ${BACKUP_SCRIPT} PROJECT [timer|run]
#
# Its parameters stand in /etc/kneeboard/backup-PROJECT.conf. Exit status: 0 made and proven; 1 not made, and nothing
# of it is left; 2 made and proven, but not copied to the bucket; 75 another one is under way.
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin LC_ALL=C TZ=UTC
export PATH LC_ALL TZ

say() { printf '%s\\n' "$*"; }
die() { printf 'kneeboard-backup: %s\\n' "$*" >&2; exit 1; }
megabytes() { echo "$((($1 + 1048575) / 1048576)) MB"; }
# number FILE KEY: one figure of a manifest, which has one key a line.
number() { sed -n "s/^  \\"$2\\": \\([0-9][0-9]*\\),*\\$/\\1/p" "$1" | head -n 1; }
size() { stat -c %s -- "$1"; }

project=\${1:-} made_by=\${2:-run}
case $project in '' | *[!a-z0-9_-]*) die 'which project?' ;; esac
case $made_by in timer | run) ;; *) die 'made by timer or run?' ;; esac
conf=/etc/kneeboard/backup-$project.conf
[ -r "$conf" ] || die "$conf is missing"
. "$conf"

exec 9>>"/run/kneeboard-backup-$project.lock" || die 'its lock could not be opened'
flock -n 9 || { say "another backup of $project is under way" >&2; exit 75; }
`

const FIND = `
containers=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$project" \\
  --filter "label=com.docker.compose.service=$SERVICE" --filter label=com.docker.compose.oneoff=False) ||
  die 'Docker does not answer'
[ -n "$containers" ] || die "the database does not run: $project has no running container of $SERVICE"
[ "$(printf '%s\\n' "$containers" | wc -l)" -eq 1 ] || die "$project has more than one container of $SERVICE"
container=$containers
database=$DATABASE
[ -n "$database" ] || database=$(docker exec "$container" sh -c 'printf %s "\${POSTGRES_DB:-\${POSTGRES_USER:-postgres}}"') ||
  die 'the name of the database could not be read'
mark=kneeboard-backup-$$

# ask SQL: one value, from the database server.
ask() {
  printf '%s\\n' "$1" | docker exec -i -e "PGAPPNAME=$mark-look" -e "KB_DATABASE=$database" "$container" \\
    sh -c 'psql -X -A -t -q -v ON_ERROR_STOP=1 -U "\${POSTGRES_USER:-postgres}" -d "$KB_DATABASE"'
}
database_bytes=$(ask 'SELECT pg_database_size(current_database());') || die "the database $database does not answer"
`

/** Sizes of earlier ones say what this one will take; without any, the database's own size is more than enough. */
const ROOM = `
mkdir -p -- "$DIRECTORY" || die "$DIRECTORY could not be made"
cd -- "$DIRECTORY" || exit 1
own() { ls -1r | grep -E "^$project-[0-9]{8}T[0-9]{6}Z\\.dump\\$"; }
# whole NAME: a backup whose size is the one that was proven.
whole() { [ -f "$1.manifest.json" ] && [ "$(number "$1.manifest.json" bytes)" = "$(size "$1")" ]; }
earlier=$(own | while read -r file; do whole "$file" && size "$file"; done | head -n 10)
median=$(printf '%s\\n' "$earlier" | sort -n | awk 'NF { all[++count] = $1 } END { print count ? all[int((count + 1) / 2)] : 0 }')
newest=$(own | while read -r file; do whole "$file" && echo "$file"; done | head -n 1)

# What an interrupted backup has left: nobody else writes here, the lock is ours.
for left in "$project"-*.part; do
  [ ! -f "$left" ] || { rm -f -- "$left" && say "removed $left, which an interrupted backup had left"; }
done

need=$((database_bytes + database_bytes / 5))
if [ -n "$newest" ]; then
  before=$(number "$newest.manifest.json" databaseBytes)
  need=$(awk -v now="$database_bytes" -v then="\${before:-0}" -v size="$(size "$newest")" \\
    'BEGIN { printf "%d", size * (then > 0 && now > then ? now / then : 1) * 1.5 }')
fi
reserve=$((RESERVE_MB * 1048576))
room() { df -Pk . | awk 'END { printf "%d", $4 * 1024 }'; }
free=$(room)
[ "$free" -ge $((need + reserve)) ] ||
  die "no room: it may take $(megabytes "$need") and $(megabytes "$reserve") have to stay free, but $DIRECTORY has $(megabytes "$free"); nothing was written"
`

const DUMP = `
name=$project-$(date +%Y%m%dT%H%M%SZ)
[ ! -e "$name.dump" ] || die "$name.dump is there already"
part=$name.dump.part
scratch=$(mktemp -d /run/kneeboard-backup.XXXXXX) || exit 1
dumping=

# The dump's own sessions are ended in the database: a client that goes away alone would leave them at work.
end_dump() {
  ask "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '$mark'" >/dev/null 2>&1
  kill "$dumping" 2>/dev/null
  dumping=
}
leave() {
  status=$?
  trap - EXIT
  [ -z "$dumping" ] || end_dump
  rm -f -- "$part" "$name.dump.sha256.part" "$name.dump.manifest.json.part"
  [ -e "$name.dump" ] || rm -f -- "$name.dump.sha256" "$name.dump.manifest.json"
  rm -rf -- "$scratch"
  exit "$status"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say "dumping $database ($(megabytes "$database_bytes") in the database) to $DIRECTORY/$part"
(
  docker exec -i -e "PGAPPNAME=$mark" -e "KB_DATABASE=$database" "$container" sh -s >"$part" 2>"$scratch/said" <<'KB_SCRIPT'
psql -X -A -t -q -v ON_ERROR_STOP=1 -U "\${POSTGRES_USER:-postgres}" -d "$KB_DATABASE" <<'KB_SQL'
${SNAPSHOT_SQL}
KB_SQL
KB_SCRIPT
  echo $? >"$scratch/status"
) &
dumping=$!
ticks=0 expected=\${median:-0}
until [ -s "$scratch/status" ]; do
  kill -0 "$dumping" 2>/dev/null || [ -s "$scratch/status" ] || die 'the dump was ended from outside'
  sleep 1
  ticks=$((ticks + 1))
  [ $((ticks % 5)) -ne 0 ] || {
    if [ "$expected" -gt 0 ]; then say "written $(megabytes "$(size "$part")") of about $(megabytes "$expected")"
    else say "written $(megabytes "$(size "$part")")"; fi
  }
  [ "$(room)" -ge $((reserve / 2)) ] || die "stopped: the disk of $DIRECTORY was about to fill up"
done
wait "$dumping"
dumping=
grep -v '^KB-' "$scratch/said" >&2
! grep -q '^KB-dump [^0]' "$scratch/said" || die "pg_dump failed (exit status $(sed -n 's/^KB-dump //p' "$scratch/said"))"
[ "$(cat "$scratch/status")" -eq 0 ] || die "the dump failed (exit status $(cat "$scratch/status"))"
grep -qx 'KB-dump 0' "$scratch/said" || die 'pg_dump did not say that it succeeded'
grep -qx 'KB-end' "$scratch/said" || die 'the figures of the snapshot are incomplete'
sync -- "$part" || die "$part could not be brought to the disk"
`

const PROVE = `
# Its list of contents, then every byte of it: an archive that ends too early, or is damaged, is found here.
docker exec -i "$container" pg_restore --list <"$part" >"$scratch/list" || die 'the archive cannot be listed'
listed=$(grep -c ' TABLE DATA ' "$scratch/list")
tables=$(grep -c '^KB-table ' "$scratch/said")
[ "$listed" -ge "$tables" ] || die "the archive holds the data of $listed tables, and the database has $tables"
docker exec -i "$container" pg_restore -f /dev/null <"$part" || die 'the archive cannot be read to its end'
bytes=$(size "$part")
sha256=$(sha256sum <"$part" | cut -c 1-64)
[ "\${#sha256}" -eq 64 ] || die 'its checksum could not be made'
`

const FINISH = `
printf '%s  %s\\n' "$sha256" "$name.dump" >"$name.dump.sha256.part" || die 'the checksum could not be written'
manifest >"$name.dump.manifest.json.part" || die 'the manifest could not be written'
sync -- "$name.dump.sha256.part" "$name.dump.manifest.json.part" || die 'they could not be brought to the disk'
mv -- "$name.dump.sha256.part" "$name.dump.sha256" &&
  mv -- "$name.dump.manifest.json.part" "$name.dump.manifest.json" &&
  mv -- "$part" "$name.dump" || die 'it could not be given its name'
sync -- . 2>/dev/null || sync
say "made $DIRECTORY/$name.dump: $(megabytes "$bytes"), $tables tables, sha256 $sha256"
`

/** Only now, and never the last good ones: what is not whole does not count as one. */
const RETENTION = `
copied=0
copy_to_bucket || copied=2
if [ "$copied" -ne 0 ]; then
  say 'no older backup was removed: the copy has to succeed first' >&2
  exit "$copied"
fi
if [ "$median" -gt 0 ] && [ $((bytes * 100)) -lt $((median * (100 - SMALLER_PERCENT))) ]; then
  say "no older backup was removed: this one is much smaller than usual ($(megabytes "$median"))" >&2
  exit 0
fi
cutoff=$(date -d "@$(($(date +%s) - KEEP_DAYS * 86400))" +%Y%m%d%H%M%S) || exit 0
kept=0
own | while read -r file; do
  if [ "$kept" -lt "$KEEP_LEAST" ]; then
    ! whole "$file" || kept=$((kept + 1))
    continue
  fi
  made=$(printf %s "$file" | sed "s/^$project-\\([0-9]*\\)T\\([0-9]*\\)Z\\.dump\\$/\\1\\2/")
  [ "$made" -lt "$cutoff" ] || continue
  rm -f -- "$file" "$file.sha256" "$file.manifest.json" "$file.copy.json" && say "removed $file, older than $KEEP_DAYS days"
done
exit 0
`

/** The whole file. The same for every project: what differs stands in its configuration. */
export const backupScript: string = [
  HEAD,
  FIND,
  ROOM,
  DUMP,
  PROVE,
  MANIFEST_PART,
  FINISH,
  BUCKET_PART,
  RETENTION,
].join('')
