/** Certbot: where it came from, and what renews certificates by itself. */

import type { ReadContext } from '../model/check.ts'
import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** One certbot on the server. */
export interface CertbotProgram {
  readonly path: string
  /** Where its links lead. */
  readonly resolved: string
  readonly origin: 'distribution' | 'snap' | 'by hand'
  /** Empty when it did not say. */
  readonly version: string
}

/** Every certbot that a login or a timer would find; the same program under two names counts once. */
export const certbotPrograms = fact('certbot/programs', async (context): Promise<CertbotProgram[]> => {
  const result = await context.run(
    sh`
      for path in /usr/local/bin/certbot /usr/bin/certbot /snap/bin/certbot /opt/certbot/bin/certbot; do
        if [ -x "$path" ]; then
          owner=$(dpkg-query -S "$(readlink -f "$path")" 2>/dev/null | head -n 1)
          printf '%s\\t%s\\t%s\\t%s\\n' "$path" "$(readlink -f "$path")" "$owner" \\
            "$(timeout 30 "$path" --version 2>/dev/null | head -n 1)"
        fi
      done
    `,
    { as: 'root', timeoutSeconds: 60 },
  )
  return parsePrograms(outputOf(result, 'where certbot is installed'))
})

/** Reads lines of `path TAB resolved TAB owning package TAB version`. */
export function parsePrograms(text: string): CertbotProgram[] {
  const programs = new Map<string, CertbotProgram>()
  for (const line of text.split('\n')) {
    const [path, resolved, owner, said] = line.split('\t')
    if (path === undefined || resolved === undefined || said === undefined) continue
    const snap = path.startsWith('/snap/') || resolved === '/usr/bin/snap'
    const origin = snap ? 'snap' : owner ? 'distribution' : 'by hand'
    const version = /(\d+(?:\.\d+)+)/.exec(said)?.[1] ?? ''
    const key = snap ? 'snap' : resolved
    if (!programs.has(key)) programs.set(key, { path, resolved, origin, version })
  }
  return [...programs.values()]
}

/** A systemd timer that renews. */
export interface RenewalTimer {
  readonly unit: string
  readonly active: boolean
  readonly enabled: boolean
  /** Its calendar expressions, as systemd has normalised them. */
  readonly calendar: readonly string[]
  /** Times in the 24 hours after its next run, that one included. */
  readonly runsADay: number
  /** The most it may be late on purpose. */
  readonly jitterSeconds: number
}

/** The third is Kneeboard’s own, for certbot in a Compose service (`src/facts/renewal.ts`). */
const TIMERS = ['certbot.timer', 'snap.certbot.renew.timer', 'kneeboard-certificates.timer']

/** The timers of the distribution's package and of the snap, of which a server has either, both or none. */
export const renewalTimers = fact('certbot/renewal-timers', async (context): Promise<RenewalTimer[]> => {
  const timers = await Promise.all(TIMERS.map(unit => readTimer(context, unit)))
  return timers.filter(timer => timer !== null)
})

async function readTimer(context: ReadContext, unit: string): Promise<RenewalTimer | null> {
  const result = await context.run(sh`
    systemctl show ${unit} -p LoadState -p ActiveState -p UnitFileState -p TimersCalendar -p RandomizedDelayUSec
  `)
  const properties = outputOf(result, `the state of ${unit}`)
  const shown = parseTimer(properties)
  if (shown === null) return null
  let runsADay = 0
  for (const expression of shown.calendar) {
    const elapses = await context.run(
      sh`TZ=UTC systemd-analyze calendar --iterations=50 ${expression} | grep UTC`,
      { timeoutSeconds: 20 },
    )
    runsADay += countRunsADay(outputOf(elapses, `when ${unit} runs`))
  }
  return { unit, ...shown, runsADay }
}

