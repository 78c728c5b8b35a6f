/** Brings a backup from the bucket to the server: whole, proven, and only then under its name. */

import { backupFolder } from '../../src/facts/backups.ts'
import { EMPTY_SHA256 } from '../../src/facts/bucket.ts'
import type { BucketBackup } from '../../src/facts/bucket-backups.ts'
import { lastingAction } from '../../src/model/action.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { type Script, sh, verbatim } from '../../src/model/script.ts'
import { BUCKET_REQUEST } from '../backup/script-bucket.ts'
import { chosenBackup, lasting, type RestoreParams, restoreParams, sized } from './parameters.ts'

/** What a server's line usually does at least, for a guess at how long it takes. */
const BYTES_A_SECOND = 10_000_000

/** No manifest or checksum is larger: 16 MB are the figures of a hundred thousand tables. */
const LARGEST_BESIDE = 16 * 1024 ** 2

export const fetchBackup = remedy({
  id: 'restore/fetch-backup',
  title: 'Fetch the backup from the bucket',
  why: 'The server fetches it by itself; not a byte goes through your machine. It gets its name only once it is proven to be what was copied there.',
  risk: 'It takes disk, and some of the line, while it runs. Nothing that is there is overwritten, neither here nor in the bucket.',
  grade: 'reversible',
  params: restoreParams,
  async plan(context) {
    const { params, policy, read } = context
    const { inBucket } = await chosenBackup(context)
    if (inBucket === null) throw new Unreadable('the backup is on this server already')
    const { name, bytes, ageSeconds } = inBucket
    const { freeBytes } = await read(backupFolder, params.backupDirectory)
    const path = `${params.backupDirectory}/${name}`
    return {
      actions: [
        lastingAction(
          `Fetch ${name}, prove it, and name it`,
          fetchJob({ ...params, file: inBucket, reserveBytes: policy.backupDiskReserveMB * 1_048_576 }),
          { timeoutSeconds: 7200 },
        ),
      ],
      touches: [
        `${path}: ${lasting(ageSeconds)} old, ${sized(bytes)} (${sized(freeBytes)} are free)`,
        ...besides(inBucket).map(beside => `${path}.${beside}`),
      ],
      undo: `rm ${path} ${path}.*; the bucket keeps it`,
      expectedSeconds: 5 + Math.ceil(bytes / BYTES_A_SECOND),
    }
  },
})

/** What stands beside it in the bucket: the endings of its checksum and its manifest. */
const besides = ({ hasChecksum, hasManifest }: BucketBackup): string[] => [
  ...(hasChecksum ? ['sha256'] : []),
  ...(hasManifest ? ['manifest.json'] : []),
]

export interface FetchJob
  extends Pick<RestoreParams, 'bucketUrl' | 'bucketRegion' | 'bucketCredentials' | 'backupDirectory'> {
  readonly file: BucketBackup
  /** To stay free on the disk. */
  readonly reserveBytes: number
}

/**
 * Whatever ends it, nothing stays that could be taken for a backup. Its working directory begins with a dot, so that
 * neither a listing nor the cleaning of the nightly backup takes what is in it for something of theirs.
 */
export function fetchJob(job: FetchJob): Script {
  return sh`
    umask 077
    BUCKET_URL=${job.bucketUrl} BUCKET_REGION=${job.bucketRegion} BUCKET_CREDENTIALS=${job.bucketCredentials}
    directory=${job.backupDirectory} name=${job.file.name} bytes=${job.file.bytes} reserve=${job.reserveBytes}
    besides=${besides(job.file).join(' ')}
    ${WORDS}
    exec 9>>/run/kneeboard-fetch.lock || exit 1
    flock -n 9 || { say 'another backup is being fetched: nothing was done' >&2; exit 75; }
    mkdir -p -- "$directory" && cd -- "$directory" || exit 1
    [ ! -d "$work" ] || { rm -rf -- "$work" && say 'removed what an interrupted fetch had left'; }
    is_free "$name" || die "$directory/$name is there already"
    free=$(df -Pk . | awk 'END { printf "%.0f", $4 * 1024 }')
    [ "$free" -ge $((bytes + reserve)) ] ||
      die "no room: it takes $(megabytes "$bytes") and $(megabytes "$reserve") have to stay free, but $directory has $(megabytes "$free")"
    mkdir -- "$work" || exit 1
    trap leave EXIT
    trap 'exit 143' TERM INT HUP
    ${PROMISES}
    ${TRANSFER}
    ${NAMING}
  `
}

