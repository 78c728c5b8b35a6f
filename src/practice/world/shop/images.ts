/** The shop's images, as they lie on its server and in its registry. */

import { FileSystem } from '../../system/file-system.ts'
import { type DirectoryNode, directoryNode, programNode } from '../../system/nodes.ts'
import { BASE } from '../catalogue.ts'
import type { World } from '../world.ts'

const DAY = 86_400_000
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Programs that every image has: those of a small Debian. */
const COMMON = [
  'coreutils',
  'dash',
  'bash',
  'grep',
  'sed',
  'mawk',
  'findutils',
  'diffutils',
  'gzip',
  'tar',
  'hostname',
  'libc-bin',
  'procps',
  'curl',
  'openssl',
]

function tree(programs: readonly string[], fill: (files: FileSystem) => void): () => DirectoryNode {
  return () => {
    const root = directoryNode()
    const files = new FileSystem(root, { bytes: Number.POSITIVE_INFINITY, usedBytes: 0 })
    for (const folder of ['/usr/bin', '/usr/sbin', '/etc', '/var/lib', '/run', '/root', '/home'])
      files.folder(folder)
    for (const [link, target] of [
      ['/bin', 'usr/bin'],
      ['/sbin', 'usr/sbin'],
      ['/var/run', '/run'],
    ] as const)
      files.link(link, target)
    files.folder('/tmp', 0o1777)
    const base = BASE.filter(({ name }) => COMMON.includes(name)).flatMap(entry =>
      Object.entries(entry.programs ?? {}),
    )
    for (const [path, program] of [
      ...base,
      ...programs.map(each => [each, each.split('/').at(-1) ?? ''] as const),
    ]) {
      const folder = files.folder(path.slice(0, path.lastIndexOf('/')))
      folder.entries.set(path.slice(path.lastIndexOf('/') + 1), programNode(program))
    }
    files.write('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n')
    files.write('/etc/group', 'root:x:0:\n')
    files.write(
      '/etc/os-release',
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
    )
    fill(files)
    return root
  }
}

const user = (files: FileSystem, name: string, id: number, home: string): void => {
  files.write('/etc/passwd', `${files.text('/etc/passwd')}${name}:x:${id}:${id}::${home}:/bin/sh\n`)
  files.write('/etc/group', `${files.text('/etc/group')}${name}:x:${id}:\n`)
  files.folder(home, 0o755, id, id)
}

const NGINX = `user www-data;
worker_processes auto;
pid /run/nginx.pid;
events {
    worker_connections 768;
}
http {
    sendfile on;
    access_log /var/log/nginx/access.log;
    include /etc/nginx/conf.d/*.conf;
}
`

export const RELEASES = ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0']

/** Puts the images on the server; all releases, as the registry has them. */
export function addShopImages(world: World): void {
  const { docker, machine } = world
  const now = machine.now()
  docker.addImage(
    'postgres:15',
    {
      Env: [
        'PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'PGDATA=/var/lib/postgresql/data',
        'LANG=C.UTF-8',
        'PG_MAJOR=15',
      ],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      User: 'postgres',
      Volumes: ['/var/lib/postgresql/data'],
      StopSignal: 'SIGINT',
    },
    {
      size: 438_000_000,
      created: now - 60 * DAY,
      root: tree(
        [
          ...[
            'postgres',
            'psql',
            'pg_isready',
            'pg_dump',
            'pg_restore',
            'createdb',
            'dropdb',
            'createuser',
            'vacuumdb',
            'reindexdb',
            'pg_controldata',
            'pg_amcheck',
          ].map(each => `/usr/lib/postgresql/15/bin/${each}`),
          '/usr/local/bin/docker-entrypoint.sh',
        ],
        files => {
          user(files, 'postgres', 999, '/var/lib/postgresql')
          files.folder('/var/lib/postgresql/data', 0o700, 999, 999)
        },
      ),
    },
  )
  docker.addImage(
    'redis:7',
    { Env: [PATH], Cmd: ['redis-server'], User: 'redis', WorkingDir: '/data', Volumes: ['/data'] },
    {
      size: 116_000_000,
      created: now - 50 * DAY,
      root: tree(['/usr/bin/redis-server', '/usr/bin/redis-cli'], files =>
        user(files, 'redis', 999, '/data'),
      ),
    },
  )
  docker.addImage(
    'nginx:1.22',
    { Env: [PATH], Cmd: ['nginx', '-g', 'daemon off;'], StopSignal: 'SIGQUIT' },
    {
      size: 142_000_000,
      created: now - 70 * DAY,
      root: tree(['/usr/sbin/nginx'], files => {
        user(files, 'www-data', 33, '/var/www')
        files.write('/etc/nginx/nginx.conf', NGINX)
        files.folder('/etc/nginx/conf.d')
        files.folder('/var/log/nginx')
        files.link('/var/log/nginx/access.log', '/dev/stdout')
        files.link('/var/log/nginx/error.log', '/dev/stderr')
      }),
    },
  )
  docker.addImage(
    'certbot/certbot:latest',
    { Env: [PATH], Entrypoint: ['certbot'] },
    { size: 180_000_000, created: now - 45 * DAY, root: tree(['/usr/bin/certbot'], () => {}) },
  )
  RELEASES.forEach((version, index) => {
    const created = now - (40 - index * 8) * DAY
    docker.addImage(
      `registry.lab/webshop-backend:${version}`,
      {
        Env: [PATH, 'PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1', `SHOP_VERSION=${version}`],
        Cmd: ['gunicorn', '--config', 'config/gunicorn.py', 'config.wsgi:application'],
        User: 'app',
        WorkingDir: '/app',
        Labels: { 'org.opencontainers.image.version': version },
      },
      {
        size: 412_000_000,
        created,
        root: tree(['/usr/bin/gunicorn', '/usr/bin/celery', '/usr/bin/python', '/usr/bin/python3'], files => {
          user(files, 'app', 1001, '/home/app')
          files.write('/app/manage.py', '#!/usr/bin/env python\n', 0o755, 1001, 1001)
          files.write('/app/config/settings.py', '# settings of the shop\n')
          files.folder('/app/staticfiles', 0o755, 1001, 1001)
        }),
      },
    )
    docker.addImage(
      `registry.lab/webshop-frontend:${version}`,
      {
        Env: [PATH, `SHOP_VERSION=${version}`, 'PYTHONUNBUFFERED=1'],
        Cmd: ['python3', 'server.py'],
        User: 'app',
        WorkingDir: '/app',
        Labels: { 'org.opencontainers.image.version': version },
      },
      {
        size: 168_000_000,
        created,
        root: tree(['/usr/bin/python3', '/usr/bin/wget'], files => {
          user(files, 'app', 1001, '/home/app')
          files.write('/app/server.py', '# the storefront\n')
        }),
      },
    )
  })
  for (const image of docker.images.values()) for (const tag of image.tags) docker.registry.set(tag, image)
  world.names.set('registry.lab', { A: ['203.0.113.90'] })
}
