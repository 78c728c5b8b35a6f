import { z } from 'zod'
import { configurationShape } from '../configuration/parameters.ts'
import { confirmedBy } from '../confirmed/confirmed.ts'
import { AbsolutePath } from '../parameters.ts'

export const alertWebhookFile = z
  .union([z.literal(''), AbsolutePath])
  .default('')
  .describe(
    'A file on the server, root’s and mode 600, that holds the address of the chat’s webhook in one line; empty: none',
  )

export const healthComponents = z
  .preprocess(
    value => (typeof value === 'string' ? value.split(/[\s,]+/).filter(part => part !== '') : value),
    z.array(z.string().regex(/^\w+$/, 'the name of a component')),
  )
  .default(['database', 'redis_cache', 'celery'])
  .describe('The components that the health endpoint has to name')

export const monitoringParams = z.object({
  ...configurationShape,
  confirmedBy,
  alertWebhookFile,
  healthComponents,
})
export type MonitoringParams = z.infer<typeof monitoringParams>
