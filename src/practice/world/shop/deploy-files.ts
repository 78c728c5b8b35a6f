/** The files of the shop as its deployment guide lays them out: the same that the lab’s shop has. */

export const DEPLOY_FILES: Readonly<Record<string, string>> = {
  'docker-compose.prod.yml': `# The seven services of the shop, and certbot under the profile \`tools\`.
x-service: &service
  init: true
  restart: unless-stopped
  logging:
    driver: json-file
    options: { max-size: 10m, max-file: "3" }

x-backend: &backend
  <<: *service
  image: registry.lab/webshop-backend:\${IMAGE_TAG:-v1.1.0}
  env_file: backend/.env.production
  environment: &backend-environment
    SENTRY_RELEASE: \${IMAGE_TAG:-v1.1.0}
  depends_on:
    db: { condition: service_healthy }
    redis: { condition: service_healthy }

services:
  nginx:
    <<: *service
    image: nginx:1.22
    ports: ["80:80", "443:443"]
    volumes:
      - ./nginx/conf.d:/etc/nginx/conf.d:ro
      - ./certbot_certs:/etc/letsencrypt:ro
      - certbot_webroot:/var/www/certbot
      - static_files:/var/www/static:ro
    depends_on: [backend, frontend]
    mem_limit: 128m
    healthcheck:
      test: curl -fsS http://127.0.0.1/health
      interval: 5s
      timeout: 5s
      retries: 3

  backend:
    <<: *backend
    environment:
      <<: *backend-environment
      GUNICORN_WORKERS: 4
    volumes:
      - static_files:/app/staticfiles
    mem_limit: 768m
    healthcheck:
      test: curl -fsS http://localhost:8000/api/health/
      interval: 5s
      timeout: 10s
      start_period: 20s
      retries: 3

  frontend:
    <<: *service
    image: registry.lab/webshop-frontend:\${IMAGE_TAG:-v1.1.0}
    environment:
      NEXT_PUBLIC_API_URL: \${NEXT_PUBLIC_API_URL:-}
      INTERNAL_API_URL: http://backend:8000/api
      CSP_REPORT_ONLY: "False"
    mem_limit: 128m
    healthcheck:
      test: wget -q --spider http://127.0.0.1:3000/
      interval: 5s
      timeout: 5s
      start_period: 20s
      retries: 3

  db:
    <<: *service
    image: postgres:15
    env_file: backend/.env.production
    command: >-
      postgres -c ssl=on -c ssl_cert_file=/certs/server.crt -c ssl_key_file=/certs/server.key
      -c max_connections=50 -c shared_buffers=1GB
    volumes:
      - postgres_data:/var/lib/postgresql/data
      - ./certs:/certs:ro
    shm_size: 128m
    mem_limit: 2g
    healthcheck:
      test: pg_isready -U $$POSTGRES_USER -d $$POSTGRES_DB
      interval: 3s
      timeout: 5s
      retries: 5

  redis:
    <<: *service
    image: redis:7
    command: >-
      redis-server --requirepass \${REDIS_PASSWORD} --appendonly yes --maxmemory 256mb --maxmemory-policy noeviction
    environment:
      REDISCLI_AUTH: \${REDIS_PASSWORD}
    volumes:
      - redis_data:/data
    mem_limit: 384m
    healthcheck:
      test: redis-cli ping | grep -q PONG
      interval: 3s
      timeout: 5s
      retries: 5

  celery:
    <<: *backend
    command: celery -A config worker --loglevel INFO --concurrency 2
    mem_limit: 512m
    healthcheck:
      test: celery -A config inspect ping --timeout 5 --destination celery@$$HOSTNAME
      interval: 10s
      timeout: 15s
      start_period: 20s
      retries: 3

  celery-beat:
    <<: *backend
    command: >-
      celery -A config beat --loglevel INFO --schedule /tmp/celerybeat-schedule --pidfile /tmp/celerybeat.pid
    mem_limit: 256m
    healthcheck:
      test: kill -0 $$(cat /tmp/celerybeat.pid)
      interval: 5s
      timeout: 5s
      start_period: 20s
      retries: 3

  certbot:
    image: certbot/certbot
    profiles: [tools]
    volumes:
      - ./certbot_certs:/etc/letsencrypt
      - certbot_webroot:/var/www/certbot

volumes:
  postgres_data:
  redis_data:
  static_files:
  certbot_webroot:
`,
  '.env.example': `# Read by docker compose itself, for \${…} in the compose file; chmod 600.
REDIS_PASSWORD=change-me
IMAGE_TAG=v1.1.0
NEXT_PUBLIC_API_URL=https://shop.example/api
`,
  'backend/.env.production.example': `# Copied to .env.production and filled in; chmod 600.
SECRET_KEY=change-me
DEBUG=False
ALLOWED_HOSTS=shop.example,www.shop.example,localhost
BACKEND_URL=https://shop.example
CSP_REPORT_ONLY=False

POSTGRES_DB=webshop_prod
POSTGRES_USER=webshop_prod
POSTGRES_PASSWORD=change-me
DB_HOST=db
DB_PORT=5432
DB_NAME=webshop_prod
DB_USER=webshop_prod
DB_PASSWORD=change-me

# Alphanumeric: it becomes part of the addresses of cache and broker. The same value stands in ../.env.
REDIS_PASSWORD=change-me

MOLLIE_API_KEY=live_change-me
DO_SPACES_ACCESS_KEY=change-me
DO_SPACES_SECRET_KEY=change-me

SENTRY_DSN=change-me
SENTRY_ENVIRONMENT=production
SENTRY_TRACES_SAMPLE_RATE=0.1

BACKUP_RETENTION_DAYS=30
STAFF_USERNAME=staff
STAFF_EMAIL=staff@shop.example
STAFF_PASSWORD=change-me
`,
  'nginx/conf.d/locations.inc': `location = /health {
    auth_basic off;
    default_type text/plain;
    return 200 "ok\\n";
}
location ^~ /.well-known/acme-challenge/ {
    auth_basic off;
    root /var/www/certbot;
}
location /static/ {
    alias /var/www/static/;
}
location ~ ^/(api|admin)/ {
    proxy_pass http://backend;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_connect_timeout 3s;
    proxy_read_timeout 30s;
}
location / {
    proxy_pass http://frontend;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_connect_timeout 3s;
}
`,
  'nginx/conf.d/upstreams.conf': `# The names are resolved when nginx starts or reloads, and not again.
upstream backend {
    server backend:8000;
}
upstream frontend {
    server frontend:3000;
}
server_tokens off;
`,
  'nginx/headers.production.inc': `add_header X-Content-Type-Options nosniff always;
add_header X-Frame-Options DENY always;
add_header Referrer-Policy strict-origin-when-cross-origin always;
add_header Permissions-Policy "camera=(), geolocation=(), microphone=()" always;
`,
  'nginx/site.http.conf': `# Before the first certificate: everything on port 80.
server {
    listen 80 default_server;
    server_name DOMAIN www.DOMAIN;
    include /etc/nginx/conf.d/headers.inc;
    include /etc/nginx/conf.d/locations.inc;
}
`,
  'nginx/site.https.conf': `server {
    listen 80 default_server;
    server_name DOMAIN www.DOMAIN;
    location = /health {
        default_type text/plain;
        return 200 "ok\\n";
    }
    location ^~ /.well-known/acme-challenge/ {
        root /var/www/certbot;
    }
    location / {
        return 301 https://$host$request_uri;
    }
}

server {
    listen 443 ssl http2 default_server;
    server_name DOMAIN www.DOMAIN;
    ssl_certificate /etc/letsencrypt/live/DOMAIN/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/DOMAIN/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    include /etc/nginx/conf.d/headers.inc;
    include /etc/nginx/conf.d/locations.inc;
}
`,
  'nginx/certbot-init.sh': `#!/usr/bin/env bash
# Obtains the first certificate: certbot-init.sh --domain D [--compose-file F] [--staging]
set -euo pipefail
cd "$(dirname "$0")/.."
compose_file=docker-compose.prod.yml
extra=()
while [ $# -gt 0 ]; do
  case $1 in
    --domain) domain=$2; shift 2 ;;
    --compose-file) compose_file=$2; shift 2 ;;
    --staging) extra+=(--staging); shift ;;
    *) echo "unknown option $1" >&2; exit 64 ;;
  esac
done
docker compose -f "$compose_file" run --rm -T certbot certonly --webroot -w /var/www/certbot -d "\${domain:?--domain is missing}" \\
  --non-interactive --agree-tos --register-unsafely-without-email "\${extra[@]}" < /dev/null
`,
  'scripts/deploy-rolling.sh': `#!/usr/bin/env bash
# Replaces backend and frontend by IMAGE_TAG's images without a gap: a second container beside the first, then only that.
set -euo pipefail
cd "\${DEPLOYMENT_DIR:-/opt/webshop}"
export COMPOSE_FILE=\${COMPOSE_FILE:-docker-compose.prod.yml}

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
`,
  'scripts/rollback.sh': `#!/usr/bin/env bash
# Back to BACKUP_TAG's images. The database is not touched.
set -euo pipefail
cd "\${DEPLOYMENT_DIR:-/opt/webshop}"
export COMPOSE_FILE=\${COMPOSE_FILE:-docker-compose.prod.yml}
sed -i "s/^IMAGE_TAG=.*/IMAGE_TAG=\${BACKUP_TAG:?BACKUP_TAG must name the tag to go back to}/" .env
export IMAGE_TAG=$BACKUP_TAG
docker compose up -d --no-deps backend frontend celery celery-beat
docker exec "$(docker compose ps -q nginx)" nginx -s reload
`,
}
