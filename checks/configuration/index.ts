/** The checks of the stack's configuration, in the order in which they are shown. */

import { allowedHosts, backendUrlSound, paymentWebhookAnswers } from './addresses.ts'
import { composeVariablesSet } from './compose-variables.ts'
import { databasePasswordAccepted, databasePasswordAgrees } from './database-password.ts'
import { envFilesPrivate } from './env-files-private.ts'
import { environmentCurrent } from './environment-current.ts'
import { environmentValues, sentryEnvironment } from './environment-values.ts'
import { frontDoor } from './front-door.ts'
import { criticalKeysFilled, exampleKeysPresent, keysUnambiguous } from './keys.ts'
import { paymentKeyFits } from './payment-key.ts'
import { postgresCertificate } from './postgres-certificate.ts'
import { redisPasswordAgrees, redisPasswordUsable } from './redis-password.ts'
import { secretKeyStrong } from './secret-key.ts'

export {
  allowedHosts,
  backendUrlSound,
  composeVariablesSet,
  criticalKeysFilled,
  databasePasswordAccepted,
  databasePasswordAgrees,
  envFilesPrivate,
  environmentCurrent,
  environmentValues,
  exampleKeysPresent,
  frontDoor,
  keysUnambiguous,
  paymentKeyFits,
  paymentWebhookAnswers,
  postgresCertificate,
  redisPasswordAgrees,
  redisPasswordUsable,
  secretKeyStrong,
  sentryEnvironment,
}

/** Those that read the files alone: before anything runs. */
export const fileChecks = [
  composeVariablesSet,
  envFilesPrivate,
  exampleKeysPresent,
  keysUnambiguous,
  criticalKeysFilled,
  secretKeyStrong,
  redisPasswordUsable,
  redisPasswordAgrees,
  databasePasswordAgrees,
  backendUrlSound,
  allowedHosts,
  paymentKeyFits,
  sentryEnvironment,
  environmentValues,
]

/** Those that hold the files against what runs. */
export const runningChecks = [
  environmentCurrent,
  databasePasswordAccepted,
  postgresCertificate,
  paymentWebhookAnswers,
  frontDoor,
]

export const configurationChecks = [...fileChecks, ...runningChecks]
