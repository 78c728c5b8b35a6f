/** What the containers have written: errors grouped by signature, and what requests were answered last. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh, verbatim } from '../model/script.ts'
import { stackContainers } from './containers.ts'
import { sayFunction, sectionsOf } from './sections.ts'

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly text: string
}

export interface ServiceLog {
  readonly service: string
  /** Lines that speak of an error, oldest first, the last 40 of them. */
  readonly errors: readonly LogLine[]
  /** Paths that a GET was answered with a status of 500 or more, and how it was answered the last time. */
  readonly failing: readonly FailingPath[]
  /** The last line of all; null when it has said nothing. */
  readonly last: LogLine | null
}

export interface FailingPath {
  /** Without what stands after `?`. */
  readonly path: string
  readonly lastStatus: number
  /** Answers with 500 or more, in what was read of the log. */
  readonly failures: number
  /** When it was last answered so, milliseconds since the epoch. */
  readonly lastFailure: number
}

export interface Logs {
  /** The server’s clock when they were read, milliseconds since the epoch. */
  readonly now: number
  readonly services: ReadonlyMap<string, ServiceLog>
}

/** Bytes read from the end of each log: some thousand lines, read in milliseconds whatever its size. */
const TAIL_BYTES = 300_000

/** Words by which programs of such a stack announce an error, as awk reads them. */
const ERROR_WORDS = [
  '(^|[^A-Za-z_])(ERROR|FATAL|PANIC|CRITICAL|Traceback|OOM|MISCONF|NOAUTH|WRONGPASS)([^A-Za-z_]|$)',
  '[A-Za-z](Error|Exception): ',
  '\\[(error|crit|alert|emerg)\\]',
  'No such option|Killed|too many clients|No space left',
].join('|')

/** At most so many lines of errors, and paths that fail, of one service. */
const MOST_LINES = 40

// Each log is read once: seven of them three times over took longer than all else that is asked of a stack.
const FUNCTIONS = sh`
  ${sayFunction}
  lines() {
    if [ -r "$2" ]; then tail -c ${TAIL_BYTES} "$2"
    else docker logs --timestamps --tail 1500 "$1" 2>&1 |
      sed 's/\\\\/\\\\\\\\/g; s/"/\\\\"/g; s/^\\([^ ]*\\) \\(.*\\)$/{"log":"\\2","time":"\\1"}/'
    fi
  }
  one() {
    say "$1"
    lines "$2" "$3" | awk '
      { final = $0 }
      /\\\\"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) / {
        if (match($0, /\\\\"GET [^" ]* HTTP\\/[0-9.]+\\\\" [0-9][0-9][0-9]/)) {
          split(substr($0, RSTART + 2, RLENGTH - 2), part, " ")
          path = part[2]; sub(/[?].*/, "", path); path = substr(path, 1, 120); status = part[4]
          # A failure that only we have met is none of a visitor.
          if (status >= 500 && /\\\\"kneeboard\\\\"/) next
          last[path] = status
          if (status >= 500) { failures[path]++; at[path] = $0 }
        }
        next
      }
      /${verbatim(ERROR_WORDS)}/ { errors[seen++ % ${MOST_LINES}] = $0 }
      END {
        for (path in failures) {
          if (paths++ == ${MOST_LINES}) break
          sub(/.*"time":"/, "", at[path]); sub(/".*/, "", at[path]); print "Q", last[path], failures[path], at[path], path
        }
        for (n = seen > ${MOST_LINES} ? seen - ${MOST_LINES} : 0; n < seen; n++) print "E", errors[n % ${MOST_LINES}]
        if (final != "") print "L", final
      }' | sed -e 's,://[^/@ ]*@,://…@,g' -e 's/^\\([EL] .\\{500\\}\\).*\\(","stream".*\\)$/\\1\\2/'
  }
`

/**
 * The files of the driver `json-file` are read where they lie: asking the daemon for seven logs takes a second of its
 * time. Other drivers are asked for through Docker. Passwords in URLs are blanked on the server.
 */
export const stackLogs = fact('stack/logs', async (context, composeFile: string): Promise<Logs> => {
  const containers = await context.read(stackContainers, composeFile)
  const calls = containers
    .filter(({ isOneOff }) => !isOneOff)
    .map(({ service, id, logPath }) => sh`one ${service} ${id} ${logPath === '' ? '-' : logPath}`.text)
  const result = await context.run(
    sh`
      ${FUNCTIONS}
      date +%s
      ${{ text: calls.join('\n') }}
      true
    `,
    { as: 'root' },
  )
  return parseLogs(outputOf(result, 'the logs of the stack'))
})

/** Reads what the script printed. The server’s clock stands before the first section. */
export function parseLogs(text: string): Logs {
  const now = Number(/^(\d{9,11})$/m.exec(text)?.[1] ?? Number.NaN) * 1000
  const services = new Map<string, ServiceLog>()
  for (const [service, lines] of sectionsOf(text)) {
    const of = (kind: string): string[] =>
      lines.filter(line => line.startsWith(`${kind} `)).map(line => line.slice(2))
    services.set(service, {
      service,
      errors: of('E').flatMap(logLine),
      failing: of('Q').flatMap(failingPath),
      last: of('L').flatMap(logLine)[0] ?? null,
    })
  }
  return { now, services }
}

/** A line of the driver `json-file`. One that was cut in the middle by the tail is left out. */
function logLine(line: string): LogLine[] {
  try {
    const { log, time } = JSON.parse(line) as { log: string; time: string }
    return [{ at: Date.parse(time), text: log.trimEnd() }]
  } catch {
    return []
  }
}

/** `500 3 2026-11-21T12:00:00.123456789Z /api/products/`. */
function failingPath(line: string): FailingPath[] {
  const [, status, failures, time, path] = /^(\d+) (\d+) (\S+) (.*)$/.exec(line) ?? []
  if (path === undefined || time === undefined) return []
  return [{ path, lastStatus: Number(status), failures: Number(failures), lastFailure: Date.parse(time) }]
}

/**
 * What a line says without what changes from one time to the next: times, numbers, ids, addresses and quoted values.
 * Lines with the same signature are the same error. Pure.
 */
export function signatureOf(text: string): string {
  return text
    .replace(/^\[?\d{4}[-/]\d{2}[-/]\d{2}[ T][\d:.,]+(?: ?(?:UTC|Z|[+-]\d{4}))?\]?[: ]*/, '')
    .replace(/^\[\d+\]\s+/, '')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|0x[0-9a-f]+/gi, '#')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 160)
}
