/** Parameters of the reset of a staging stack. */

import { z } from 'zod'
import {
  backendService,
  backupDirectory,
  composeFile,
  databaseService,
  redisService,
} from '../stack-parameters.ts'

export const seedCommand = z
  .string()
  .regex(/^$|^[a-z_][a-z0-9_]*$/, 'the name of a management command')
  .default('')
  .describe('A management command that puts test data into the empty shop; empty: none')

export const resetShape = {
  composeFile,
  backendService,
  databaseService,
  redisService,
  backupDirectory,
  seedCommand,
}
export const resetParams = z.object(resetShape)
export type ResetParams = z.infer<typeof resetParams>
