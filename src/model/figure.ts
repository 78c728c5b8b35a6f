/** A number worth comparing from run to run: how long a restore took, how much data it would lose. */

export interface Figure {
  /** As on a screen: "Recovery time". The same name in every run. */
  readonly name: string
  /** Zero or more. */
  readonly value: number
  readonly unit: 's' | 'B' | '%' | 'rows'
  /** What it is held against, in the same unit; left out where there is no target. */
  readonly target?: number | undefined
}

/** A figure's value as a person reads it: `42 s`, `13 min`, `3 h 20 min`, `2 days`, `1.4 GB`, `84 %`, `12,345 rows`. */
export function quantity(value: number, unit: Figure['unit']): string {
  switch (unit) {
    case 's':
      return duration(value)
    case 'B':
      return bytes(value)
    case '%':
      return `${Math.round(value)} %`
    case 'rows':
      return `${value.toLocaleString('en')} ${value === 1 ? 'row' : 'rows'}`
  }
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.round(hours / 24)} days`
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

function bytes(amount: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(amount) / 3))
  const scaled = amount / 1000 ** step
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`
}

/** A figure with what it is held against: `13 min of 4 h allowed`. */
export function figureWords({ value, unit, target }: Figure): string {
  const said = quantity(value, unit)
  return target === undefined ? said : `${said} of ${quantity(target, unit)} allowed`
}
