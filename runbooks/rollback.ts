/** Back to the release that was good, by digest, when its code can live with today's schema. */

import * as rollbackChecks from '../checks/rollback/checks.ts'
import { runbook } from '../src/model/runbook.ts'

export const rollback = runbook({
  id: 'rollback',
  title: 'Go back to the release before',
  purpose:
    'For a release that does harm: errors above a tenth of the requests, something that customers need, wrong data, or a hole. It finds what was good, makes sure that it can run on the schema as it is now, and holds it against the same gate as a deployment.',
  group: 'Incident',
  minutes: 5,
  steps: [
    {
      id: 'target',
      title: 'What to go back to',
      why: 'The release that was found good, and a schema that it can live with.',
      checks: [rollbackChecks.targetKnown, rollbackChecks.schemaFits],
    },
    { id: 'back', title: 'Into place', checks: [rollbackChecks.backInPlace] },
    {
      id: 'gate',
      title: 'The gate',
      why: 'The same as after a deployment: that it was good once does not say that it is now.',
      checks: [rollbackChecks.componentsHealthy, rollbackChecks.taskReturns, rollbackChecks.pagesAnswer],
    },
  ],
})
