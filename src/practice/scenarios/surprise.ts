import { randomInt } from 'node:crypto'
import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

/** One of the incidents, picked at random; what it is called tells nothing until the end. */
export function surpriseOf(incidents: readonly Scenario[]): Scenario {
  const picked = incidents[randomInt(incidents.length)]
  if (!picked) throw new Error('there is no incident to pick from')
  return { ...picked, ...briefOf('surprise'), reveals: picked.title }
}
