import { z } from 'zod'
import { type BackendView, backendView } from '../../src/facts/health.ts'
import type { ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { backendShape } from '../services/roles.ts'
import { domains } from '../tls/parameters.ts'

export const backendParams = z.object({ ...backendShape, domains })
export type BackendParams = z.infer<typeof backendParams>

/** The one look that all checks of the backend share. @throws Unreadable when its image has nothing to ask with. */
export async function viewOf({
  read,
  params,
}: {
  readonly read: ReadContext['read']
  readonly params: BackendParams
}): Promise<BackendView> {
  const { composeFile, backendService, backendPort, healthPath, databaseService, redisService } = params
  const [domain = 'localhost'] = params.domains
  const names = [databaseService, redisService, domain].join(',')
  const view = await read(backendView, composeFile, backendService, backendPort, healthPath, domain, names)
  if (!view.hasClient)
    throw new Unreadable('the backend’s image has neither curl nor Python: it cannot be asked from inside')
  return view
}
