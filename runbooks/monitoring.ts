/** Whoever is to be woken is woken: what monitors read is right, and each alert has been seen to arrive. */

import * as celery from '../checks/celery/queue.ts'
import { memoryLeft } from '../checks/machine/condition.ts'
import { alerts } from '../checks/monitoring/alerts.ts'
import { answersInTime, healthContract, healthPublic } from '../checks/monitoring/endpoint.ts'
import { sentryOn, sentryRelease } from '../checks/monitoring/sentry.ts'
import { uptime } from '../checks/monitoring/uptime.ts'
import { logsRotate } from '../checks/readiness/containers.ts'
import { backupsProven } from '../checks/readiness/proofs.ts'
import * as redis from '../checks/redis/condition.ts'
import { diskHasSpace } from '../checks/system/index.ts'
import type { AnyCheck } from '../src/model/check.ts'
import { runbook } from '../src/model/runbook.ts'

/** Here it is looked at by itself: what it stands after is troubleshooting’s business. */
const alone = (check: AnyCheck): AnyCheck => ({ ...check, after: [] })

export const monitoring = runbook({
  id: 'monitoring',
  title: 'See that alerts arrive',
  purpose:
    'After the first deployment, and every quarter. It reads what monitors read, asks the containers what they report under, sends a test event for each alert where you agree, and writes down who saw it arrive. When an alert wakes you: “down” and “errors” lead to troubleshooting and rollback, “certificate” to ssl-renewal.',
  group: 'Every quarter',
  minutes: 30,
  steps: [
    {
      id: 'endpoint',
      title: 'What monitors read',
      why: 'Health by component, open to monitors, in good time.',
      checks: [healthContract, healthPublic, answersInTime],
    },
    {
      id: 'signals',
      title: 'What runs out in silence',
      why: 'Disk, memory, queues, logs and backups give no error until it is too late.',
      checks: [
        diskHasSpace,
        alone(memoryLeft),
        alone(redis.memoryLeft),
        alone(redis.noEviction),
        alone(celery.queueShort),
        alone(celery.beatSends),
        logsRotate,
        backupsProven,
      ],
    },
    {
      id: 'sentry',
      title: 'Sentry',
      why: 'Environment and release as the containers have them.',
      checks: [sentryOn, sentryRelease],
    },
    {
      id: 'alerts',
      title: 'Each alert, seen to arrive',
      why: 'A rule that was never seen to fire is a wish.',
      checks: alerts,
    },
    { id: 'uptime', title: 'Eyes from outside', why: 'A server cannot report its own end.', checks: uptime },
  ],
})
