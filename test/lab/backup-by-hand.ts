/** A backup of the lab's shop as the automation makes one, by hand: dump, checksum and manifest of one snapshot. */

import { SAME_TEXT, tableFigures } from '../../src/facts/backup-figures.ts'
import type { LabServer } from './server.ts'

export interface HandmadeBackup {
  readonly name: string
  readonly path: string
}

/**
 * Nobody writes to the lab's shop but the test, so one transaction for the figures and pg_dump beside it see the same.
 *
 * @param madeBy what the manifest says
 * @param hoursAgo how old the backup claims to be
 */
export async function makeBackup(
  server: LabServer,
  { madeBy = 'timer', hoursAgo = 0 }: { madeBy?: 'timer' | 'run'; hoursAgo?: number } = {},
): Promise<HandmadeBackup> {
  const name = (
    await server.must(`
      set -eu
      cd /opt/webshop/backups
      stamp=$(date -u -d '${hoursAgo} hours ago' +%Y%m%dT%H%M%SZ)
      started=$(date -u -d '${hoursAgo} hours ago' +%Y-%m-%dT%H:%M:%SZ)
      file=webshop-$stamp.dump
      container=$(docker ps -q --filter label=com.docker.compose.service=db --filter label=com.docker.compose.project=webshop)
      backend=$(docker ps -aq --filter label=com.docker.compose.service=backend --filter label=com.docker.compose.project=webshop)
      in_db() { docker exec -i "$container" sh -c "$1"; }
      in_db 'pg_dump -Fc -U "$POSTGRES_USER" -d "$POSTGRES_DB"' > "$file" < /dev/null
      in_db 'psql -XAtq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"' > /tmp/figures <<'END_OF_SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${SAME_TEXT}
${tableFigures('table')}
SELECT 'version ' || current_setting('server_version');
SELECT 'bytes ' || pg_database_size(current_database());
SELECT 'database ' || current_database();
SELECT 'newest ' || to_char(max(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM public.orders_order;
SELECT 'migration ' || json_build_object('app', app, 'name', max(name)) FROM public.django_migrations GROUP BY app;
COMMIT;
END_OF_SQL
      sha256sum "$file" > "$file.sha256"
      version=$(sed -n 's/^version //p' /tmp/figures | cut -d ' ' -f 1)
      {
        printf '{\\n  "format":1,\\n  "madeBy":"${madeBy}",\\n  "startedAt":"%s",\\n  "finishedAt":"%s",\\n' "$started" "$started"
        printf '  "database":"%s",\\n  "serverVersion":"%s",\\n  "dumpVersion":"%s",\\n  "archive":"1.14-0",\\n' "$(sed -n 's/^database //p' /tmp/figures)" "$version" "$version"
        printf '  "bytes":%s,\\n  "databaseBytes":%s,\\n  "sha256":"%s",\\n' "$(wc -c < "$file")" "$(sed -n 's/^bytes //p' /tmp/figures)" "$(cut -c 1-64 "$file.sha256")"
        printf '  "tables":[\\n'
        sed -n 's/^table //p' /tmp/figures | sed 's/^{"name" : /{"name":/; s/^/    /; $!s/$/,/'
        printf '  ],\\n  "newestBusinessRow":{"table":"public.orders_order","column":"created_at","at":"%s"},\\n' "$(sed -n 's/^newest //p' /tmp/figures)"
        printf '  "images":[{"service":"backend","image":"%s","imageId":"%s"}],\\n' "$(docker inspect --format '{{.Config.Image}}' "$backend")" "$(docker inspect --format '{{.Image}}' "$backend")"
        printf '  "migrations":[%s]\\n}\\n' "$(sed -n 's/^migration //p' /tmp/figures | paste -sd ,)"
      } > "$file.manifest.json"
      chmod 600 "$file"*
      echo "$file"
    `)
  ).trim()
  return { name, path: `/opt/webshop/backups/${name}` }
}

/** Rows and checksum of every table of a database, one line each: to be compared as text. */
export async function tablesOf(server: LabServer, database: string): Promise<string> {
  return server.must(`
    container=$(docker ps -q --filter label=com.docker.compose.service=db --filter label=com.docker.compose.project=webshop)
    docker exec -i "$container" sh -c 'psql -XAtq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$0"' '${database}' <<'END_OF_SQL'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
${SAME_TEXT}
${tableFigures('table')}
COMMIT;
END_OF_SQL
  `)
}

/** Statements in the shop's database, or another one of the same server. */
export async function sqlIn(
  server: LabServer,
  statements: string,
  database = 'webshop_prod',
): Promise<string> {
  return (
    await server.must(`
    container=$(docker ps -q --filter label=com.docker.compose.service=db --filter label=com.docker.compose.project=webshop)
    docker exec -i "$container" sh -c 'psql -XAtq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$0"' '${database}' <<'END_OF_SQL'
${statements}
END_OF_SQL
  `)
  ).trim()
}
