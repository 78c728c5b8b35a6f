/** The seven services by what they do, and which checks hold only while each of them runs. */

import { z } from 'zod'
import { backendPort, healthPath, stackShape } from '../stack-parameters.ts'

export const serviceParams = z.object(stackShape)
export type ServiceParams = z.infer<typeof serviceParams>

/** What the probes of the backend need besides. */
export const backendShape = { ...stackShape, backendPort, healthPath }

export interface Role {
  /** The part of a check's id: `services/backend-runs`. */
  readonly id: 'database' | 'redis' | 'backend' | 'frontend' | 'worker' | 'beat' | 'nginx'
  /** As a sentence names it. */
  readonly name: string
  /** What people notice when it is gone. */
  readonly loss: string
  /** The parameter that holds the Compose service's name. */
  readonly parameter:
    | 'databaseService'
    | 'redisService'
    | 'backendService'
    | 'frontendService'
    | 'workerService'
    | 'beatService'
    | 'nginxService'
}

/** In the order in which they need each other. */
export const roles: readonly Role[] = [
  {
    id: 'database',
    name: 'PostgreSQL',
    loss: 'Without it every page with products is empty and no order can be placed.',
    parameter: 'databaseService',
  },
  {
    id: 'redis',
    name: 'Redis',
    loss: 'It is the cache and the broker: without it orders fail and no e-mail is sent.',
    parameter: 'redisService',
  },
  {
    id: 'backend',
    name: 'The backend',
    loss: 'Without it the API and the admin answer 502.',
    parameter: 'backendService',
  },
  {
    id: 'frontend',
    name: 'The storefront',
    loss: 'Without it visitors get 502 while the API works.',
    parameter: 'frontendService',
  },
  {
    id: 'worker',
    name: 'The Celery worker',
    loss: 'Without it e-mails are not sent and payments are not followed up, and nothing looks broken.',
    parameter: 'workerService',
  },
  {
    id: 'beat',
    name: 'The Celery scheduler',
    loss: 'Without it nothing scheduled happens, and nothing looks broken.',
    parameter: 'beatService',
  },
  {
    id: 'nginx',
    name: 'nginx',
    loss: 'Without it nobody gets in at all.',
    parameter: 'nginxService',
  },
]

export const roleOf = (id: Role['id']): Role => {
  const found = roles.find(role => role.id === id)
  if (found === undefined) throw new Error(`there is no role ${id}`)
  return found
}

/** What a failure of one role does to the checks of others: symptoms, never states that somebody else made. */
const SYMPTOMS: Readonly<Record<Role['id'], readonly string[]>> = {
  database: [
    'services/database-healthy',
    'services/database-steady',
    'logs/database',
    'postgres/answers',
    'backend/names-resolve',
  ],
  redis: [
    'services/redis-healthy',
    'services/redis-steady',
    'logs/redis',
    'redis/answers',
    'backend/names-resolve',
  ],
  backend: [
    'services/backend-healthy',
    'services/backend-steady',
    'logs/backend',
    'backend/answers',
    'backend/healthy',
    'backend/database',
    'backend/cache',
    'backend/worker',
    'backend/quick',
  ],
  frontend: ['services/frontend-healthy', 'services/frontend-steady', 'logs/frontend'],
  worker: [
    'services/worker-healthy',
    'services/worker-steady',
    'logs/worker',
    'backend/worker',
    'celery/takes-tasks',
    'celery/queue',
    'celery/tasks-end',
    // The health endpoint waits for a worker's answer before it gives its own.
    'backend/quick',
  ],
  beat: ['services/beat-healthy', 'services/beat-steady', 'logs/beat'],
  nginx: [
    'services/nginx-healthy',
    'services/nginx-steady',
    'logs/nginx',
    'nginx/configuration-valid',
    'nginx/names-known',
    'nginx/addresses-current',
    'nginx/pages-work',
    'site/https-answers',
    'site/http-answers',
    'site/api-answers',
    'site/api-healthy',
    'site/front-page',
  ],
}

/** Who feels it when a role fails: the services that need it. */
const FELT_BY: Readonly<Record<Role['id'], readonly Role['id'][]>> = {
  database: ['backend', 'worker', 'beat', 'frontend', 'nginx'],
  redis: ['backend', 'worker', 'beat', 'frontend', 'nginx'],
  backend: ['frontend', 'nginx'],
  frontend: ['nginx'],
  worker: [],
  beat: [],
  nginx: [],
}

/** The symptoms of a role as a check sees them that stands after it stays up: that it does is no symptom any more. */
export function symptomsWhileUp(...ids: readonly Role['id'][]): string[] {
  const up = ids.map(id => `services/${id}-steady`)
  return symptomsOf(...ids).filter(id => !up.includes(id))
}

/** Every symptom of a role and of those that need it: what a check of that role may be the cause of. */
export function symptomsOf(...ids: readonly Role['id'][]): string[] {
  const found = ids.flatMap(id => [id, ...FELT_BY[id]]).flatMap(id => SYMPTOMS[id])
  // A broken worker shows in the backend's health answer, and a degraded answer is no more than that.
  const degraded = ids.includes('worker') ? ['backend/healthy', 'site/api-healthy'] : []
  return [...new Set([...found, ...degraded])]
}

/** One of a kind for each role, always the same one: a remedy is known by what it is, not only by its name. */
export function perRole<T>(make: (role: Role) => T): (role: Role) => T {
  const made = new Map(roles.map(role => [role.id, make(role)]))
  return role => made.get(role.id) ?? make(role)
}
