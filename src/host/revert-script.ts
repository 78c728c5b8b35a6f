/**
 * The shell text of a revert that waits on the server: what arms it, what the server itself runs when the time is
 * up, what calls it off, and what reads how it stands.
 */

import { createHash } from 'node:crypto'
import { type Script, sh, verbatim } from '../model/script.ts'
import { SYSTEM_PATH } from './lane-script.ts'
import { STATE_DIRECTORY, STATE_SHELL } from './state-shell.ts'

/** Seconds after which a revert that hangs is ended. */
const REVERT_LIMIT_SECONDS = 300

/** Seconds after the service manager's start from which on a revert that is due fires: sshd is up by then. */
const AFTER_BOOT_SECONDS = 30

/** Seconds between two looks at the time, beside the timer's own: should one be missed, the next one fires. */
const LOOK_AGAIN_SECONDS = 60

/** A look this close to the time waits for it, as a timer that runs out during a look starts nothing. */
const NEAR_SECONDS = 10

/** Days after which what is left of a decided revert is removed. */
const KEPT_DAYS = 30

/**
 * What a revert's directory holds: `armed` (boot id, uptime and clock at that moment, seconds, how it is watched,
 * whether that survives a reboot), `decided` (a link to `called-off` or to `fired`), `result`, `output`.
 *
 * - `decide` is one link(2) to a file that is there already: exactly one side ever wins, on a full disk too.
 * - Time is measured by uptime, so that a changed clock changes nothing. After a reboot uptime says nothing and the
 *   clock decides; should the clock be wrong, the same number of seconds after the boot is the most it waits.
 */
const REVERT_SHELL = verbatim(`
read_armed() { read -r boot armed_uptime armed_clock seconds how persisted <"$dir/armed"; }
seconds_left() {
  read_armed || return 1
  now_boot=$(boot_id) now=$(uptime_seconds)
  left=$((armed_uptime + seconds - now))
  if [ "$boot" != "$now_boot" ]; then
    left=$((armed_clock + seconds - $(date +%s)))
    if read -r seen_boot seen_uptime <"$dir/seen" 2>/dev/null && [ "$seen_boot" = "$now_boot" ] &&
      [ "$left" -gt "$((seen_uptime + seconds - now))" ]; then left=$((seen_uptime + seconds - now)); fi
  fi
  [ "$left" -ge 0 ] || left=0
  [ "$left" -le "$seconds" ] || left=$seconds
}
decide() {
  [ ! -e "$dir/decided" ] || return 1
  touch "$dir/$1" 2>/dev/null; ln "$dir/$1" "$dir/decided" 2>/dev/null
}
watcher_alive() {
  read -r watcher watcher_started watcher_boot <"$dir/watcher" 2>/dev/null &&
    [ "$watcher_boot" = "$(boot_id)" ] && same_process "$watcher" "$watcher_started"
}
remove_units() {
  [ "$how" = systemd ] || return 0
  systemctl --quiet stop "$unit.timer" >/dev/null 2>&1
  for place in /etc/systemd/system /run/systemd/system; do
    rm -f "$place/$unit.timer" "$place/$unit.service" "$place/timers.target.wants/$unit.timer"
  done
  systemctl daemon-reload >/dev/null 2>&1
  systemctl --quiet reset-failed "$unit.timer" >/dev/null 2>&1
}
`)

/**
 * Run by the timer, after a boot, or (`wait`) as a process of its own where there is no systemd. A start that comes
 * too early is harmless. A revert that a crash cut in the middle runs again, as perhaps nobody can reach the server
 * to finish it by hand. When the decision cannot be written down at all, calling off cannot have been either; no
 * file that cannot be written keeps it from running. (`true >` and not `: >`: a failed redirection of a special
 * built-in ends a POSIX shell.)
 */
