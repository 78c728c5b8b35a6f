import { join } from 'node:path'
import type { LabServer } from '../server.ts'
import { installCertificate, issueCertificate } from './certificates.ts'
import { composeFiles, type Environment } from './site.ts'

/** What an operator has done by hand before the first `up`: the files in /opt/webshop, filled in, owned by deploy. */
export type Layout = { environment: Environment; domain: string; tag: string; https: boolean }

const DAY = 24 * 60 * 60 * 1000

export async function layOutShop(
  server: LabServer,
  { environment, domain, tag, https }: Layout,
): Promise<void> {
  await server.must(`set -eu
id deploy > /dev/null 2>&1 || useradd --create-home --shell /bin/bash deploy
usermod --append --groups docker,sudo deploy
install -d -o deploy -g deploy -m 700 /home/deploy/.ssh
[ -e /home/deploy/.ssh/authorized_keys ] || install -o deploy -g deploy -m 600 /root/.ssh/authorized_keys /home/deploy/.ssh/
install -d /opt/webshop/certs /opt/webshop/certbot_certs /opt/webshop/backups`)
  await server.copyIn(`${join(import.meta.dirname, 'deploy')}/.`, '/opt/webshop')
  await server.must(fillIn(environment, domain, tag, https))
  if (https) {
    const names = environment === 'production' ? [domain, `www.${domain}`] : [domain]
    const now = Date.now()
    const issued = await issueCertificate(names, new Date(now - DAY), new Date(now + 89 * DAY))
    await installCertificate(server, domain, issued)
  }
  await server.must('chown -R deploy:deploy /opt/webshop && chown 999:999 /opt/webshop/certs/server.*')
}

function fillIn(environment: Environment, domain: string, tag: string, https: boolean): string {
  const paymentKey = `${environment === 'production' ? 'live' : 'test'}_$(secret 30)`
  return `set -eu
cd /opt/webshop
secret() { openssl rand -base64 96 | tr -dc a-zA-Z0-9 | head -c "$1"; }
set_key() { sed -i "s|^$2=.*|$2=$3|" "$1"; }

env_file=backend/.env.${environment}
cp $env_file.example $env_file
sed -i 's/staging\\.shop\\.example/${domain}/g; s/shop\\.example/${domain}/g' $env_file
database_password=$(secret 32)
redis_password=$(secret 32)
for key in POSTGRES_PASSWORD DB_PASSWORD; do set_key $env_file $key $database_password; done
for key in DO_SPACES_ACCESS_KEY DO_SPACES_SECRET_KEY STAFF_PASSWORD; do set_key $env_file $key $(secret 32); done
set_key $env_file SECRET_KEY $(secret 64)
set_key $env_file REDIS_PASSWORD $redis_password
set_key $env_file MOLLIE_API_KEY ${paymentKey}
set_key $env_file SENTRY_DSN https://$(openssl rand -hex 16)@sentry.lab/1

cp .env.example .env
set_key .env REDIS_PASSWORD $redis_password
set_key .env IMAGE_TAG ${tag}
set_key .env NEXT_PUBLIC_API_URL ${https ? 'https' : 'http'}://${domain}/api
${https ? '' : `set_key $env_file BACKEND_URL http://${domain}`}
chmod 600 $env_file .env

openssl req -new -x509 -days 3650 -nodes -out certs/server.crt -keyout certs/server.key -subj /CN=db 2> /dev/null
chmod 600 certs/server.key

sed 's/DOMAIN/${domain}/g' nginx/site.${https ? 'https' : 'http'}.conf > nginx/conf.d/site.conf
cp nginx/headers.${environment}.inc nginx/conf.d/headers.inc
${environment === 'staging' ? 'echo "staging:$(openssl passwd -apr1 staging)" > nginx/conf.d/htpasswd' : ''}
test -s ${composeFiles[environment]}`
}
