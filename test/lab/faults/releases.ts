import { shopFault } from './fault.ts'

/** Releases that should not have been deployed. */
const deployed = 'backend frontend celery celery-beat'

export const badMigration = shopFault({
  name: 'bad-migration',
  describe:
    'v1.2.0 was deployed: pages with products answer 500 while health is 200. Its migration products.0007 renamed a column that the code still reads.',
  inject: `
keep_key .env IMAGE_TAG
set_key .env IMAGE_TAG v1.2.0
recreate ${deployed}
compose exec -T backend python manage.py migrate --noinput
reload`,
  visible: '[ "$(status /api/products/)" = 500 ]',
  undo: `
compose run --rm --no-deps -T backend python manage.py migrate --noinput products 0006
put_back_key .env IMAGE_TAG
recreate ${deployed}
reload`,
})

export const neverHealthy = shopFault({
  name: 'never-healthy',
  describe:
    'v1.3.0 was deployed: the API answers 504 and the backend never gets healthy; its workers wait for a search index.',
  inject: `
keep_key .env IMAGE_TAG
set_key .env IMAGE_TAG v1.3.0
recreate ${deployed}
reload`,
  visible: '[ "$(state_of backend)" = running/unhealthy ]',
  undo: `
put_back_key .env IMAGE_TAG
recreate ${deployed}
reload`,
})

export const imageTagMissing = shopFault({
  name: 'image-tag-missing',
  describe:
    'A deployment cannot start, “manifest unknown” or no registry at all: IMAGE_TAG names a release that was never built. What runs goes on.',
  inject: `
keep_key .env IMAGE_TAG
set_key .env IMAGE_TAG v9.9.9`,
  visible:
    '! docker image inspect "$(compose config --images | grep webshop-backend | sed -n 1p)" > /dev/null 2>&1',
  undo: 'put_back_key .env IMAGE_TAG',
})

export const imageDrift = shopFault({
  name: 'image-drift',
  describe:
    'The storefront is an old release: it was started with an exported IMAGE_TAG, and .env says something else.',
  inject: `
IMAGE_TAG=v1.0.0 compose up --detach --no-deps frontend
reload`,
  visible: `[ "$(docker inspect --format '{{.Config.Image}}' "$(container frontend)")" = registry.lab/webshop-frontend:v1.0.0 ]`,
  undo: `
compose up --detach --no-deps frontend
reload`,
})
