/** Parameters of everything that looks at the database itself. */

import { z } from 'zod'
import { backendService, composeFile, databaseService } from '../stack-parameters.ts'

export const databaseShape = { composeFile, backendService, databaseService }
export const databaseParams = z.object(databaseShape)
export type DatabaseParams = z.infer<typeof databaseParams>
