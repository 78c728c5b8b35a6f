/**
 * The shell text that watches over one job on the server. It outlives the connection, lets the command run once,
 * keeps a bounded part of what it prints, and writes down how it ended.
 */

import { SYSTEM_PATH } from './lane-script.ts'
import { STATE_SHELL } from './state-shell.ts'

/** Bytes kept from the end of the output once the first part is full. */
export const TAIL_BYTES = 65_536

/** Seconds between SIGTERM and SIGKILL for a job that is stopped or passed its time limit. */
export const STOP_GRACE_SECONDS = 5

/**
 * The command's whole environment. needrestart only lists what it would restart: services that nobody was asked
 * about are not to be restarted behind an apt run (needrestart(1), `-r l`).
 */
const ENVIRONMENT = [
  `PATH=${SYSTEM_PATH}`,
  'SHELL=/bin/sh LC_ALL=C TZ=UTC TERM=dumb PAGER=cat SYSTEMD_PAGER=cat',
  'DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l',
  'DOCKER_CLI_HINTS=false COMPOSE_ANSI=never',
].join(' ')

/**
 * Reads `dir`, `limit` (seconds), `keep` (bytes), `user`, `home`, `become` and `command_umask` from the lines put
 * before it.
 *
 * - However many supervisors are started, `mkdir claim` lets one go on: that is what makes a job run at most once.
 * - The lock on `alive` lasts as long as the supervisor: no process id can be mistaken for it. All that it starts
 *   gets descriptor 9 closed, so that a daemon left behind does not look like a running job.
 * - Stop and time limit arrive as signals, because only the parent can be sure that a process id is still the
 *   command's. SIGTERM without the mark `stop` is the server shutting down: then no end is written, and the job
 *   counts as lost, which is the truth.
 * - The output goes through a pipe, so that neither a flood nor a full disk stops the command; a daemon left
 *   behind keeps its pipe and is neither waited for (beyond 2 s) nor ended. Only dd(1) with `count=1` writes what
 *   it read at once and never reads more than asked; a pause after a short read keeps its starts to 20 a second.
 * - The command waits until it is written down which process it is: so it can be found when the supervisor dies.
 * - The script is read from descriptor 3 before rights are dropped, so no other user ever needs to read its file;
 *   the file is gone before the end is written.
 */
export const SUPERVISOR = String.raw`
trap '' HUP
why=exit pid=
${STATE_SHELL.text}
cd /
if [ -e "$dir/claim" ]; then exit 0; fi
exec 2>>"$dir/log"
liveness=process
if command -v flock >/dev/null 2>&1; then
  exec 9>>"$dir/alive"
  flock -w 10 9 9>&9 && liveness=flock
fi
mkdir "$dir/claim" || exit 0
end_command() {
  [ -n "$pid" ] || return 0
  kill -s TERM -- "-$pid" 2>/dev/null || kill -s TERM "$pid" 2>/dev/null
  ( exec 9>&-; sleep ${STOP_GRACE_SECONDS}; kill -s KILL -- "-$pid" ) 2>/dev/null &
  killer=$!
}
trap 'signalled=1; if [ -e "$dir/stop" ]; then why=stopped; else why=shutdown; fi; end_command' TERM
trap 'signalled=1; [ "$why" != exit ] || why=timeout; end_command' USR1
write_file "$dir/claim/supervisor" "$$ $(process_started $$) $(boot_id) $liveness" || exit 1
take() {
  had=0
  true >"$1" || return 1
  while [ "$had" -lt "$2" ]; do
    block=$(($2 - had))
    [ "$block" -le 65536 ] || block=65536
    dd bs="$block" count=1 >>"$1" 2>/dev/null || return 1
    now=$(($(wc -c <"$1")))
    [ "$now" -gt "$had" ] || return 1
    [ "$((now - had))" = "$block" ] || short_sleep 0.05
    had=$now
  done
}
keep_output() {
  take "$dir/out" "$keep" || return
  full=0
  while take "$dir/tail.$((full % 2))" ${TAIL_BYTES}; do
    full=$((full + 1))
    printf '%s\n' "$full" >"$dir/tails"
  done
}
mkfifo "$dir/pipe" || exit 1
( exec 9>&-; keep_output; cat >/dev/null; true >"$dir/captured" ) <"$dir/pipe" >/dev/null &
(
  exec 9>&-
  trap - HUP TERM USR1
  umask "$command_umask"
  until [ -e "$dir/claim/command" ]; do short_sleep 0.01; done
  exec setsid env -i ${ENVIRONMENT} HOME="$home" USER="$user" LOGNAME="$user" $become sh -c '
    cd "$HOME" 2>/dev/null || cd /
    script=$(cat <&3); exec 3<&-
    eval "$script"' kneeboard-job 3<"$dir/command"
) </dev/null >"$dir/pipe" 2>&1 &
pid=$!
if ! write_file "$dir/claim/command" "$pid $(process_started "$pid")"; then
  kill -s KILL "$pid"
  rm -f "$dir/command" "$dir/supervise" "$dir/pipe" "$dir/reserve"
  write_file "$dir/status" never
  exit 1
fi
[ "$why" = exit ] || end_command
setsid sh -c 'sleep "$1"; [ "$(sed "s/.*) //" "/proc/$2/stat" | cut -d" " -f20)" = "$3" ] && kill -s USR1 "$2"' \
  watchdog "$limit" "$$" "$(process_started $$)" </dev/null >/dev/null 2>&1 9>&- &
watchdog=$!
code=127 waited=
while :; do
  signalled=
  wait "$pid"
  status=$?
  # A second wait for a command whose end was already collected says 127: then the first answer stands.
  if [ "$status" != 127 ] || [ -z "$waited" ]; then code=$status; fi
  waited=1
  [ -n "$signalled" ] || break
done
kill -s TERM -- "-$watchdog" 2>/dev/null || kill -s TERM "$watchdog" 2>/dev/null
if [ "$why" != exit ]; then
  tries=0
  while kill -s 0 -- "-$pid" 2>/dev/null && [ "$tries" -lt ${STOP_GRACE_SECONDS * 10} ]; do
    short_sleep 0.1; tries=$((tries + 1))
  done
  kill -s KILL -- "-$pid" 2>/dev/null
  kill -s TERM "$killer" 2>/dev/null
fi
[ "$why" != shutdown ] || exit 143
tries=0
until [ -e "$dir/captured" ] || [ "$tries" -ge 40 ]; do short_sleep 0.05; tries=$((tries + 1)); done
kept=$(wc -c <"$dir/out") || kept=0
total=$kept
if [ -e "$dir/tail.0" ]; then
  full=$(cat "$dir/tails" 2>/dev/null) || full=0
  total=$((kept + full * ${TAIL_BYTES} + $(wc -c <"$dir/tail.$((full % 2))")))
fi
rm -f "$dir/command" "$dir/supervise" "$dir/pipe" "$dir/reserve"
printf '%s\n' "done $code $why $((kept)) $total" >"$dir/status.new" || exit 1
sync_path "$dir/status.new"
mv "$dir/status.new" "$dir/status"
sync_path "$dir"
`
