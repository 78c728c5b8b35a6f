/** The shell text by which a job on the server is started, read, stopped and cleaned up. Nothing is installed. */

import { createHash } from 'node:crypto'
import type { RunAs } from '../model/command.ts'
import { type Script, sh, verbatim } from '../model/script.ts'
import { STOP_GRACE_SECONDS, SUPERVISOR, TAIL_BYTES } from './job-supervisor.ts'
import { STATE_DIRECTORY, STATE_SHELL } from './state-shell.ts'

/** Days after which a job that has ended, and that nobody cleaned up, is removed. */
const KEPT_DAYS = 7

/** Seconds in which a supervisor must have begun; a start that did not is taken back. */
export const CLAIM_SECONDS = 10

/** Whose jobs: those of root (and of named users, watched over by root), or those of the login user. */
export function jobsDirectory(as: RunAs): Script {
  return as === 'login' ? verbatim('"$HOME/.local/state/kneeboard/jobs"') : sh`${`${STATE_DIRECTORY}/jobs`}`
}

/**
 * What tells a job's state from its files, for a shell that has `dir`. `alive` is 0 when the supervisor lives.
 * A status is looked for again after the supervisor was found gone: it may have ended in between.
 */
export const JOB_STATE_SHELL = verbatim(`
supervisor_alive() {
  read -r its_pid its_start its_boot its_liveness <"$1/claim/supervisor" 2>/dev/null || return 1
  [ "$its_boot" = "$(boot_id)" ] || return 1
  if [ "$its_liveness" = flock ] && command -v flock >/dev/null 2>&1; then
    ! flock -s -n "$1/alive" true
  else
    same_process "$its_pid" "$its_start"
  fi
}
command_alive() {
  read -r command_pid command_start <"$1/claim/command" 2>/dev/null || return 1
  [ "$its_boot" = "$(boot_id)" ] && same_process "$command_pid" "$command_start"
}
job_state() {
  [ -d "$1" ] || { echo absent; return; }
  [ ! -e "$1/status" ] || { cat "$1/status"; return; }
  [ -e "$1/claim/supervisor" ] || { echo starting; return; }
  if supervisor_alive "$1"; then echo running; return; fi
  [ ! -e "$1/status" ] || { cat "$1/status"; return; }
  if [ "$its_boot" != "$(boot_id)" ]; then echo lost rebooted no
  elif command_alive "$1"; then echo lost supervisor-killed yes
  else echo lost supervisor-killed no
  fi
}
never_ran() { mkdir "$1/claim" 2>/dev/null && write_file "$1/status" never && rm -f "$1/command"; }
find_job() {
  if [ -e "$jobs" ] && { [ ! -r "$jobs" ] || [ ! -x "$jobs" ]; }; then
    echo "$jobs may not be read by this user" >&2; exit 1
  fi
  dir=$jobs/$1
}
`)

export interface JobStart {
  readonly id: string
  readonly script: Script
  readonly as: RunAs
  readonly timeoutSeconds: number
  readonly maxBytes: number
}

/**
 * Prints `started`, `already-started` or `refused WHY`. May run any number of times at once: every file is put in
 * place whole and with the same content, and only a supervisor decides whether the command runs.
 */
export function startScript(job: JobStart): Script {
  const { id, script, as, timeoutSeconds, maxBytes } = job
  const user = as.startsWith('user:') ? as.slice('user:'.length) : ''
  const digest = createHash('sha256').update(`${as}\n${script.text}`).digest('hex')
  return sh`
    id=${id} digest=${digest} limit=${timeoutSeconds} keep=${maxBytes} user=${user}
    jobs=${jobsDirectory(as)}
    command=${script.text}
    supervisor=${SUPERVISOR}
    ${STATE_SHELL}
    ${JOB_STATE_SHELL}
    ${START}`
}

