/** A shop that runs: what an operator did by hand before the first visitor came. */

import { randomBytes } from 'node:crypto'
import type { World } from '../world.ts'
import { type Authority, issue, makeAuthority } from '../x509.ts'
import { datedBy, moneyOf, rewrite, type Table } from './database.ts'
import { DEPLOY_FILES } from './deploy-files.ts'
import { addShopImages } from './images.ts'
import { migrationsOf } from './migrations.ts'
import { PostgresRole } from './postgres-role.ts'
import { roleAt } from './roles.ts'

const DAY = 86_400_000
export const DOMAIN = 'shop.example.com'
export const APP = '/opt/webshop'
export const ENV_FILE = `${APP}/backend/.env.production`

const secret = (length: number): string =>
  randomBytes(length * 2)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, length)

/** One world has one CA. */
const authorities = new WeakMap<World, Authority>()

export function authorityOf(world: World): Authority {
  let authority = authorities.get(world)
  if (!authority) {
    authority = makeAuthority('Practice CA', world.machine.now())
    authorities.set(world, authority)
  }
  return authority
}

/** A server that has been set up, with the shop on it. */
export async function layShop(world: World): Promise<void> {
  await prepareServer(world)
  addShopImages(world)
  layFiles(world)
  world.names.set(DOMAIN, {
    A: [world.network.ipv4],
    AAAA: [world.network.ipv6],
    NS: ['ns1.practice-dns.example'],
  })
  world.names.set(`www.${DOMAIN}`, { A: [world.network.ipv4], AAAA: [world.network.ipv6] })
  world.names.set('ns1.practice-dns.example', { A: ['203.0.113.54'] })
  layAuthority(world)
  installCertificate(world, world.machine.now() - DAY, world.machine.now() + 89 * DAY)
  await world.shell(`cd ${APP} && docker compose -f docker-compose.prod.yml up -d`)
  await migrate(world)
  await world.shell(`cd ${APP} && docker compose -f docker-compose.prod.yml up -d --wait`)
  layBackup(world)
}

/** The CA's ACME directories, as certbot and the checks ask for them. */
function layAuthority(world: World): void {
  for (const host of ['acme-v02.api.letsencrypt.org', 'acme-staging-v02.api.letsencrypt.org']) {
    world.names.set(host, { A: ['172.65.32.248'] })
    const directory = {
      newNonce: `https://${host}/acme/new-nonce`,
      newAccount: `https://${host}/acme/new-acct`,
      newOrder: `https://${host}/acme/new-order`,
      meta: { caaIdentities: ['letsencrypt.org'], website: 'https://letsencrypt.org' },
    }
    world.downloads.set(`https://${host}/directory`, JSON.stringify(directory))
  }
}

