/** The best score of each scenario, kept from one day to the next. */

import { z } from 'zod'
import { openJsonFile } from '../../config/json-file.ts'

const ScoresFile = z.strictObject({
  best: z.record(z.string(), z.number().int().min(0).max(100)).default({}),
})

export interface BestScores {
  /** By the scenario's name. @throws Failure (78) for a broken file. */
  read(): Readonly<Record<string, number>>
  /** Keeps it when it is the best. @throws Failure (78) when it cannot be written. */
  keep(scenario: string, points: number): { readonly points: number; readonly isNew: boolean }
}

/** @param folder where Kneeboard keeps what it has noticed. */
export function openBestScores(folder: string): BestScores {
  const file = openJsonFile<z.input<typeof ScoresFile>>(folder, 'practice', ScoresFile as never, {})
  const read = () => ScoresFile.parse(file.read()).best
  return {
    read,
    keep(scenario, points) {
      const best = read()
      const before = best[scenario]
      if (before !== undefined && before >= points) return { points: before, isNew: false }
      file.write({ best: { ...best, [scenario]: points } })
      return { points, isNew: true }
    },
  }
}
