import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'
import { siteWorks } from './site-works.ts'

export const redisPassword: Scenario = {
  ...briefOf('redis-password'),
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
  hints: [
    'Redis itself is well. Who cannot get in?',
    'The password stands in two files.',
    'Compare .env, which Redis is started with, and backend/.env.production, which its clients read.',
  ],
  debrief: [
    'The password stands in .env, for Redis, and in the backend’s env file, for its clients.',
    'Only the first was changed: Redis asks for the new one, and backend and workers offer the old.',
  ],
  fastest: [
    'Walk the troubleshooting runbook: it compares the two files by a salted hash, and prints no password.',
    'Agree to “Give both env files the password that Redis was started with”.',
  ],
  healthy: siteWorks,
}
