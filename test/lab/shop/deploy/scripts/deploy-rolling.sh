#!/usr/bin/env bash
# Replaces backend and frontend by IMAGE_TAG's images without a gap: a second container beside the first, then only that.
set -euo pipefail
cd "${DEPLOYMENT_DIR:-/opt/webshop}"
export COMPOSE_FILE=${COMPOSE_FILE:-docker-compose.prod.yml}

roll() {
  local service=$1 old new
  old=$(docker compose ps -q "$service")
  docker compose up -d --no-deps --no-recreate --scale "$service=2" "$service"
  new=$(docker compose ps -q "$service" | grep -vxF "$old")
  for _ in $(seq 60); do
    [ "$(docker inspect -f '{{.State.Health.Status}}' "$new")" = healthy ] && break
    sleep 1
  done
  if [ "$(docker inspect -f '{{.State.Health.Status}}' "$new")" != healthy ]; then
    echo "$service did not become healthy: the old one stays" >&2
    docker rm -f "$new"
    return 1
  fi
  docker exec "$(docker compose ps -q nginx)" nginx -s reload
  docker stop "$old" > /dev/null
  docker rm "$old" > /dev/null
}

roll backend
roll frontend
docker compose up -d --no-deps celery celery-beat
docker compose exec -T backend python manage.py migrate --noinput < /dev/null
docker exec "$(docker compose ps -q nginx)" nginx -s reload
