/** The whole first day: from a server that was just delivered to a shop that serves, is watched, and can be left alone. */

import { fileChecks } from '../checks/configuration/index.ts'
import { gate } from '../checks/deploy/gate.ts'
import { imagesHere, stackRuns, webStarted } from '../checks/start/stack.ts'
import { runbook } from '../src/model/runbook.ts'
import { appConfig } from './app-config.ts'
import { databaseCreation } from './database-creation.ts'
import { inARow, onceThat, part } from './journey.ts'
import { monitoring } from './monitoring.ts'
import { serverSetup } from './server-setup.ts'
import { sslIssuance } from './ssl-issuance.ts'

const steps = {
  /** Nothing runs yet: the files alone are looked at. */
  configuration: appConfig.steps.map(step => ({
    ...step,
    checks: step.checks.filter(check => fileChecks.some(({ id }) => id === check.id)),
  })),
  database: databaseCreation.steps.filter(({ id }) => id !== 'tables'),
  tables: databaseCreation.steps.filter(({ id }) => id === 'tables'),
  /** The rest needs a person, and days: it is a runbook of its own. */
  monitoring: monitoring.steps.filter(({ id }) => id === 'endpoint' || id === 'sentry'),
}

const { componentsHealthy, taskReturns, pagesAnswer } = gate(['start/stack-runs'], [], async () => [])

const afterStart = (parts: typeof steps.monitoring) =>
  parts.map(step => ({ ...step, checks: step.checks.map(onceThat('start/stack-runs')) }))

export const firstDeployment = runbook({
  id: 'first-deployment',
  title: 'The first day',
  purpose:
    'From a server that was just delivered, with the application’s files in place, to a shop that customers can use: server-setup, app-config, database-creation, ssl-issuance, the start, migrations, health and monitoring, one after the other. It can be left at any step: `kneeboard runs resume` goes on there, and what is done already is found done.',
  group: 'First day',
  minutes: 45,
  steps: inARow(
    part('server', 'Server', serverSetup.steps),
    part('configuration', 'Configuration', steps.configuration),
    part('database', 'Database', steps.database),
    [
      {
        id: 'port-80',
        title: 'Certificate: somebody answers on port 80',
        why: 'The CA asks there, and nginx starts only with what it leads to.',
        checks: [imagesHere, webStarted],
      },
    ],
    part('certificate', 'Certificate', sslIssuance.steps),
    [
      {
        id: 'start',
        title: 'Start: every service',
        why: 'All of the Compose file, healthy.',
        checks: [stackRuns],
      },
    ],
    part('migrations', 'Migrations', steps.tables),
    [
      {
        id: 'health',
        title: 'Health: the gate of every deployment',
        why: 'Every component, a task’s whole way, pages as customers get them.',
        checks: [componentsHealthy, taskReturns, pagesAnswer],
      },
    ],
    part('monitoring', 'Monitoring', afterStart(steps.monitoring)),
  ),
})
