/**
 * The part of the backup script that copies to an S3-compatible bucket. curl signs (AWS Signature Version 4); the key
 * stands in a file that only root can read, and never on a command line. The copy counts once it has been read back.
 */

import { EMPTY_SHA256 } from '../../src/facts/bucket.ts'

export { EMPTY_SHA256 }

/** One PUT takes at most this much, by S3's rule. Bytes. */
export const LARGEST_OBJECT = 5 * 1024 ** 3

/** The one word that talks to a bucket, for the backup script and for the job that fetches a backup back. */
export const BUCKET_REQUEST = `# bucket SHA256 ARGUMENTS…: one signed request; the body's checksum is signed too, so that the bucket verifies it.
bucket() {
  sum=$1
  shift
  curl --disable --silent --show-error --fail --config "$BUCKET_CREDENTIALS" --aws-sigv4 "aws:amz:$BUCKET_REGION:s3" \\
    --header "x-amz-content-sha256: $sum" --header 'Expect:' --connect-timeout 20 --speed-limit 1024 --speed-time 60 \\
    --retry 2 "$@"
}
`

export const BUCKET_PART = `
${BUCKET_REQUEST}upload() { bucket "$(sha256sum <"$1" | cut -c 1-64)" --upload-file "$1" "$BUCKET_URL/$1" >/dev/null; }
copy_to_bucket() {
  [ -n "$BUCKET_URL" ] || return 0
  case $(stat -c '%a %u' -- "$BUCKET_CREDENTIALS" 2>/dev/null) in
    '600 0' | '400 0') ;;
    *) say "not copied: $BUCKET_CREDENTIALS must be there, root's, and mode 600" >&2; return 1 ;;
  esac
  [ "$bytes" -le ${LARGEST_OBJECT} ] || { say 'not copied: one upload takes at most 5 GB' >&2; return 1; }
  say "copying to $BUCKET_URL/$name.dump"
  upload "$name.dump" && upload "$name.dump.sha256" || { say 'not copied: the upload failed' >&2; return 1; }
  back=$(bucket ${EMPTY_SHA256} "$BUCKET_URL/$name.dump" | sha256sum | cut -c 1-64)
  [ "$back" = "$sha256" ] || { say 'not copied: what was read back from the bucket is something else' >&2; return 1; }
  # Last, so that a bucket with a manifest holds the whole backup.
  upload "$name.dump.manifest.json" || { say 'not copied: the upload of the manifest failed' >&2; return 1; }
  printf '{"url": "%s", "sha256": "%s", "at": "%s"}\\n' "$BUCKET_URL/$name.dump" "$back" "$(date +%Y-%m-%dT%H:%M:%SZ)" \\
    >"$name.dump.copy.json" || return 1
  say "copied, and read back with the same checksum"
}
`