/** What server-setup would have done. */
async function prepareServer(world: World): Promise<void> {
  const { files, packages, systemd } = world
  for (const name of [
    'unattended-upgrades',
    'ufw',
    'python3-systemd',
    'nftables',
    'fail2ban',
    'docker.io',
    'docker-compose',
    'certbot',
    'rsync',
  ]) {
    const resolved = packages.resolve([name])
    if ('missing' in resolved) continue
    for (const entry of resolved) {
      packages.unpack(entry)
      await world.setUp(entry)
    }
  }
  for (const { entry } of packages.upgrades()) packages.unpack(entry)
  files.node('/var/lib/apt/lists').modified = Date.now() - 3_600_000
  files.write(
    '/etc/hosts',
    '127.0.0.1\tlocalhost\n127.0.1.1\tshop\n::1\t\tlocalhost ip6-localhost ip6-loopback\n',
  )
  files.write(
    '/etc/ssh/sshd_config.d/00-kneeboard.conf',
    'PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n',
  )
  systemd.reload('ssh.service')
  files.write(
    '/etc/docker/daemon.json',
    '{\n  "log-driver": "json-file",\n  "log-opts": { "max-size": "10m", "max-file": "3" },\n  "live-restore": true\n}\n',
  )
  systemd.stop('docker.service')
  await systemd.start('docker.service')
  await world.shell(
    'adduser --disabled-password --gecos "" deploy; usermod -aG sudo,docker deploy; install -d -o deploy -g deploy -m 700 /home/deploy/.ssh; install -o deploy -g deploy -m 600 /root/.ssh/authorized_keys /home/deploy/.ssh/authorized_keys; ufw allow 22/tcp; ufw allow 80/tcp; ufw allow 443/tcp; ufw --force enable; fallocate -l 2G /swapfile; chmod 600 /swapfile; mkswap /swapfile; swapon /swapfile; echo "/swapfile none swap sw 0 0" >>/etc/fstab',
  )
  files.write('/etc/sudoers.d/90-kneeboard-deploy', 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n', 0o440)
}

function layFiles(world: World): void {
  const { files } = world
  const deploy = 1000
  for (const [name, text] of Object.entries(DEPLOY_FILES))
    files.write(`${APP}/${name}`, text, name.endsWith('.sh') ? 0o755 : 0o644, deploy, deploy)
  for (const folder of [
    '',
    '/backend',
    '/nginx',
    '/nginx/conf.d',
    '/scripts',
    '/certs',
    '/certbot_certs',
    '/backups',
  ])
    files.folder(APP + folder, 0o755, deploy, deploy)
  const [database, redis] = [secret(32), secret(32)]
  const values: Readonly<Record<string, string>> = {
    SECRET_KEY: secret(64),
    POSTGRES_PASSWORD: database,
    DB_PASSWORD: database,
    REDIS_PASSWORD: redis,
    MOLLIE_API_KEY: `live_${secret(30)}`,
    DO_SPACES_ACCESS_KEY: secret(32),
    DO_SPACES_SECRET_KEY: secret(32),
    SENTRY_DSN: `https://${randomBytes(16).toString('hex')}@sentry.lab/1`,
    STAFF_PASSWORD: secret(32),
    IMAGE_TAG: 'v1.1.0',
    NEXT_PUBLIC_API_URL: `https://${DOMAIN}/api`,
  }
  const named = (text: string): string => text.replaceAll('shop.example', DOMAIN)
  const fill = (text: string): string =>
    text.replace(/^([A-Z_]+)=.*$/gm, (line, key: string) => (key in values ? `${key}=${values[key]}` : line))
  files.write(
    ENV_FILE,
    fill(named(DEPLOY_FILES['backend/.env.production.example'] ?? '')),
    0o600,
    deploy,
    deploy,
  )
  files.write(`${APP}/.env`, fill(DEPLOY_FILES['.env.example'] ?? ''), 0o600, deploy, deploy)
  files.write(
    `${APP}/nginx/conf.d/site.conf`,
    (DEPLOY_FILES['nginx/site.https.conf'] ?? '').replaceAll('DOMAIN', DOMAIN),
    0o644,
    deploy,
    deploy,
  )
  files.write(
    `${APP}/nginx/conf.d/headers.inc`,
    DEPLOY_FILES['nginx/headers.production.inc'] ?? '',
    0o644,
    deploy,
    deploy,
  )
  const now = world.machine.now()
  const own = issue(makeAuthority('db', now), { names: ['db'], from: now - DAY, to: now + 3650 * DAY })
  files.write(`${APP}/certs/server.crt`, own.certificate, 0o644, 999, 999)
  files.write(`${APP}/certs/server.key`, own.privateKey, 0o600, 999, 999)
}

/** A lineage as certbot keeps it. */
export function installCertificate(world: World, from: number, to: number, number = 1): void {
  const { files } = world
  const authority = authorityOf(world)
  const { certificate, privateKey } = issue(authority, { names: [DOMAIN, `www.${DOMAIN}`], from, to })
  const base = `${APP}/certbot_certs`
  const parts: Readonly<Record<string, string>> = {
    cert: certificate,
    chain: authority.certificate,
    fullchain: certificate + authority.certificate,
    privkey: privateKey,
  }
  for (const [name, text] of Object.entries(parts)) {
    files.write(`${base}/archive/${DOMAIN}/${name}${number}.pem`, text, name === 'privkey' ? 0o600 : 0o644)
    files.folder(`${base}/live/${DOMAIN}`)
    files.drop(`${base}/live/${DOMAIN}/${name}.pem`)
    files.link(`${base}/live/${DOMAIN}/${name}.pem`, `../../archive/${DOMAIN}/${name}${number}.pem`)
  }
  files.write(
    `${base}/renewal/${DOMAIN}.conf`,
    `version = 2.1.0\narchive_dir = /etc/letsencrypt/archive/${DOMAIN}\ncert = /etc/letsencrypt/live/${DOMAIN}/cert.pem\nprivkey = /etc/letsencrypt/live/${DOMAIN}/privkey.pem\nchain = /etc/letsencrypt/live/${DOMAIN}/chain.pem\nfullchain = /etc/letsencrypt/live/${DOMAIN}/fullchain.pem\n\n[renewalparams]\naccount = 0123456789abcdef\nauthenticator = webroot\nserver = https://acme-v02.api.letsencrypt.org/directory\nwebroot_path = /var/www/certbot,\n[[webroot_map]]\n`,
  )
}

/** All migrations of the release that runs, and some wares. */
async function migrate(world: World): Promise<void> {
  await world.shell(
    `cd ${APP} && docker compose -f docker-compose.prod.yml exec -T backend python manage.py migrate --noinput`,
  )
  const database = roleAt(world.docker.find('webshop-db-1'), PostgresRole)?.cluster.databases.get(
    'webshop_prod',
  )
  if (!database) return
  const now = world.machine.now()
  for (const [name, rows] of [
    ['products_product', 40],
    ['products_category', 6],
    ['products_review', 85],
    ['orders_order', 120],
    ['orders_orderline', 310],
    ['auth_user', 3],
    ['auth_permission', 44],
    ['django_content_type', 11],
    ['payments_payment', 118],
  ] as const) {
    const table = database.tables.get(name)
    if (!table) continue
    table.rows = rows
    rewrite(table, 'the first wares and orders')
    if (datedBy(table) === undefined) continue
    table.newestAt = now - 20 * 60_000
    if (moneyOf(table) !== undefined) table.months = [closedMonth(now, 1, 48), closedMonth(now, 2, 31)]
  }
  database.migrations = migrationsOf('v1.1.0').map(({ app, name }, index) => ({
    app,
    name,
    appliedAt: now - 30 * DAY + index * 1000,
  }))
  database.bytes = 14_200_000
}

/** A month that is over: so many months ago, with so many rows. */
function closedMonth(now: number, ago: number, rows: number): Table['months'][number] {
  const date = new Date(now)
  const month = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - ago, 1))
    .toISOString()
    .slice(0, 7)
  return { month, rows, sum: (rows * 29.9).toFixed(2) }
}

function layBackup(world: World): void {
  world.files.folder(`${APP}/backups`, 0o750, 1000, 1000)
}
