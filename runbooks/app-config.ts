/** The environment of the stack: complete, sound, private, the same everywhere, and the one that runs. */

import * as configuration from '../checks/configuration/index.ts'
import { runbook } from '../src/model/runbook.ts'

export const appConfig = runbook({
  id: 'app-config',
  title: 'Check the application’s configuration',
  purpose:
    'Before the first start, and whenever a changed value has no effect or a service cannot log in to another. It reads env files without any value leaving the server, generates what is to be random there, and recreates what runs with old values.',
  group: 'First day',
  minutes: 10,
  steps: [
    {
      id: 'files',
      title: 'The env files',
      why: 'They are there, complete, closed to others, and Compose reads them as they are written.',
      checks: [
        configuration.composeVariablesSet,
        configuration.envFilesPrivate,
        configuration.exampleKeysPresent,
        configuration.keysUnambiguous,
        configuration.criticalKeysFilled,
      ],
    },
    {
      id: 'secrets',
      title: 'Secrets',
      why: 'They are random, can be carried through shells and addresses, and both sides have the same.',
      checks: [
        configuration.secretKeyStrong,
        configuration.redisPasswordUsable,
        configuration.redisPasswordAgrees,
        configuration.databasePasswordAgrees,
      ],
    },
    {
      id: 'values',
      title: 'Values of this environment',
      why: 'Nothing of staging is in production, and the other way round.',
      checks: [
        configuration.backendUrlSound,
        configuration.allowedHosts,
        configuration.paymentKeyFits,
        configuration.sentryEnvironment,
        configuration.environmentValues,
      ],
    },
    {
      id: 'running',
      title: 'What runs',
      why: 'The containers were made with these values, and PostgreSQL takes them.',
      checks: [
        configuration.environmentCurrent,
        configuration.databasePasswordAccepted,
        configuration.postgresCertificate,
        configuration.paymentWebhookAnswers,
        configuration.frontDoor,
      ],
    },
  ],
})