const START = verbatim(String.raw`
why=$(own_directory "$jobs") || refuse "$why"
dir=$jobs/$id
find "$jobs" -mindepth 1 -maxdepth 1 -type d -mtime +${KEPT_DAYS} 2>/dev/null | while read -r old; do
  if [ -e "$old/status" ]; then rm -rf "$old"; fi
done
why=$(mkdir "$dir" 2>&1) || [ -d "$dir" ] || refuse "$why"
write_once "$dir/digest" "$digest" || [ -e "$dir/digest" ] || refuse "the disk that holds $jobs cannot be written"
[ "$(cat "$dir/digest")" = "$digest" ] || refuse "another command was already started under this id"
if [ -e "$dir/claim" ]; then echo already-started; exit 0; fi
as_root() { [ "$(id -u)" = 0 ]; }
become=
if [ -n "$user" ]; then
  user_id=$(id -u "$user" 2>/dev/null) || refuse "there is no user $user on this server"
  if command -v setpriv >/dev/null 2>&1; then
    become="setpriv --reuid=$user_id --regid=$(id -g "$user") --init-groups --"
  elif command -v runuser >/dev/null 2>&1; then become="runuser -u $user --"
  else refuse "neither setpriv nor runuser is there to become $user"
  fi
  home=$( (getent passwd "$user" || grep "^$user:" /etc/passwd) 2>/dev/null | cut -d: -f6)
else
  user=$(id -un) home=$HOME
fi
for needed in setsid mkfifo dd; do
  command -v "$needed" >/dev/null 2>&1 || refuse "a needed command is not installed: $needed"
done
if ! as_root && [ "$(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 \
  org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null)" = 'b true' ]; then
  refuse "this server ends what a user left running when the user logs out (KillUserProcesses=yes in logind.conf)"
fi
quoted() { printf '%s\n' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"; }
write_file "$dir/command" "$command" &&
write_file "$dir/supervise" "dir=$(quoted "$dir") limit=$limit keep=$keep user=$(quoted "$user") home=$(quoted "$home")
become='$become' command_umask=$callers_umask
$supervisor" &&
{ [ -e "$dir/reserve" ] || dd if=/dev/zero of="$dir/reserve" bs=8192 count=1 2>/dev/null; } ||
  refuse "the disk that holds $jobs cannot be written"
detach() { setsid /bin/sh "$dir/supervise" </dev/null >/dev/null 2>&1 & }
if as_root && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1; then
  systemd-run --quiet --collect --unit="kneeboard-job-$id" --description="Kneeboard job $id" \
    -p KillMode=process -p TimeoutStopSec=$((${STOP_GRACE_SECONDS} * 2)) -p IgnoreSIGPIPE=no -p OOMPolicy=continue \
    /bin/sh "$dir/supervise" </dev/null >"$dir/log" 2>&1 ||
    [ -e "$dir/claim" ] || systemctl --quiet is-active "kneeboard-job-$id" || detach
else
  detach
fi
tries=0
until [ -e "$dir/claim/supervisor" ] || [ -e "$dir/status" ] || [ "$tries" -ge ${CLAIM_SECONDS * 20} ]; do
  short_sleep 0.05; tries=$((tries + 1))
done
if never_ran "$dir"; then refuse "its supervisor did not begin within ${CLAIM_SECONDS} seconds: $(tail -n 1 "$dir/log" 2>/dev/null)"; fi
if [ -e "$dir/status" ]; then rm -f "$dir/command" "$dir/supervise" "$dir/reserve"; fi
echo started
`)

/** At most so many bytes of output in one answer: in base64 well below a lane's cap for one command. */
export const CHUNK_BYTES = 262_144

/**
 * Prints `state …`, `size N` (bytes of the first part), `data`, a chunk in base64 or hex, `tail`, the end of what
 * did not fit (only in the last answer for a job that is done), and `end`. Encoded, so that no output can look like
 * an answer of ours, and so that no character is cut in two on its way.
 */
export function pollScript(id: string, as: RunAs, fromByte: number): Script {
  return sh`
    jobs=${jobsDirectory(as)}
    from=${fromByte}
    ${STATE_SHELL}
    ${JOB_STATE_SHELL}
    find_job ${id}
    ${POLL}`
}

