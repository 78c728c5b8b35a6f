/** Numbers over time in one row: how a drill or a runbook went, run after run. Pure. */

import type { Symbols } from './symbols.ts'

/**
 * One cell for each value, the oldest first; the lowest sign stands for `low`, the highest for `high`.
 *
 * @param columns cells to use: the newest values that fit. @param range default: from 0 to the largest value.
 */
export function sparkline(
  values: readonly number[],
  columns: number,
  { sparks }: Pick<Symbols, 'sparks'>,
  range: { low: number; high: number } = { low: 0, high: Math.max(0, ...values) },
): string {
  const shown = values.slice(Math.max(0, values.length - columns))
  const span = range.high - range.low
  const top = sparks.length - 1
  return shown
    .map(value => {
      const share = span <= 0 ? 0 : (value - range.low) / span
      // Anything above the lowest is visibly so: one failure among forty checks is not nothing.
      const step = value <= range.low ? 0 : Math.max(1, Math.round(Math.min(1, share) * top))
      return sparks[step] ?? ''
    })
    .join('')
}
