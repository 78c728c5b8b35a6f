/** The shell text of the lock between operators. */

import { type Script, sh, verbatim } from '../model/script.ts'
import { JOB_STATE_SHELL, jobsDirectory } from './job-script.ts'
import { STATE_DIRECTORY, STATE_SHELL } from './state-shell.ts'

/** One lock as its owner writes it. */
export interface LockText {
  readonly run: string
  readonly holder: string
  readonly what: string
  readonly leaseSeconds: number
}

/**
 * The lock is one file, replaced by a rename, and only ever changed under flock(1), which a crash of whoever holds
 * it sets free by itself. Its lines: run, holder, what, lease, clock and boot and uptime when taken, and boot and
 * uptime when last renewed. Uptime, because a clock may jump while somebody works.
 */
const LOCK_SHELL = verbatim(String.raw`
why=$(own_directory "$state") || refuse "$why"
command -v flock >/dev/null 2>&1 || refuse 'a needed command is not installed: flock'
true >>"$state/lock.mutex" || refuse "$state cannot be written"
exec 9>>"$state/lock.mutex"
flock -w 20 9 9>&9 || refuse 'another command has kept the lock file busy for 20 seconds'
now_boot=$(boot_id) now=$(uptime_seconds)
read_lock() {
  its_run=
  if [ -s "$lock" ]; then
    { read -r its_run; read -r its_holder; read -r its_what; read -r its_lease
      read -r its_since; read -r its_boot; read -r its_taken; read -r its_beat_boot; read -r its_beat; } <"$lock"
  fi
}
put_lock() {
  write_file "$lock" "$run
$holder
$what
$lease
$1
$2
$3
$now_boot
$now" && sync_path "$lock" && sync_path "$state" && return 0
  refuse "the disk that holds $state cannot be written"
}
running_jobs() {
  for job in "$jobs"/*; do
    case $(job_state "$job") in running | 'lost supervisor-killed yes') printf 'job %s\n' "$(basename "$job")" ;; esac
  done
}
tell() {
  printf 'answer %s\nboot %s\nuptime %s\nclock %s\n' "$1" "$now_boot" "$now" "$(date +%s)"
  read_lock
  [ -z "$its_run" ] || { echo lock; cat "$lock"; }
  running_jobs
  echo end
  exit 0
}
`)

const place = (run: string): Script => sh`
  state=${STATE_DIRECTORY} jobs=${jobsDirectory('root')}
  lock=$state/lock run=${run}
  ${STATE_SHELL}
  ${JOB_STATE_SHELL}
  ${LOCK_SHELL}
  read_lock`

const fields = (text: LockText): Script =>
  sh`holder=${text.holder} what=${text.what} lease=${text.leaseSeconds}`

/** Takes a free lock, or renews our own (after an answer that was lost). `answer taken` or `answer held`. */
export function takeScript(text: LockText): Script {
  return sh`
    ${place(text.run)}
    ${fields(text)}
    if [ -z "$its_run" ]; then put_lock "$(date +%s)" "$now_boot" "$now"; tell taken; fi
    if [ "$its_run" = "$run" ]; then put_lock "$its_since" "$its_boot" "$its_taken"; tell taken; fi
    tell held`
}

/** `answer renewed`, or `answer lost` when it is not ours any more. */
export function renewScript(text: LockText): Script {
  return sh`
    ${place(text.run)}
    ${fields(text)}
    [ "$its_run" = "$run" ] || tell lost
    put_lock "$its_since" "$its_boot" "$its_taken"
    tell renewed`
}

/** `answer released` or `answer not-held`. */
export function releaseScript(run: string): Script {
  return sh`
    ${place(run)}
    [ "$its_run" = "$run" ] || tell not-held
    rm -f "$lock" || refuse "$lock cannot be removed"
    tell released`
}

/**
 * Compare and swap: takes the lock over only if it is the very one that was shown, not renewed since, and no job
 * runs on the server; also when it has become free. `answer taken` or `answer held`.
 */
export function takeOverScript(text: LockText, shown: { run: string; beat: string }): Script {
  return sh`
    ${place(text.run)}
    ${fields(text)}
    if [ -z "$its_run" ] || [ "$its_run" = "$run" ]; then put_lock "$(date +%s)" "$now_boot" "$now"; tell taken; fi
    if [ "$its_run" = ${shown.run} ] && [ "$its_beat_boot $its_beat" = ${shown.beat} ] && [ -z "$(running_jobs)" ]; then
      put_lock "$(date +%s)" "$now_boot" "$now"; tell taken
    fi
    tell held`
}

/** Reads who holds the lock, changes nothing. `answer seen`. */
export function lookScript(): Script {
  return sh`
    ${place('')}
    tell seen`
}
