/** The thresholds in force: the table's own, with the operator's `policy.json` over them. */

import { z } from 'zod'
import { defaultPolicy, type Policy, type ThresholdName, thresholds } from '../model/policy.ts'
import { openJsonFile } from './json-file.ts'

const names = Object.keys(thresholds) as ThresholdName[]
const PolicyFile = z.partialRecord(
  z.enum(names as [ThresholdName, ...ThresholdName[]]),
  z.number().positive(),
)

/** @throws Failure (78) for a broken file or a name that no threshold has. */
export function readPolicy(folder: string): Policy {
  const own = openJsonFile(folder, 'policy', PolicyFile, {}).read()
  return { ...defaultPolicy, ...(own as Partial<Policy>) }
}
