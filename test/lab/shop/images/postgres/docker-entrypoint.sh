#!/bin/bash
# The official image's rules in short: POSTGRES_* act only on an empty data directory, which is filled by a temporary
# server that listens on the socket alone; local connections are trusted, those over TCP need the password.
set -euo pipefail

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set to initialise the database}"
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  initdb --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --encoding=UTF8 \
    --auth-local=trust --auth-host=scram-sha-256
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait -o "-c listen_addresses=''" start
  if [ "$database" != postgres ]; then
    psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$user" -d postgres -v name="$database" <<< 'CREATE DATABASE :"name";'
  fi
  pg_ctl --wait -m fast stop
  echo 'PostgreSQL init process complete; ready for start up.'
fi

exec "$@"
