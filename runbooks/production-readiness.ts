/** The launch checklist: what can be checked is checked, the rest is asked, and who said yes is written down. */

import * as configuration from '../checks/configuration/index.ts'
import { healthContract } from '../checks/monitoring/endpoint.ts'
import * as containers from '../checks/readiness/containers.ts'
import { launch } from '../checks/readiness/launch.ts'
import * as proofs from '../checks/readiness/proofs.ts'
import * as web from '../checks/readiness/web.ts'
import { runbook } from '../src/model/runbook.ts'

export const productionReadiness = runbook({
  id: 'production-readiness',
  title: 'Ready for customers?',
  purpose:
    'Before the launch, and every quarter after it. It looks at the site as strangers see it, at how the containers are made, at backups, drills and the age of secrets, and asks for what no server can tell. The server itself is server-setup’s business.',
  group: 'Every quarter',
  minutes: 20,
  steps: [
    {
      id: 'strangers',
      title: 'As strangers see it',
      why: 'Headers, redirects, and ports that are tried from your machine.',
      checks: [web.securityHeaders, web.httpsRedirect, web.portsClosed],
    },
    {
      id: 'containers',
      title: 'The containers',
      why: 'None is root, none can take all the memory, and none fills the disk.',
      checks: [
        containers.notRoot,
        containers.notPrivileged,
        containers.limited,
        containers.logsRotate,
        containers.imagesWithoutSecrets,
      ],
    },
    {
      id: 'application',
      title: 'The application',
      why: 'Its settings are those of production, and its health speaks.',
      checks: [
        proofs.djangoReady,
        configuration.envFilesPrivate,
        configuration.paymentKeyFits,
        configuration.sentryEnvironment,
        configuration.environmentValues,
        healthContract,
      ],
    },
    {
      id: 'proofs',
      title: 'Proofs that wear out',
      why: 'A backup of last night, a drill of this month, secrets of this quarter.',
      checks: [proofs.backupsProven, proofs.drillFresh, proofs.secretsAge],
    },
    {
      id: 'people',
      title: 'What people stand for',
      why: 'No server knows it: somebody says it, and is written down.',
      checks: launch,
    },
  ],
})
