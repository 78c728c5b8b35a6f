import { $ } from 'zx'
import { dockerEnvironment } from '../docker.ts'
import type { LabServer } from '../server.ts'
import { buildShopImages, renameLoadedImages } from './images.ts'
import { layOutShop } from './layout.ts'
import { describeShop, type Environment, inShop, type Shop, waitUntilHealthy } from './site.ts'

export { shopAuthority } from './certificates.ts'
export { buildShopImages, releaseTags } from './images.ts'
export { type Environment, findShop, type Service, type Shop, services, waitUntilHealthy } from './site.ts'

/**
 * The shop of the deployment guide on a lab server: seven real services, tens of thousands of rows, all healthy.
 * It is laid out and started in the order of the guide: database first, migrations, staff user, then everything.
 */
export type ShopOptions = {
  environment: Environment
  /** v1.0.0, v1.1.0 (default), v1.2.0 (its migration 0007 breaks the shop), v1.3.0 (never gets healthy). */
  tag?: string
  domain?: string
  /** false: on port 80 and without a certificate, as before the first issuance. */
  https?: boolean
}

export async function startShop(server: LabServer, options: ShopOptions): Promise<Shop> {
  const { environment, tag = 'v1.1.0', https = true } = options
  const domain = options.domain ?? (environment === 'production' ? 'webshop.test' : 'staging.webshop.test')
  const images = await buildShopImages()
  await installDocker(server)
  await Promise.all([loadImages(server, images), layOutShop(server, { environment, domain, tag, https })])
  await inShop(
    server,
    `compose up --detach --wait db redis
compose run --rm --no-deps -T backend sh -c \
  'python manage.py migrate --noinput && python manage.py create_staff_user && python manage.py seed_shop'
compose exec -T db psql -q -U "$(sed -n 's/^DB_USER=//p' "$env_file")" -d "$(sed -n 's/^DB_NAME=//p' "$env_file")" -c ANALYZE
compose up --detach`,
  )
  await waitUntilHealthy(server)
  return describeShop(server, environment, domain)
}

/** On bookworm, Compose comes from trixie by the pin that lab servers have: its own is of the first generation. */
export async function installDocker(server: LabServer): Promise<void> {
  await server.must(`set -eu
if ! docker compose version > /dev/null 2>&1 || ! command -v dockerd > /dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  . /etc/os-release
  [ "$VERSION_CODENAME" = bookworm ] || cli=docker-cli
  apt-get install -qy --no-install-recommends docker.io docker-compose \${cli:-}
fi
systemctl start docker`)
}

/** A mark beside the images says which set they are, so that a server started from a snapshot loads nothing again. */
async function loadImages(server: LabServer, tar: string): Promise<void> {
  const mark = '/var/lib/docker/.lab-shop-images'
  const wanted = tar.replace(/.*\//, '')
  if ((await server.exec(`cat ${mark}`)).stdout === wanted) return
  await $({
    quiet: true,
    env: dockerEnvironment(),
  })`docker exec -i ${server.container} docker load --quiet < ${tar}`
  await server.must(`set -eu\n${renameLoadedImages}\nprintf %s ${wanted} > ${mark}`)
}