const FIRE = String.raw`
${STATE_SHELL.text}
${REVERT_SHELL.text}
unit=kneeboard-revert-$id
if true >>"$dir/log"; then exec 2>>"$dir/log"; fi
if true >>"$dir/alive" && command -v flock >/dev/null 2>&1; then
  exec 9>>"$dir/alive"
  flock -w 600 9 9>&9 || exit 1
fi
seconds_left || exit 1
write_file "$dir/watcher" "$$ $(process_started $$) $(boot_id)"
if [ "$boot" != "$(boot_id)" ] && ! grep -q "^$(boot_id) " "$dir/seen" 2>/dev/null; then
  write_file "$dir/seen" "$(boot_id) $(uptime_seconds)"
fi
true >"$dir/looked"
seconds_left
while [ "$left" -gt 0 ] && [ ! -e "$dir/decided" ] && { [ "$1" = wait ] || [ "$left" -le ${NEAR_SECONDS} ]; }; do
  short_sleep 1; seconds_left
done
[ "$left" -le 0 ] || [ -e "$dir/decided" ] || exit 0
decide fired || :
if [ "$(cat "$dir/decided" 2>/dev/null)" = called-off ] || [ -e "$dir/result" ]; then remove_units; exit 0; fi
sync_path "$dir"
output=$dir/output limited=
true >"$output" || output=/dev/null
if command -v timeout >/dev/null 2>&1; then limited='timeout -k 10 ${REVERT_LIMIT_SECONDS}'; fi
( exec 9>&-; umask 022; cd /
  exec env -i PATH=${SYSTEM_PATH} HOME=/root USER=root LOGNAME=root SHELL=/bin/sh LC_ALL=C TZ=UTC TERM=dumb \
    DEBIAN_FRONTEND=noninteractive $limited sh "$dir/revert" ) </dev/null >"$output" 2>&1
code=$?
rm -f "$dir/reserve"
write_once "$dir/result" "$code $(date +%s)"
sync_path "$dir"
remove_units
# Whatever the last command said: a unit that failed would stay in the list of failed ones for good.
exit 0
`

const ARM = verbatim(`
why=$(own_directory "$reverts") || refuse "$why"
find "$reverts" -mindepth 1 -maxdepth 1 -type d -mtime +${KEPT_DAYS} 2>/dev/null | while read -r old; do
  if [ -e "$old/decided" ]; then rm -rf "$old"; fi
done
why=$(mkdir "$dir" 2>&1) || [ -d "$dir" ] || refuse "$why"
full="the disk that holds $reverts cannot be written"
write_once "$dir/digest" "$digest" || [ -e "$dir/digest" ] || refuse "$full"
[ "$(cat "$dir/digest")" = "$digest" ] || refuse 'another revert was already armed under this id'
[ ! -e "$dir/decided" ] || refuse "this revert was already decided: $(cat "$dir/decided")"
how=process persisted=no
if [ -d /run/systemd/system ] && command -v systemctl >/dev/null 2>&1; then
  how=systemd units=/run/systemd/system
  if true >"/etc/systemd/system/.$unit" 2>/dev/null; then
    rm -f "/etc/systemd/system/.$unit"; units=/etc/systemd/system persisted=yes
  fi
fi
command -v setsid >/dev/null 2>&1 || [ "$how" = systemd ] || refuse 'a needed command is not installed: setsid'
write_file "$dir/revert" "$revert" &&
write_file "$dir/fire" "id=$id dir=$dir
$fire" &&
write_file "$dir/called-off" called-off && write_file "$dir/fired" fired &&
{ [ -e "$dir/reserve" ] || dd if=/dev/zero of="$dir/reserve" bs=8192 count=1 2>/dev/null; } &&
{ write_once "$dir/armed" "$(boot_id) $(uptime_seconds) $(date +%s) $seconds $how $persisted" || [ -e "$dir/armed" ]; } ||
  refuse "$full"
read_armed
take_back() { decide called-off; remove_units; refuse "$1"; }
rm -f "$dir/looked"
if [ "$how" = systemd ]; then
  write_file "$units/$unit.service" "[Unit]
Description=Kneeboard: undo a change unless it is called off ($id)
RequiresMountsFor=$dir
[Service]
Type=oneshot
KillMode=process
ExecStart=/bin/sh $dir/fire" &&
  write_file "$units/$unit.timer" "[Unit]
Description=Kneeboard: the time until a change is undone ($id)
[Timer]
OnActiveSec=$seconds
OnStartupSec=${AFTER_BOOT_SECONDS}
OnUnitInactiveSec=${LOOK_AGAIN_SECONDS}
AccuracySec=100ms
[Install]
WantedBy=timers.target" && chmod 644 "$units/$unit.service" "$units/$unit.timer" &&
  mkdir -p "$units/timers.target.wants" && chmod 755 "$units/timers.target.wants" &&
  ln -sf "../$unit.timer" "$units/timers.target.wants/$unit.timer" || take_back "$units cannot be written"
  sync_path "$units"; sync_path "$units/timers.target.wants"
  why=$(systemctl daemon-reload 2>&1 && systemctl --no-block start "$unit.service" 2>&1 && systemctl start "$unit.timer" 2>&1) ||
    take_back "systemd did not take the timer: $why"
elif watcher_alive; then true >"$dir/looked"
else
  setsid /bin/sh "$dir/fire" wait </dev/null >/dev/null 2>&1 &
fi
tries=0
until [ -e "$dir/looked" ] || [ "$tries" -ge 200 ]; do short_sleep 0.05; tries=$((tries + 1)); done
[ -e "$dir/looked" ] || take_back "what should fire it did not begin within 10 seconds"
sync_path "$dir"
`)

