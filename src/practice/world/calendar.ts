/** Calendar expressions of timers, as far as they occur (systemd.time(7)): `*-*-* 00,12:00:00`, `daily`, `Mon *-*-* 03:00`. */

const NAMED: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00',
  hourly: '*-*-* *:00:00',
  daily: '*-*-* 00:00:00',
  weekly: 'Mon *-*-* 00:00:00',
  monthly: '*-*-01 00:00:00',
  yearly: '*-01-01 00:00:00',
}
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

interface Calendar {
  readonly days: readonly number[] | undefined
  readonly month: readonly number[] | undefined
  readonly date: readonly number[] | undefined
  readonly hour: readonly number[] | undefined
  readonly minute: readonly number[] | undefined
  readonly second: number
}

/** The expression as systemd writes it back; undefined when it is none. */
export function normalised(text: string): string | undefined {
  const plain = (NAMED[text.trim()] ?? text.trim()).replace(/ UTC$/, '')
  const parts = plain.split(/\s+/)
  const days = /^[A-Z][a-z]{2}/.test(parts[0] ?? '') ? `${parts.shift()} ` : ''
  const time = parts.find(part => part.includes(':')) ?? '00:00:00'
  const date = parts.find(part => part.includes('-') && !part.includes(':')) ?? '*-*-*'
  const fields = time.split(':')
  if (fields.length < 2) return undefined
  const whole = [...fields, '00']
    .slice(0, 3)
    .map(field => (/^\d$/.test(field) ? `0${field}` : field))
    .join(':')
  return `${days}${date} ${whole}`
}

function parse(text: string): Calendar | undefined {
  const plain = normalised(text)
  if (plain === undefined) return undefined
  const [, names, month = '*', date = '*', hour = '*', minute = '*', second = '0'] =
    /^(?:(\S+) )?[^-]+-([^-]+)-(\S+) ([^:]+):([^:]+):([\d*]+)/.exec(plain) ?? []
  return {
    days: names?.split(',').flatMap(name => {
      const [from = '', to = from] = name.split('..')
      const [first, last] = [DAYS.indexOf(from), DAYS.indexOf(to)]
      return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, offset) => (first + offset) % 7)
    }),
    month: field(month, 12),
    date: field(date, 31),
    hour: field(hour, 23),
    minute: field(minute, 59),
    second: Number(second) || 0,
  }
}

function field(text: string, most: number): number[] | undefined {
  if (text === '*') return undefined
  return text.split(',').flatMap(part => {
    const [, from = '0', to, step] = /^(\*|\d+)(?:\.\.(\d+))?(?:\/(\d+))?$/.exec(part) ?? []
    const first = from === '*' ? 0 : Number(from)
    if (to === undefined && step === undefined) return [first]
    const last = to === undefined ? most : Number(to)
    return Array.from(
      { length: Math.floor((last - first) / Number(step ?? 1)) + 1 },
      (_, index) => first + index * Number(step ?? 1),
    )
  })
}

/** The next time after `now`, in milliseconds, in UTC; undefined when there is none within two years. */
export function nextElapse(text: string, now: number): number | undefined {
  const calendar = parse(text)
  if (!calendar) return undefined
  const fits = (allowed: readonly number[] | undefined, value: number): boolean =>
    allowed === undefined || allowed.includes(value)
  const day = new Date(now)
  day.setUTCHours(0, 0, 0, 0)
  for (let ahead = 0; ahead < 731; ahead++) {
    const date = new Date(day.getTime() + ahead * 86_400_000)
    if (
      !fits(calendar.month, date.getUTCMonth() + 1) ||
      !fits(calendar.date, date.getUTCDate()) ||
      !fits(calendar.days, date.getUTCDay())
    )
      continue
    for (let minute = 0; minute < 1440; minute++) {
      if (!fits(calendar.hour, Math.floor(minute / 60)) || !fits(calendar.minute, minute % 60)) continue
      const at = date.getTime() + minute * 60_000 + calendar.second * 1000
      if (at > now) return at
    }
  }
  return undefined
}