/** Reads `systemctl show` of a timer; null when there is no such unit. @throws Unreadable when it says nothing. */
export function parseTimer(text: string): Omit<RenewalTimer, 'unit' | 'runsADay'> | null {
  const values = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '')
  const [load] = values('LoadState')
  if (load === undefined) throw new Unreadable('systemctl show gave no state of the timer')
  if (load === 'not-found') return null
  return {
    active: values('ActiveState')[0] === 'active',
    // A masked unit is loaded as `masked`; the snap's timers are generated and enabled all the same.
    enabled: ['enabled', 'enabled-runtime', 'static', 'generated'].includes(values('UnitFileState')[0] ?? ''),
    calendar: values('TimersCalendar').flatMap(value => {
      const expression = /OnCalendar=(.+?) ;/.exec(value)?.[1]
      return expression === undefined ? [] : [expression]
    }),
    jitterSeconds: seconds(values('RandomizedDelayUSec')[0] ?? '0'),
  }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  d: 86400,
  w: 604800,
}

/** systemd's way to write a time span: `12h`, `1min 30s`, `0`. */
export function seconds(span: string): number {
  return [...span.matchAll(/([\d.]+)(us|ms|min|s|h|d|w)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  )
}

/**
 * How many of the elapses that `systemd-analyze calendar --iterations` printed lie within a day of the first.
 *
 * @throws Unreadable when there is none: an expression that never elapses would be a run too few to notice.
 */
export function countRunsADay(text: string): number {
  const times = [...text.matchAll(/(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC/g)].map(([, day, time]) =>
    Date.parse(`${day}T${time}Z`),
  )
  const unique = [...new Set(times)].sort((one, other) => one - other)
  const [first] = unique
  if (first === undefined) throw new Unreadable('systemd-analyze gave no time at which the timer runs')
  return unique.filter(time => time < first + 86_400_000).length
}

/** A line of a crontab that renews. */
export interface RenewalCron {
  readonly file: string
  readonly line: string
  /** How often on days on which it runs; null when the fields are more than plain lists and steps. */
  readonly runsADay: number | null
}

/** Crontab lines that call `certbot renew`, without those that stand back where systemd runs (Debian's own). */
export const renewalCrons = fact('certbot/renewal-crons', async (context): Promise<RenewalCron[]> => {
  const result = await context.run(
    sh`
      for file in /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/*; do
        if [ -f "$file" ]; then grep -H certbot "$file"; fi
      done
      true
    `,
    { as: 'root' },
  )
  return parseCrons(outputOf(result, 'the crontabs'))
})

/** Reads `file:line` as grep prints it. */
export function parseCrons(text: string): RenewalCron[] {
  return text.split('\n').flatMap(found => {
    const at = found.indexOf(':')
    const file = found.slice(0, at)
    const line = found.slice(at + 1).trim()
    if (at < 1 || line.startsWith('#') || !/certbot\b.*\brenew\b/.test(line)) return []
    if (line.includes('/run/systemd/system')) return []
    return [{ file, line, runsADay: cronRunsADay(line) }]
  })
}

/** Counts by the minute and hour fields alone. */
export function cronRunsADay(line: string): number | null {
  const named = { '@daily': 1, '@midnight': 1, '@hourly': 24, '@weekly': 0, '@monthly': 0, '@yearly': 0 }
  const [minute = '', hour = '', day, month, weekday] = line.split(/\s+/)
  if (minute in named) return named[minute as keyof typeof named]
  if (day !== '*' || month !== '*' || weekday !== '*') return 0
  const minutes = fieldCount(minute, 60)
  const hours = fieldCount(hour, 24)
  return minutes === null || hours === null ? null : minutes * hours
}

function fieldCount(field: string, size: number): number | null {
  let count = 0
  for (const part of field.split(',')) {
    const match = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/([1-9]\d*))?$/.exec(part)
    if (!match) return null
    const [, star, from = '0', to, step = '1'] = match
    const span = star ? size : to === undefined ? 1 : Number(to) - Number(from) + 1
    count += Math.ceil(span / Number(step))
  }
  return count
}
