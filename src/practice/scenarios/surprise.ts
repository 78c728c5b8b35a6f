import { randomInt } from 'node:crypto'
import type { Scenario } from './scenario.ts'

/** One of the incidents, picked at random; what it is called tells nothing. */
export function surpriseOf(incidents: readonly Scenario[]): Scenario {
  const picked = incidents[randomInt(incidents.length)]
  if (!picked) throw new Error('there is no incident to pick from')
  return {
    ...picked,
    name: 'surprise',
    title: 'A surprise',
    briefing: 'The phone rings: “The shop is broken.” That is all that they say.',
  }
}
