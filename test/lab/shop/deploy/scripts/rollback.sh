#!/usr/bin/env bash
# Back to BACKUP_TAG's images. The database is not touched.
set -euo pipefail
cd "${DEPLOYMENT_DIR:-/opt/webshop}"
export COMPOSE_FILE=${COMPOSE_FILE:-docker-compose.prod.yml}
sed -i "s/^IMAGE_TAG=.*/IMAGE_TAG=${BACKUP_TAG:?BACKUP_TAG must name the tag to go back to}/" .env
export IMAGE_TAG=$BACKUP_TAG
docker compose up -d --no-deps backend frontend celery celery-beat
docker exec "$(docker compose ps -q nginx)" nginx -s reload
