import { shopFault } from './fault.ts'

/** Redis is the cache and the broker: what hurts it stops e-mails. */
const setting = (name: string) => `$(redis config get ${name} | tail -n 1)`
/** What the compose file says, which is what a new container would have. */
const configured = (option: string) => `$(sed -n 's/.*--${option} \\([^ ]*\\).*/\\1/p' "$compose_file")`

export const redisMemoryLimit = shopFault({
  name: 'redis-memory-limit',
  describe:
    'Health is 503, “OOM command not allowed”: Redis uses more than its maxmemory and refuses to write.',
  inject: 'redis config set maxmemory 1mb',
  visible: '[[ "$(health)" = *"OOM command not allowed"* ]]',
  undo: `redis config set maxmemory "${configured('maxmemory')}"`,
})

export const redisEvictionPolicy = shopFault({
  name: 'redis-eviction-policy',
  describe:
    'Once in a while an e-mail is never sent: the broker’s Redis may evict queued tasks, its policy is allkeys-lru.',
  inject: 'redis config set maxmemory-policy allkeys-lru',
  visible: `[ "${setting('maxmemory-policy')}" = allkeys-lru ]`,
  undo: `redis config set maxmemory-policy "${configured('maxmemory-policy')}"`,
})

const tasks = 1500

export const celeryQueueBacklog = shopFault({
  name: 'celery-queue-backlog',
  describe: `E-mails do not arrive although the worker answers pings: it has stopped taking tasks from its queue, where ${tasks} wait.`,
  inject: `
compose exec -T celery celery -A config control --timeout 5 cancel_consumer celery
compose exec -T backend python -c '
import django; django.setup()
from core.tasks import ping
for _ in range(${tasks}): ping.apply_async(ignore_result=True)'`,
  visible: `[ "$(redis llen celery)" -ge ${tasks - 100} ]`,
  undo: `
compose restart celery
wait_for '[ "$(redis llen celery)" -lt 10 ]'`,
})
