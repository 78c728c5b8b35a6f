import type { Scenario } from './scenario.ts'
import { siteWorks } from './site-works.ts'

export const redisPassword: Scenario = {
  name: 'redis-password',
  title: 'Redis’ password',
  briefing:
    'Redis’ password was changed yesterday, as the rules demand. Today the health endpoint answers 503.',
  base: 'shop',
  runbook: 'troubleshooting',
  inject: async world => {
    await world.shell(`set -e
cd /opt/webshop
sed -i 's/^REDIS_PASSWORD=.*/REDIS_PASSWORD=aNewPasswordForThisQuarter2026xyzAbc/' .env
docker compose -f docker-compose.prod.yml up --detach redis`)
  },
  cause: 'configuration/redis-password-agrees',
  mends: ['configuration/align-redis-password'],
  hints: ['The password stands in two files.', 'Redis itself is well. Who cannot get in?'],
  debrief: [
    'The password stands in .env, for Redis, and in the backend’s env file, for its clients.',
    'Only the first was changed: Redis asks for the new one, and backend and workers offer the old.',
  ],
  healthy: siteWorks,
}
