/** Ports that Docker publishes: they are opened before ufw's rules are asked. */

import { outputOf, Unreadable } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { dockerInstallation } from './docker.ts'

export interface PublishedPort {
  /** The container's name. */
  readonly container: string
  /** Address of this server that it is bound to: `0.0.0.0`, `::`, or one. */
  readonly address: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** Port inside the container. */
  readonly inside: number
}

/** Published ports of the running containers; null where there is no Docker. */
export const publishedPorts = fact(
  'docker/published-ports',
  async (context): Promise<PublishedPort[] | null> => {
    const { clients, daemons, snap } = await context.read(dockerInstallation)
    if (clients.length === 0 && daemons.length === 0 && !snap) return null
    const result = await context.run(
      sh`
      containers=$(docker ps -q --no-trunc) || exit 1
      [ -z "$containers" ] || docker inspect --format '{{.Name}} {{json .NetworkSettings.Ports}}' $containers
    `,
      { as: 'root' },
    )
    return parsePublished(outputOf(result, 'what Docker publishes'))
  },
)

/** Filter rules that the operator put before Docker's own. */
export interface ForwardFilter {
  /** Lines of `iptables -S DOCKER-USER`; empty without the chain. */
  readonly ipv4: readonly string[]
  /** Lines of `ip6tables -t nat -S DOCKER`: what Docker itself forwards on IPv6. Empty where docker-proxy does. */
  readonly ipv6Forwarded: readonly string[]
}

/** @throws Unreadable when iptables cannot be asked. */
export const forwardFilter = fact('docker/forward-filter', async (context): Promise<ForwardFilter> => {
  const result = await context.run(
    sh`
      PATH=$PATH:/usr/sbin:/sbin
      command -v iptables >/dev/null || { echo 'iptables is not installed' >&2; exit 127; }
      iptables -S DOCKER-USER 2>/dev/null | sed 's/^/4 /'
      ip6tables -t nat -S DOCKER 2>/dev/null | sed 's/^/6 /'
      exit 0
    `,
    { as: 'root' },
  )
  const lines = outputOf(result, 'Docker’s filter rules').split('\n')
  const of = (mark: string) => lines.filter(line => line.startsWith(mark)).map(line => line.slice(2))
  return { ipv4: of('4 '), ipv6Forwarded: of('6 ') }
})

/** Reads `/NAME {"5432/tcp":[{"HostIp":"0.0.0.0","HostPort":"5432"}],…}` lines. @throws Unreadable on others. */
export function parsePublished(text: string): PublishedPort[] {
  return text
    .split('\n')
    .filter(line => line.trim() !== '')
    .flatMap(line => {
      const space = line.indexOf(' ')
      const container = line.slice(0, space).replace(/^\//, '')
      return Object.entries(portsOf(line.slice(space + 1))).flatMap(([key, bindings]) => {
        const [inside = '', protocol = ''] = key.split('/')
        if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return []
        return (bindings ?? []).map(({ HostIp, HostPort }) => ({
          container,
          address: HostIp === '' ? '0.0.0.0' : HostIp,
          port: Number(HostPort),
          protocol,
          inside: Number(inside),
        }))
      })
    })
}

type Bindings = Record<string, { HostIp: string; HostPort: string }[] | null>

function portsOf(json: string): Bindings {
  try {
    return (JSON.parse(json) ?? {}) as Bindings
  } catch {
    throw new Unreadable(`what Docker publishes could not be read: “${json.slice(0, 80)}”`)
  }
}