/** For a shell that has `dir`, `unit` and `reverts`: prints how the revert stands, what it printed, and `end`. */
const TELL = verbatim(String.raw`
if [ -e "$reverts" ] && { [ ! -r "$reverts" ] || [ ! -x "$reverts" ]; }; then
  echo "$reverts may not be read by this user" >&2; exit 1
fi
watched() { if [ "$how" = systemd ]; then systemctl --quiet is-active "$unit.timer"; else watcher_alive; fi; }
tell_decided() {
  if [ "$(cat "$dir/decided" 2>/dev/null)" = called-off ]; then echo state called-off; return; fi
  running=no code=- ended=-
  if [ ! -e "$dir/result" ] && watcher_alive; then running=yes; fi
  read -r code ended <"$dir/result" 2>/dev/null || :
  printf 'state fired %s %s %s\n' "$(date -r "$dir/fired" +%s)" "$code" "$running"
}
tell_state() {
  if [ ! -d "$dir" ]; then echo state absent; return; fi
  if [ -e "$dir/decided" ]; then tell_decided; return; fi
  if ! seconds_left 2>/dev/null; then echo state absent; return; fi
  if watched; then printf 'state armed %s %s\n' "$left" "$persisted"
  elif [ -e "$dir/decided" ]; then tell_decided
  elif [ "$how" = systemd ]; then echo 'state unwatched its timer is not active any more'
  else echo 'state unwatched the process that would fire it is gone'
  fi
}
tell_state
if command -v base64 >/dev/null 2>&1; then echo encoding base64; else echo encoding hex; fi
echo output
if [ -e "$dir/output" ]; then tail -c 65536 "$dir/output" | { if command -v base64 >/dev/null 2>&1; then base64; else od -An -v -tx1; fi; }; fi
echo end
`)

const place = (id: string): Script => sh`
  id=${id} reverts=${`${STATE_DIRECTORY}/reverts`}
  dir=$reverts/$id unit=kneeboard-revert-$id
  ${STATE_SHELL}
  ${REVERT_SHELL}`

/** Prints `refused WHY`, or how the revert stands once it is armed. Repeating it adds no time. */
export function armScript(id: string, revert: Script, seconds: number): Script {
  const digest = createHash('sha256').update(`${seconds}\n${revert.text}`).digest('hex')
  return sh`
    seconds=${seconds} digest=${digest}
    revert=${revert.text}
    fire=${FIRE}
    ${place(id)}
    ${ARM}
    ${TELL}`
}

/** Prints how the revert stands after the attempt to call it off. */
export function callOffScript(id: string): Script {
  return sh`
    ${place(id)}
    ${verbatim(CALL_OFF)}
    ${TELL}`
}

const CALL_OFF = `
if [ -d "$dir" ]; then
  [ -e "$dir/called-off" ] || write_file "$dir/called-off" called-off
  decide called-off || [ -e "$dir/decided" ] || { echo "$reverts cannot be written" >&2; exit 1; }
  if [ "$(cat "$dir/decided" 2>/dev/null)" = called-off ]; then
    sync_path "$dir"
    if read_armed 2>/dev/null; then remove_units; fi
  fi
fi
`

/** Prints how the revert stands. */
export function stateScript(id: string): Script {
  return sh`
    ${place(id)}
    ${TELL}`
}
