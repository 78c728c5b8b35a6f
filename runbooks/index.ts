/** All runbooks, in the order in which they are listed. */

import type { AnyCheck } from '../src/model/check.ts'
import { checksOf, type Runbook } from '../src/model/runbook.ts'
import { appConfig } from './app-config.ts'
import { backup } from './backup.ts'
import { bySymptom } from './by-symptom.ts'
import { databaseCreation } from './database-creation.ts'
import { deploy } from './deploy.ts'
import { firstDeployment } from './first-deployment.ts'
import { migrationRollback } from './migration-rollback.ts'
import { monitoring } from './monitoring.ts'
import { productionReadiness } from './production-readiness.ts'
import { restore } from './restore.ts'
import { restoreDrill } from './restore-drill.ts'
import { restoreUndo } from './restore-undo.ts'
import { rollback } from './rollback.ts'
import { serverSetup } from './server-setup.ts'
import { sslIssuance } from './ssl-issuance.ts'
import { sslRenewal } from './ssl-renewal.ts'
import { stagingReset } from './staging-reset.ts'
import { troubleshooting } from './troubleshooting.ts'

export const runbooks: readonly Runbook[] = [
  serverSetup,
  appConfig,
  sslIssuance,
  sslRenewal,
  troubleshooting,
  ...bySymptom,
  databaseCreation,
  backup,
  stagingReset,
  deploy,
  rollback,
  monitoring,
  productionReadiness,
  migrationRollback,
  restore,
  restoreUndo,
  restoreDrill,
  firstDeployment,
]

/** Every check of every runbook, each once. */
export const allChecks: readonly AnyCheck[] = [
  ...new Map(
    runbooks
      .flatMap(checksOf)
      .reverse()
      .map(check => [check.id, check]),
  ).values(),
].reverse()
