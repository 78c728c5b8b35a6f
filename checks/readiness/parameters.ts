import { z } from 'zod'
import { configurationShape } from '../configuration/parameters.ts'
import { confirmedBy } from '../confirmed/confirmed.ts'
import { webPorts } from '../parameters.ts'
import { backupDirectory } from '../stack-parameters.ts'

/** TCP ports that are tried from the operator's own machine: where the parts of a shop listen by themselves. */
export const closedPorts = z
  .preprocess(
    value =>
      typeof value === 'string'
        ? value
            .split(/[\s,]+/)
            .filter(part => part !== '')
            .map(Number)
        : value,
    z.array(z.number().int().min(1).max(65_535)),
  )
  .default([2375, 2376, 3000, 5432, 5555, 6379, 8000, 9090])
  .describe('TCP ports that must be closed to the world: they are tried from your machine')

export const readinessParams = z.object({
  ...configurationShape,
  backupDirectory,
  confirmedBy,
  webPorts,
  closedPorts,
})
export type ReadinessParams = z.infer<typeof readinessParams>
