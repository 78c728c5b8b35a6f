#!/usr/bin/env bash
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
docker compose -f "$compose_file" run --rm -T certbot certonly --webroot -w /var/www/certbot -d "${domain:?--domain is missing}" \
  --non-interactive --agree-tos --register-unsafely-without-email "${extra[@]}" < /dev/null
