/** Parameters of everything that looks at the Compose stack. Names of services are those of the deployment guide. */

import { z } from 'zod'
import { AbsolutePath } from './parameters.ts'
import { composeFile, nginxRunsIn, nginxService } from './tls/parameters.ts'

export { composeFile, nginxRunsIn, nginxService }

export const ServiceName = z.string().regex(/^[A-Za-z0-9._-]+$/, 'the name of a Compose service')

export const backendService = ServiceName.default('backend').describe(
  'The Compose service that Django runs in',
)
export const frontendService = ServiceName.default('frontend').describe(
  'The Compose service that Next.js runs in',
)
export const databaseService = ServiceName.default('db').describe('The Compose service that PostgreSQL is')
export const redisService = ServiceName.default('redis').describe('The Compose service that Redis is')
export const workerService = ServiceName.default('celery').describe(
  'The Compose service of the Celery workers',
)
export const beatService = ServiceName.default('celery-beat').describe(
  'The Compose service of the Celery scheduler',
)

export const backendPort = z.coerce
  .number()
  .int()
  .min(1)
  .max(65535)
  .default(8000)
  .describe('The port that Django listens on inside its container')

export const healthPath = z
  .string()
  .regex(/^\/[\x21-\x7e]*$/, 'a path that starts with /')
  .default('/api/health/')
  .describe('The path of the health endpoint that answers with one state a component')

export const backupDirectory = AbsolutePath.default('/opt/webshop/backups').describe(
  'The directory on the server that backups are kept in',
)

/** What every check needs that looks at the whole stack. */
export const stackShape = {
  composeFile,
  nginxRunsIn,
  nginxService,
  backendService,
  frontendService,
  databaseService,
  redisService,
  workerService,
  beatService,
}
