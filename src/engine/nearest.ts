/** The name that was probably meant. */

import { distance } from 'fastest-levenshtein'

/** @returns the nearest of the names, or undefined when none is near: at most a third of its letters differ. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map(name => ({
      name,
      distance: name.startsWith(typed) ? 0.5 : distance(typed.toLowerCase(), name.toLowerCase()),
    }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.ceil(best.name.length / 3))
    ? best.name
    : undefined
}
