import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'

export const envWithoutEffect: Scenario = {
  ...briefOf('env-without-effect'),
  base: 'shop',
  runbook: 'troubleshooting',
  // The containers are made with the wrong value; then the file is put right, and the container only restarted.
  inject: async world => {
    await world.shell(`set -e
cd /opt/webshop
compose() { docker compose -f docker-compose.prod.yml "$@"; }
sed -i 's,^BACKEND_URL=.*,BACKEND_URL=https://shop.example.com/api,' backend/.env.production
compose up --detach --wait backend celery celery-beat
sed -i 's,^BACKEND_URL=.*,BACKEND_URL=https://shop.example.com,' backend/.env.production
compose restart backend
compose up --detach --no-recreate --wait backend
compose exec -T nginx nginx -s reload`)
  },
  cause: 'configuration/environment-current',
  mends: ['configuration/recreate-stale'],
  hints: [
    'What does the file say, and what does the container have?',
    'A restart keeps the container, and with it the environment that it was made with.',
    'Make the backend’s container anew, rather than restart it.',
  ],
  debrief: [
    'A container gets its environment when it is made.',
    '`docker compose restart` starts the same container again: the corrected file is never read.',
    '`docker compose up -d` makes it anew.',
  ],
  fastest: [
    'Walk the troubleshooting runbook: it compares what the containers have with what the files say.',
    'Agree to “Recreate the services whose environment is out of date”.',
  ],
  healthy: async world =>
    (await world.shell('docker exec webshop-backend-1 printenv BACKEND_URL')).trim() ===
    'https://shop.example.com',
}
