import type { Service } from '../shop/site.ts'
import { type Fault, shopFault } from './fault.ts'

/** A service that is not there: stopped by somebody, or never made. */
function stopped(service: Service, describe: string): Fault {
  return shopFault({
    name: `${service}-stopped`,
    describe,
    inject: `compose stop ${service}`,
    visible: `[[ "$(state_of ${service})" = exited/* ]]`,
    undo: `compose start ${service}\nreload`,
  })
}

export const backendStopped = stopped(
  'backend',
  'API and admin answer 502: the backend’s container was stopped.',
)
export const frontendStopped = stopped(
  'frontend',
  'The storefront answers 502 while the API works: its container was stopped.',
)
export const nginxStopped = stopped(
  'nginx',
  'Connections to ports 80 and 443 are refused: nginx’s container was stopped.',
)
export const dbStopped = stopped(
  'db',
  'Health is 503 and every page with products is empty: PostgreSQL’s container was stopped.',
)
export const redisStopped = stopped(
  'redis',
  'Health is 503 and orders cannot be placed: Redis’ container was stopped.',
)
export const celeryStopped = stopped(
  'celery',
  'Health is 200 but degraded, e-mails do not arrive: the worker was stopped.',
)
export const celeryBeatStopped = stopped(
  'celery-beat',
  'Everything looks healthy but nothing scheduled happens: beat was stopped.',
)

export const missingService = shopFault({
  name: 'missing-service',
  describe: '`compose ps` shows six healthy services and nothing wrong: celery-beat was never created.',
  inject: 'compose stop celery-beat && compose rm --force celery-beat',
  visible: '[ -z "$(state_of celery-beat)" ]',
  undo: 'compose up --detach --no-deps celery-beat',
})
