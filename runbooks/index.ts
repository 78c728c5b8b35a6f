/** All runbooks, in the order in which they are listed. */

import type { AnyCheck } from '../src/model/check.ts'
import { checksOf, type Runbook } from '../src/model/runbook.ts'
import { serverSetup } from './server-setup.ts'
import { sslIssuance } from './ssl-issuance.ts'
import { sslRenewal } from './ssl-renewal.ts'

export const runbooks: readonly Runbook[] = [serverSetup, sslIssuance, sslRenewal]

/** Every check of every runbook, each once. */
export const allChecks: readonly AnyCheck[] = [
  ...new Map(
    runbooks
      .flatMap(checksOf)
      .reverse()
      .map(check => [check.id, check]),
  ).values(),
].reverse()
