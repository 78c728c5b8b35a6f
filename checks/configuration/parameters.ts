/** Parameters of everything that looks at the stack's configuration. */

import { z } from 'zod'
import type { StackEnvironment } from '../../src/facts/env-files.ts'
import type { Environment } from '../../src/model/target.ts'
import { deployUser } from '../parameters.ts'
import { healthPath, stackShape } from '../stack-parameters.ts'

const KeyName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')

/** A list is also taken as one text with commas, as it comes from `--set`. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    value => (typeof value === 'string' ? value.split(/[\s,]+/).filter(part => part !== '') : value),
    z.array(item),
  )

/** Domain §1.2 row 15: without these eight the shop starts and does not sell. */
export const criticalKeys = listOf(KeyName)
  .default([
    'SECRET_KEY',
    'REDIS_PASSWORD',
    'POSTGRES_PASSWORD',
    'DB_PASSWORD',
    'MOLLIE_API_KEY',
    'DO_SPACES_ACCESS_KEY',
    'DO_SPACES_SECRET_KEY',
    'SENTRY_DSN',
  ])
  .describe('Environment variables that the application cannot do without')

export const paymentKey = KeyName.default('MOLLIE_API_KEY').describe(
  'The environment variable that holds the payment provider’s key',
)

export const webhookPath = z
  .string()
  .regex(/^\/[\x21-\x7e]*$/, 'a path that starts with /')
  .default('/api/payments/webhook/')
  .describe('The path that the payment provider posts to')

export const configurationShape = {
  ...stackShape,
  healthPath,
  criticalKeys,
  paymentKey,
  webhookPath,
  deployUser,
}

export const configurationParams = z.object(configurationShape)
export type ConfigurationParams = z.infer<typeof configurationParams>

/**
 * What the values ought to be those of. The practice server goes by the name of its env file, as nothing else says
 * what it plays.
 */
export function sideOf(environment: Environment, { files }: StackEnvironment): 'production' | 'staging' {
  if (environment !== 'practice') return environment
  return files.some(({ role, path }) => role === 'service' && /stag/i.test(path)) ? 'staging' : 'production'
}
