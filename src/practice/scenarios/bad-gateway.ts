import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'
import { siteWorks } from './site-works.ts'

export const badGateway: Scenario = {
  ...briefOf('502-after-deploy'),
  base: 'shop',
  runbook: 'troubleshooting',
  // Addresses are given out in order: a placeholder takes the backend's old one away, then the worker gets it.
  inject: async world => {
    await world.shell(`set -e
cd /opt/webshop
compose() { docker compose -f docker-compose.prod.yml "$@"; }
address_of() { docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }
old=$(address_of webshop-backend-1)
compose stop backend celery
compose rm --force backend celery
placeholders=
for _ in 1 2 3 4 5; do
  placeholder=$(docker run --detach --network webshop_default --entrypoint sleep nginx:1.22 600)
  if [ "$(address_of "$placeholder")" = "$old" ]; then docker rm --force "$placeholder" >/dev/null; break; fi
  placeholders="$placeholders $placeholder"
done
compose up --detach --no-deps celery
compose up --detach --no-deps backend
[ -z "$placeholders" ] || docker rm --force $placeholders >/dev/null
compose up --detach --wait --no-deps backend celery
# Visitors have met it: what only Kneeboard asks for is not counted.
for _ in 1 2 3; do curl -s -o /dev/null -H 'Host: shop.example.com' -k https://127.0.0.1/api/products/; done`)
  },
  cause: 'nginx/addresses-current',
  mends: ['nginx/reload'],
  hints: [
    'The backend answers inside its container. Something between it and the visitor does not.',
    'nginx looks names up when it starts or reloads, and not again.',
    'Compare the address that nginx asks with the one that the backend has now.',
  ],
  debrief: [
    'The deployment made the backend’s container anew, and Docker gave it another address.',
    'nginx had looked the name up when it started, and went on asking the old address.',
    'That address belongs to the worker now, where nothing listens on port 8000: connection refused.',
    'nginx turns that into a 502. A reload looks the name up again.',
  ],
  fastest: [
    'Walk the troubleshooting runbook: all its checks are made at once.',
    'Its first cause is that nginx asks an address which the backend no longer has.',
    'Agree to “Have nginx look its servers up again”: it drops no connection, and the check is made again.',
  ],
  healthy: siteWorks,
}
