/** Once a month: what the automation saved last, restored for real in a container of its own, measured, and removed. */

import { drillTrend } from '../checks/drill/due.ts'
import { drillHeld, drillRemoved } from '../checks/drill/held.ts'
import { backupByAutomation, roomForDrill } from '../checks/drill/ready.ts'
import { recoveryPoint, recoveryTime } from '../checks/drill/recovery.ts'
import {
  boots,
  businessTruths,
  integrity,
  migrationsMatch,
  negativeControl,
  readable,
  restoredInDrill,
  rowsInDrill,
} from '../checks/drill/rungs.ts'
import { runbook } from '../src/model/runbook.ts'

export const restoreDrill = runbook({
  id: 'restore-drill',
  title: 'Restore drill',
  purpose:
    'Proves, once a month, that the backups can be restored and how long that takes. It uses the newest backup of the automation, in a container without a network beside the shop, and leaves nothing but its figures.',
  group: 'Every month',
  minutes: 10,
  steps: [
    {
      id: 'ready',
      title: 'What it is held with',
      why: 'The automation’s own backup, and room for it beside the shop.',
      checks: [backupByAutomation, roomForDrill],
    },
    {
      id: 'drill',
      title: 'The drill',
      why: 'The clock runs from the decision to an application that answers.',
      checks: [drillHeld],
    },
    {
      id: 'ladder',
      title: 'The ladder',
      why: 'Each rung was climbed; one that could not be made fails the drill.',
      checks: [
        readable,
        restoredInDrill,
        migrationsMatch,
        rowsInDrill,
        integrity,
        businessTruths,
        boots,
        negativeControl,
      ],
    },
    {
      id: 'result',
      title: 'What it came to',
      why: 'Measured against the targets, written down, and nothing left behind.',
      checks: [recoveryTime, recoveryPoint, drillRemoved, drillTrend],
    },
  ],
})
