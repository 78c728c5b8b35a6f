import type { LabServer } from '../server.ts'

/** The shop as it lies on its server. */
export type Environment = 'production' | 'staging'

export type Shop = {
  server: LabServer
  environment: Environment
  domain: string
  composeFile: string
  envFile: string
  /** Runs a script in /opt/webshop where `compose`, `$environment`, `$compose_file` and `$env_file` are known. */
  run(script: string): Promise<string>
}

export const composeFiles: Record<Environment, string> = {
  production: 'docker-compose.prod.yml',
  staging: 'docker-compose.staging.yml',
}

export const services = ['nginx', 'backend', 'frontend', 'db', 'redis', 'celery', 'celery-beat'] as const
export type Service = (typeof services)[number]

/** What goes before every script: which environment a server serves is told by the env file that it has. */
const prelude = `set -euo pipefail
cd /opt/webshop
environment=production
[ -e backend/.env.production ] || environment=staging
compose_file=${composeFiles.production}
[ $environment = production ] || compose_file=${composeFiles.staging}
env_file=backend/.env.$environment
compose() { docker compose --ansi never --progress quiet -f "$compose_file" "$@"; }
`

export function inShop(server: LabServer, script: string): Promise<string> {
  return server.must(prelude + script)
}

/** Finds the shop that a server has. */
export async function findShop(server: LabServer): Promise<Shop> {
  const [name, domain = ''] = (
    await inShop(
      server,
      `echo "$environment"; sed -n 's/^ *server_name \\([^ ;]*\\).*/\\1/p' nginx/conf.d/site.conf | sed -n 1p`,
    )
  )
    .trim()
    .split('\n')
  const environment = name === 'staging' ? 'staging' : 'production'
  return describeShop(server, environment, domain)
}

export function describeShop(server: LabServer, environment: Environment, domain: string): Shop {
  return {
    server,
    environment,
    domain,
    composeFile: `/opt/webshop/${composeFiles[environment]}`,
    envFile: `/opt/webshop/backend/.env.${environment}`,
    run: script => inShop(server, script),
  }
}

/** Waits until all seven services say that they are healthy; says which do not. */
export async function waitUntilHealthy(server: LabServer, seconds = 120): Promise<void> {
  await inShop(
    server,
    `for _ in $(seq ${seconds * 2}); do
  states=$(compose ps --all --format '{{.Service}} {{.State}} {{.Health}}')
  [ "$(grep -c ' running healthy$' <<< "$states")" = ${services.length} ] && exit 0
  sleep 0.5
done
echo "after ${seconds} s: $states" >&2
exit 1`,
  )
}