const POLL = verbatim(String.raw`
state=$(job_state "$dir")
set -- $state
size=0
[ ! -e "$dir/out" ] || size=$(wc -c <"$dir/out")
kept=$size total=$size
if [ "$1" = done ]; then kept=$4 total=$5; fi
encode() { if command -v base64 >/dev/null 2>&1; then base64; else od -An -v -tx1; fi; }
printf 'state %s\nsize %s\ntotal %s\n' "$state" "$((kept))" "$((total))"
if command -v base64 >/dev/null 2>&1; then echo encoding base64; else echo encoding hex; fi
count=$((kept - from))
[ "$count" -le ${CHUNK_BYTES} ] || count=${CHUNK_BYTES}
echo data
if [ "$count" -gt 0 ]; then tail -c "+$((from + 1))" "$dir/out" | head -c "$count" | encode; fi
echo tail
if [ "$1" = done ] && [ "$total" -gt "$kept" ] && [ "$((from + count))" -ge "$kept" ]; then
  full=$(cat "$dir/tails" 2>/dev/null) || full=0
  cat "$dir/tail.$(((full + 1) % 2))" "$dir/tail.$((full % 2))" 2>/dev/null | tail -c ${TAIL_BYTES} | encode
fi
echo end
`)

/** Prints the state once the job has ended: its command's group gets SIGTERM, and SIGKILL after a grace period. */
export function stopScript(id: string, as: RunAs): Script {
  return sh`
    jobs=${jobsDirectory(as)}
    ${STATE_SHELL}
    ${JOB_STATE_SHELL}
    find_job ${id}
    ${STOP}`
}

const STOP = verbatim(`
set -- $(job_state "$dir")
case $1 in
  starting) never_ran "$dir" || short_sleep 0.5 ;;
  lost)
    if ! supervisor_alive "$dir" && command_alive "$dir"; then
      kill -s TERM -- "-$command_pid" 2>/dev/null
      tries=0
      while kill -s 0 -- "-$command_pid" 2>/dev/null && [ "$tries" -lt ${STOP_GRACE_SECONDS * 10} ]; do
        short_sleep 0.1; tries=$((tries + 1))
      done
      kill -s KILL -- "-$command_pid" 2>/dev/null
      tries=0
      while command_alive "$dir" && [ "$tries" -lt 50 ]; do short_sleep 0.1; tries=$((tries + 1)); done
    fi ;;
esac
set -- $(job_state "$dir")
if [ "$1" = running ]; then
  true >"$dir/stop" || exit 1
  supervisor_alive "$dir" && kill -s TERM "$its_pid"
  tries=0
  until [ -e "$dir/status" ] || [ "$tries" -ge ${(STOP_GRACE_SECONDS * 2 + 5) * 10} ]; do
    short_sleep 0.1; tries=$((tries + 1))
  done
fi
job_state "$dir"
`)

/** Takes back a start whose supervisor never began, so that it cannot begin later. Prints the state. */
export function takeBackScript(id: string, as: RunAs): Script {
  return sh`
    jobs=${jobsDirectory(as)}
    ${STATE_SHELL}
    ${JOB_STATE_SHELL}
    find_job ${id}
    if [ -d "$dir" ]; then never_ran "$dir" || :; fi
    job_state "$dir"`
}

/** Prints `cleaned`, `running` or `absent`. What still runs, even unwatched, is never removed. */
export function cleanScript(id: string, as: RunAs): Script {
  return sh`
    jobs=${jobsDirectory(as)}
    ${STATE_SHELL}
    ${JOB_STATE_SHELL}
    find_job ${id}
    set -- $(job_state "$dir")
    case "$1 $3" in
      absent*) echo absent ;;
      starting* | running* | "lost yes") echo running ;;
      *) mv "$dir" "$jobs/.cleaned.$$" && rm -rf "$jobs/.cleaned.$$" && echo cleaned ;;
    esac`
}
