/** Ports that Docker publishes: they are opened before ufw's rules are asked. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'
import { allContainers, type PublishedPort } from './containers.ts'
import { dockerInstallation } from './docker.ts'

/** Published ports of the running containers; null where there is no Docker. */
export const publishedPorts = fact(
  'docker/published-ports',
  async (context): Promise<PublishedPort[] | null> => {
    const { clients, daemons, snap } = await context.read(dockerInstallation)
    if (clients.length === 0 && daemons.length === 0 && !snap) return null
    return (await context.read(allContainers)).flatMap(({ published }) => published)
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
