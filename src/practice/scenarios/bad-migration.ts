import { briefOf } from './names.ts'
import type { Scenario } from './scenario.ts'
import { siteWorks } from './site-works.ts'

export const badMigration: Scenario = {
  ...briefOf('bad-migration'),
  base: 'shop',
  runbook: 'troubleshooting',
  inject: async world => {
    await world.shell(`set -e
cd /opt/webshop
sed -i 's/^IMAGE_TAG=.*/IMAGE_TAG=v1.2.0/' .env
compose() { docker compose -f docker-compose.prod.yml "$@"; }
compose up --detach --wait backend frontend celery celery-beat
compose exec -T backend python manage.py migrate --noinput
compose exec -T nginx nginx -s reload
for _ in 1 2 3; do curl -s -o /dev/null -H 'Host: shop.example.com' -k https://127.0.0.1/api/products/; done`)
  },
  cause: 'nginx/pages-work',
  hints: [
    'Health asks whether the database answers, not whether the code fits it.',
    'Look into the backend’s log for the statement that fails.',
    'The migration rollback runbook goes back to 0006, with the image that the migration came from.',
  ],
  debrief: [
    'Migration products.0007 of v1.2.0 renames a column.',
    'The code of v1.2.0 still reads the old name, so every page with products fails.',
    'Going back needs the new image for the migration’s way back, and only then the old image.',
  ],
  alsoRight: [
    'backup/back-up-now',
    'migrations/copy-out',
    'migrations/end-forgotten-sessions',
    'migrations/undo',
    'migrations/put-release-back',
    'migrations/start-writers',
  ],
  fastest: [
    'Walk the troubleshooting runbook: health passes, and the pages that failed lately do not.',
    'Its evidence has the statement that fails, and the name of the column.',
    'Then the migration-rollback runbook, with the app products and the target 0006_generate_skus: it says first what is lost.',
  ],
  healthy: siteWorks,
}
