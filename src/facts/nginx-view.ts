/** nginx as it runs: what it says of its files, where the names in them lead now, and how long its workers have been there. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { containerOfService, insideContainer, stackContainers } from './containers.ts'
import { lookUpFunction, parseLookUps } from './look-up.ts'
import { sayFunction, sectionsOf } from './sections.ts'

export interface NginxView {
  /** What `nginx -t` says of the files as they are now. */
  readonly valid: boolean
  /** The line that names the error; empty without one. */
  readonly error: string
  /** Names that requests are passed to, with the addresses that they lead to now; empty for an unknown name. */
  readonly upstreams: ReadonlyMap<string, readonly string[]>
  /** Addresses and ports of `listen`: `80 default_server`. */
  readonly listens: readonly string[]
  /** What `ssl_certificate` names, as nginx sees it, in PEM as it is on disk now: the leaf first. */
  readonly certificates: readonly { readonly path: string; readonly pem: readonly string[] }[]
  /** Process ids of its workers, as its own log names them; those of before the last reload, which only finish, left out. */
  readonly workers: readonly number[]
  /** Seconds since its youngest worker began: since the last start or reload. */
  readonly workersAgeSeconds: number
}

const INSIDE = sh`
  PATH=$PATH:/usr/sbin:/usr/local/sbin
  ${sayFunction}
  ${lookUpFunction}
  dump=$(nginx -T 2>&1); status=$?
  say status; echo "$status"
  say error; printf '%s\\n' "$dump" | grep '\\[emerg\\]' | head -n 3
  say directives
  directives=$(printf '%s\\n' "$dump" | grep -E '^[[:space:]]*(server|[a-z_]+_pass|listen|ssl_certificate)[[:space:]]+[^{]*;' | sort -u)
  printf '%s\\n' "$directives"
  say names
  look_up $(printf '%s\\n' "$directives" | sed -n \\
    -e 's/^[[:space:]]*server[[:space:]]\\{1,\\}\\([A-Za-z][A-Za-z0-9._-]*\\).*/\\1/p' \\
    -e 's#^[[:space:]]*[a-z]*_pass[[:space:]]\\{1,\\}[a-z]*://\\([A-Za-z][A-Za-z0-9._-]*\\).*#\\1#p' | sort -u | grep -vx unix)
  printf '%s\\n' "$directives" | sed -n 's/^[[:space:]]*ssl_certificate[[:space:]]\\{1,\\}"\\{0,1\\}\\([^;"]*\\).*/\\1/p' |
    while read -r path; do say "certificate $path"; cat "$path"; done
  say workers
  cut -d ' ' -f 1 /proc/uptime
  for file in $(grep -l '^nginx: worker process' /proc/[0-9]*/cmdline 2>/dev/null); do
    grep -q 'is shutting down' "$file" || cat "\${file%cmdline}stat" 2>/dev/null
  done | awk '{ id = $1; sub(/.*[)] /, ""); print id, $20 }'
  true
`

/** @throws Unreadable when nginx’s container does not run. */
export const nginxView = fact(
  'nginx/view',
  async (context, composeFile: string, service: string): Promise<NginxView> => {
    const container = containerOfService(await context.read(stackContainers, composeFile), service)
    if (container?.status !== 'running') throw new Unreadable(`the container of ${service} does not run`)
    const result = await context.run(insideContainer(container, INSIDE), { as: 'root' })
    return parseNginxView(outputOf(result, 'nginx’s own view'))
  },
)

/** Clock ticks a second, as the kernel tells them to programs: 100 on every Linux that Docker runs on. */
const TICKS = 100

/** Reads what the script printed. @throws Unreadable when nginx is not there, or has no worker. */
export function parseNginxView(text: string): NginxView {
  const sections = sectionsOf(text)
  const lines = (name: string): readonly string[] => sections.get(name) ?? []
  const status = Number(lines('status')[0])
  const [error = ''] = lines('error')
  if (Number.isNaN(status) || (status !== 0 && error === ''))
    throw new Unreadable('nginx’s own view could not be read: nginx -T did not run')
  const directives = lines('directives').map(line => line.trim().replace(/;.*$/, ''))
  const valuesOf = (name: string): string[] =>
    directives.filter(line => line.startsWith(`${name} `)).map(line => line.slice(name.length).trim())
  // A name that stands for an upstream block leads nowhere itself: nginx knows it, DNS need not.
  const passes = new Set(
    directives.flatMap(line => /^[a-z_]+_pass\s+[a-z]+:\/\/([A-Za-z][A-Za-z0-9._-]*)/.exec(line)?.[1] ?? []),
  )
  const servers = new Set(valuesOf('server').map(value => value.split(/[:\s]/)[0] ?? ''))
  const upstreams = new Map<string, readonly string[]>()
  for (const [name, addresses] of parseLookUps(lines('names'))) {
    if (servers.has(name) || (passes.has(name) && addresses.length > 0)) upstreams.set(name, addresses)
  }
  if (upstreams.size === 0 && [...servers, ...passes].some(name => /^[A-Za-z]/.test(name) && name !== 'unix'))
    throw new Unreadable('nginx’s own view could not be read: no name in its files was looked up')
  const [uptime = Number.NaN] = lines('workers').map(Number)
  const workers = lines('workers')
    .slice(1)
    .map(line => line.split(' ').map(Number))
    .map(([id = Number.NaN, start = Number.NaN]) => ({ id, start }))
  return {
    valid: status === 0,
    error: error.replace(/^nginx: \[emerg\] /, '').replace(/^.*\[emerg\] \d+#\d+: /, ''),
    upstreams,
    listens: valuesOf('listen'),
    certificates: [...sections].flatMap(([name, content]) =>
      name.startsWith('certificate ')
        ? [
            {
              path: name.slice('certificate '.length),
              pem:
                content.join('\n').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
            },
          ]
        : [],
    ),
    workers: workers.map(({ id }) => id),
    workersAgeSeconds:
      workers.length === 0 ? Number.NaN : uptime - Math.max(...workers.map(({ start }) => start)) / TICKS,
  }
}
