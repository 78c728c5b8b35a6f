import { shopFault } from './fault.ts'

/** Containers that are not as the guide wants them, mostly because the compose file was changed, and carried out. */
export const noHealthcheck = shopFault({
  name: 'no-healthcheck',
  describe: 'The frontend is “Up” and nobody knows whether it works: it has no health check any more.',
  inject: `
in_service frontend 's/^    healthcheck:/    x-healthcheck:/'
recreate frontend
reload`,
  visible: '[ "$(state_of frontend)" = running/ ]',
  undo: `
in_service frontend 's/^    x-healthcheck:/    healthcheck:/'
recreate frontend
reload`,
})

export const composeBuildInsteadOfImage = shopFault({
  name: 'compose-build-instead-of-image',
  describe:
    '`compose pull` says “No image to be pulled”, and a deployment would not change the version: `build:` stands where `image:` is needed.',
  inject: `sed -i 's|^  image: \\(registry.lab/webshop-backend.*\\)|  build: ./backend # \\1|' "$compose_file"`,
  visible: 'has "^    build:" "$(compose config)"',
  undo: `sed -i 's|^  build: ./backend # |  image: |' "$compose_file"`,
})

export const worldPublishedDbPort = shopFault({
  name: 'world-published-db-port',
  describe:
    'PostgreSQL answers the whole internet on port 5432, whatever ufw says: the compose file publishes it.',
  inject: `
grep -q 5432:5432 "$compose_file" || in_service db 's/^    image: postgres:15/&\\n    ports: ["5432:5432"]/'
recreate db`,
  visible: `[[ "$(docker port "$(container db)")" = *0.0.0.0:5432* ]] && [[ "$(state_of db)" = running/healthy ]]`,
  undo: `
in_service db '/5432:5432/d'
recreate db`,
})

export const webrootReadOnly = shopFault({
  name: 'webroot-read-only',
  describe:
    'Issuing or renewing a certificate fails: the volume for the challenge’s files is mounted read-only.',
  inject: `
sed -i 's|certbot_webroot:/var/www/certbot$|&:ro|' "$compose_file"
recreate nginx`,
  visible: '! compose exec -T nginx test -w /var/www/certbot',
  undo: `
sed -i 's|certbot_webroot:/var/www/certbot:ro$|certbot_webroot:/var/www/certbot|' "$compose_file"
recreate nginx`,
})

export const containerOom = shopFault({
  name: 'container-oom',
  describe:
    'The worker is killed again and again, exit status 137: its memory limit is far below what it needs.',
  inject: `
in_service celery 's/mem_limit: 512m/mem_limit: 32m/'
recreate celery`,
  visible: `[ "$(docker inspect --format '{{.State.OOMKilled}} {{gt .RestartCount 0}}' "$(container celery)")" = 'true true' ]`,
  undo: `
in_service celery 's/mem_limit: 32m/mem_limit: 512m/'
recreate celery`,
})

export const restartLoop = shopFault({
  name: 'restart-loop',
  describe: 'celery-beat restarts without end: an option in its command is misspelt.',
  inject: `
in_service celery-beat 's/--schedule/--shedule/'
recreate celery-beat`,
  visible: `[ "$(docker inspect --format '{{.RestartCount}}' "$(container celery-beat)")" -ge 2 ]`,
  undo: `
in_service celery-beat 's/--shedule/--schedule/'
recreate celery-beat`,
})

export const backendStarvedOfCpu = shopFault({
  name: 'backend-starved-of-cpu',
  describe:
    'The site is slow and nothing is down: somebody gave the backend’s container a twentieth of a core.',
  inject: 'docker update --cpus 0.05 "$(container backend)" > /dev/null',
  visible: `[ "$(docker inspect --format '{{.HostConfig.NanoCpus}}' "$(container backend)")" = 50000000 ]`,
  undo: 'recreate backend\nreload',
})
