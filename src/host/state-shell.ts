/** Shell functions for state that Kneeboard keeps on a server: shared by jobs, reverts and the lock. */

import { verbatim } from '../model/script.ts'

/**
 * What survives a reboot: jobs, reverts and the lock of root. Not under /run, which a reboot empties: that work
 * was going on when the server went down is exactly what the next operator must be told.
 */
export const STATE_DIRECTORY = '/var/lib/kneeboard'

/**
 * - `write_file` replaces a file in one step; `write_once` creates it with its content in one step, and fails
 *   when somebody else did so first (link(2) never overwrites).
 * - `process_started` is field 22 of /proc/PID/stat (proc(5)): with the process id it names a process for as
 *   long as the machine is up. Empty for a zombie, which is no longer alive.
 * - `own_directory` refuses a link and another user's directory, as a planted one could be either.
 */
export const STATE_SHELL = verbatim(String.raw`
callers_umask=$(umask)
umask 077
refuse() { printf 'refused %s\n' "$1"; exit 0; }
boot_id() { cat /proc/sys/kernel/random/boot_id; }
uptime_seconds() { cut -d. -f1 /proc/uptime; }
process_started() { sed -n 's/.*) //; /^Z/!p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
same_process() { [ -n "$1" ] && [ -n "$2" ] && [ "$(process_started "$1")" = "$2" ]; }
write_new() {
  cat >"$1" <<END_OF_CONTENT
$2
END_OF_CONTENT
}
write_file() {
  write_new "$1.new.$$" "$2" && mv -f "$1.new.$$" "$1" && return 0
  rm -f "$1.new.$$"; return 1
}
write_once() {
  if write_new "$1.new.$$" "$2" && sync_path "$1.new.$$" && ln "$1.new.$$" "$1" 2>/dev/null; then
    rm -f "$1.new.$$"; return 0
  fi
  rm -f "$1.new.$$"; return 1
}
sync_path() { sync "$1" 2>/dev/null || :; }
own_directory() {
  mkdir -p "$1" 2>/dev/null || { printf 'the directory %s cannot be made: %s\n' "$1" "$(mkdir -p "$1" 2>&1)"; return 1; }
  if [ -L "$1" ] || [ ! -O "$1" ]; then
    printf '%s is a link or belongs to somebody else\n' "$1"; return 1
  fi
  chmod 700 "$1"
}
short_sleep() { sleep "$1" 2>/dev/null || sleep 1; }
`)
