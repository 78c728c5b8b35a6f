/**
 * The text that is sent to a lane's shell. Everything travels on its standard input: neither a script nor its
 * input is ever part of a command line, where every user of the server could read it.
 */

import { quote } from '../model/script.ts'

/** Directories searched for commands; administrative ones too, which a login user's own path lacks. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin'

/** Seconds between the polite and the final signal when a command passes its time limit. */
export const KILL_AFTER_SECONDS = 2

/**
 * What every script may count on, whoever runs it. GOGC: Docker's client lives for 30 ms, a quarter of which it would
 * spend collecting its garbage; with 800 that begins at some 36 MB, and is bounded for one that lives longer.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  TZ: 'UTC',
  PAGER: 'cat',
  SYSTEMD_PAGER: 'cat',
  DOCKER_CLI_HINTS: 'false',
  GOGC: '800',
  COMPOSE_ANSI: 'never',
  DEBIAN_FRONTEND: 'noninteractive',
}
const ASSIGNMENTS = Object.entries(SETTINGS)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ')

/**
 * Whose shell a lane is. A login brings its own surroundings; root by sudo still has the caller's. Other users'
 * commands run from root's lane, where their groups are read afresh each time.
 */
export type LaneUser = 'login' | 'root'

/**
 * The first thing a lane's shell reads: its surroundings, the two functions that set marks, and the mark that
 * says it is ready: process id, user id, and whether timeout(1) is there. The nonce is a shell variable that is
 * never exported, so no command that runs in the lane can know it.
 */
export function prelude(nonce: string, user: LaneUser): string {
  return `unset _kb ENV BASH_ENV CDPATH; _kb=${nonce}
${user === 'root' ? 'HOME=~root; USER=root LOGNAME=root; export HOME USER LOGNAME; cd || cd /' : ':'}
PATH=${SYSTEM_PATH}${user === 'login' ? '${PATH:+:$PATH}' : ''}
${ASSIGNMENTS}
export PATH ${Object.keys(SETTINGS).join(' ')}
_kb_begin() { printf '%s begin %s\\n' "$_kb" "$1"; printf '%s begin %s\\n' "$_kb" "$1" >&2; }
_kb_end() { printf '%s pid %s %s\\n' "$_kb" "$1" "$!"; wait "$!"; set -- "$1" "$?"; printf '%s end %s %s\\n' "$_kb" "$1" "$2"; printf '%s end %s\\n' "$_kb" "$1" >&2; }
printf '%s ready %s %s %s\\n' "$_kb" "$$" "$(id -u)" "$(command -v timeout >/dev/null 2>&1 && echo timeout || echo bare)"
`
}

export interface LaneCommand {
  readonly id: number
  readonly script: string
  readonly limitSeconds: number
  /** Bytes for its standard input, as text; /dev/null when left out. */
  readonly input?: string | undefined
  /** Another user to run as; the lane must be root's. The name has been through a schema. */
  readonly user?: string | undefined
}

/**
 * One framed command. It runs under timeout(1), which makes it a process group of its own: the limit holds even
 * when the connection is gone, and ends the whole group. The script is read from descriptor 3 so that standard
 * input is the command's own.
 */
export function framedCommand(nonce: string, command: LaneCommand): string {
  const { id, script, limitSeconds, input, user } = command
  const shell = user === undefined ? 'sh /dev/fd/3' : shellOf(user)
  const limited = `timeout -k ${KILL_AFTER_SECONDS} ${limitSeconds} ${shell} 3<<'${nonce}s'`
  const before = user === undefined ? '' : lookUp(id, user)
  const body = `exec 3<&-; ${script}\n${nonce}s\n`
  if (input === undefined) return `_kb_begin ${id}\n${before}${limited} </dev/null &\n${body}_kb_end ${id}\n`
  const encoded = Buffer.from(input, 'utf8')
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n')
  return `_kb_begin ${id}\n${before}base64 -d <<'${nonce}i' | ${limited} &\n${encoded}${nonce}i\n${body}_kb_end ${id}\n`
}

/** The user's group, looked up now; a mark says when there is no such user. */
function lookUp(id: number, user: string): string {
  return `_kb_group=$(id -g ${user} 2>/dev/null) || printf '%s nouser %s\\n' "$_kb" ${id}\n`
}

/**
 * A shell of that user: groups read afresh from disk, surroundings as after a login. It cannot open descriptor 3
 * anew, because the pipe is root's, so it reads what it inherited.
 */
function shellOf(user: string): string {
  const surroundings = `USER=${user} LOGNAME=${user} SHELL=/bin/sh PATH=${SYSTEM_PATH} ${ASSIGNMENTS}`
  const start = `HOME=~${user}; export HOME; cd 2>/dev/null || cd /; eval "$(cat <&3)"`
  return `setpriv --reuid=${user} --regid="$_kb_group" --init-groups env -i ${surroundings} sh -c '${start}'`
}

/** Ends a command that runs in another lane of the same user: timeout(1) passes the signal to its whole group. */
export function endProcess(pid: number): string {
  return `kill -TERM ${pid} 2>/dev/null || :`
}

/** A word for a login shell of any kind (sh, csh, fish): refuses what those quote differently. */
export function loginShellWord(word: string): string {
  if (/['!\\\n\0]/.test(word)) throw new RangeError('this word cannot be quoted for every login shell')
  return quote(word)
}
