/** All runbooks, in the order in which they are listed. */

import type { AnyCheck } from '../src/model/check.ts'
import { checksOf, type Runbook } from '../src/model/runbook.ts'
import { serverSetup } from './server-setup.ts'

export const runbooks: readonly Runbook[] = [serverSetup]

/** Every check of every runbook, each once. */
export const allChecks: readonly AnyCheck[] = [...new Set(runbooks.flatMap(checksOf))]