const WORDS = sh`
  work=.kneeboard-fetch expected= placed= otherwise='nothing was fetched'
  say() { printf '%s\\n' "$*"; }
  die() { say "$*; $otherwise" >&2; exit 1; }
  megabytes() { awk -v bytes="$1" 'BEGIN { printf "%.1f MB", bytes / 1000000 }'; }
  size() { stat -c %s -- "$1"; }
  is_free() { [ ! -e "$1" ] && [ ! -L "$1" ]; }
  # why: what curl said of the last request
  why() { grep -m 1 . "$work/said" 2>/dev/null || echo 'curl did not say why'; }
  # place FROM TO: by a rename, and never over something
  place() { is_free "$2" && mv -n -- "$1" "$2" && is_free "$1"; }
  ${verbatim(BUCKET_REQUEST.trim())}
  # get NAME TO: one object of the bucket, of at most so many bytes
  get() { bucket ${EMPTY_SHA256} --globoff --max-filesize "$3" --output "$work/$2" "$BUCKET_URL/$1" 2>"$work/said"; }
  leave() {
    status=$?
    trap - EXIT
    trap '' TERM INT HUP
    for beside in $placed; do rm -f -- "$beside"; done
    rm -rf -- "$work"
    exit "$status"
  }
`

/** First what is small: where it contradicts itself, the large file is not even asked for. */
const PROMISES = sh`
  for beside in $besides; do
    get "$name.$beside" "$name.$beside" ${LARGEST_BESIDE} || die "$name.$beside could not be fetched: $(why)"
    is_free "$name.$beside" || cmp -s "$work/$name.$beside" "$name.$beside" ||
      die "$directory/$name.$beside is there already, and says something else than the bucket’s: move it away first"
    case $beside in
      sha256)
        expected=$(head -c 64 "$work/$name.sha256")
        printf '%s\\n' "$expected" | grep -qxE '[0-9a-f]{64}' || die "rejected: $name.sha256 in the bucket holds no checksum"
        ;;
      manifest.json)
        noted=$(grep -o '"sha256" *: *"[0-9a-f]\\{64\\}"' "$work/$name.manifest.json" | head -n 1 | grep -o '[0-9a-f]\\{64\\}')
        length=$(grep -o '"bytes" *: *[0-9][0-9]*' "$work/$name.manifest.json" | head -n 1 | grep -o '[0-9]*$')
        [ -n "$noted" ] && [ -n "$length" ] || die "rejected: the manifest of $name in the bucket holds no checksum or no size"
        [ "$noted" = "\${expected:=$noted}" ] || die "rejected: checksum and manifest of $name in the bucket contradict each other"
        [ "$length" = "$bytes" ] ||
          die "rejected: the bucket has $bytes bytes of $name, and by its manifest it was made with $length: it was cut off or changed there"
        ;;
    esac
  done
`

/** The file's size limits what is written, whatever the bucket sends: a disk that is full stops PostgreSQL. */
const TRANSFER = sh`
  say "fetching $name, $(megabytes "$bytes"), to $directory"
  otherwise='nothing of it was kept'
  ( ulimit -f $((bytes / 512 + 1)); get "$name" "$name.part" "$bytes"; echo $? >"$work/status.new"; mv "$work/status.new" "$work/status" ) &
  until [ -e "$work/status" ]; do
    sleep 1
    got=$(size "$work/$name.part" 2>/dev/null) || got=0
    [ "$bytes" -eq 0 ] || say "fetched $(megabytes "$got") of $(megabytes "$bytes"), $((got * 100 / bytes)) %"
  done
  wait
  [ "$(cat "$work/status")" -eq 0 ] || die "$name could not be fetched: $(why)"
  got=$(size "$work/$name.part") || die "$name could not be fetched"
  [ "$got" = "$bytes" ] || die "rejected: the bucket lists $bytes bytes of $name, and gave $got"
  say 'holding it against its checksum'
  sha256=$(sha256sum <"$work/$name.part" | cut -c 1-64)
  [ "$sha256" = "\${expected:-$sha256}" ] ||
    die "rejected: what the bucket has as $name is not what was copied there: its SHA-256 is another"
`

/** The dump's own name comes last: who sees it sees all that belongs to it. */
const NAMING = sh`
  for file in "$name.part" $(for beside in $besides; do echo "$name.$beside"; done); do
    sync -- "$work/$file" || die "$file could not be brought to the disk"
  done
  for beside in $besides; do
    [ ! -e "$name.$beside" ] || continue
    place "$work/$name.$beside" "$name.$beside" || die "$name.$beside could not be given its name"
    placed="$placed $name.$beside"
  done
  place "$work/$name.part" "$name" || die "$name could not be given its name"
  placed=
  # It was read from the bucket just now, and is the same: what looks for the copy there need not read it again.
  [ -z "$expected" ] || [ -e "$name.copy.json" ] ||
    printf '{"url": "%s", "sha256": "%s", "at": "%s"}\\n' "$BUCKET_URL/$name" "$sha256" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$name.copy.json"
  sync -- . 2>/dev/null || sync
  say "fetched $directory/$name: $(megabytes "$bytes"), sha256 $sha256"
`
