/** Ages and sizes as a person says them. */

/** `40 minutes`, `5 hours`, `3 days`: as a person says how old something is. */
export function lasting(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const
  const [size, word] =
    units.find(([length]) => seconds >= length * 2) ??
    units.find(([length]) => seconds >= length) ??
    ([1, 'second'] as const)
  const count = Math.max(0, Math.floor(seconds / size))
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** `25.5 MB`, `1.3 GB`. */
export function sized(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${Math.ceil(bytes / 1000)} kB`
}
