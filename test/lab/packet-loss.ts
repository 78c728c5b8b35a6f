import type { LabServer } from './server.ts'
import type { Lab } from './session.ts'
import { attempt, lines, run } from './shell.ts'

/**
 * Packets between this machine and a server that get lost: some at random, or all.
 *
 * Without netem in the kernel, it is this machine's firewall that drops them, on the lab's own bridge only. Each
 * rule bears the bridge's name, by which `removeLoss` finds and takes it away again, also after an interrupted run.
 */
export async function losePackets(
  lab: Lab,
  server: LabServer,
  fraction: number,
): Promise<{ restore(): Promise<void> }> {
  const { bridge } = lab.network
  const chance =
    fraction >= 1 ? [] : ['-m', 'statistic', '--mode', 'random', '--probability', String(fraction)]
  const mark = ['-m', 'comment', '--comment', `kneeboard.lab ${bridge}`]
  const rules = (address: string) => [
    ['OUTPUT', '-o', bridge, '-d', address, ...chance, ...mark, '-j', 'DROP'],
    ['INPUT', '-i', bridge, '-s', address, ...chance, ...mark, '-j', 'DROP'],
  ]
  for (const rule of rules(server.ipv4)) await run`iptables -w -I ${rule}`
  for (const rule of rules(server.ipv6)) await run`ip6tables -w -I ${rule}`
  return {
    restore: async () => {
      for (const rule of rules(server.ipv4)) await attempt`iptables -w -D ${rule}`
      for (const rule of rules(server.ipv6)) await attempt`ip6tables -w -D ${rule}`
    },
  }
}

/** Takes away the rules of a bridge that is about to go. */
export async function removeLoss(bridge: string): Promise<void> {
  for (const tool of ['iptables', 'ip6tables']) {
    const listed = await attempt`${tool} -w -S`
    const ours = lines(listed.stdout).filter(line => line.includes(`--comment "kneeboard.lab ${bridge}"`))
    for (const rule of ours) {
      const words = rule.replace('"kneeboard.lab ', 'kneeboard.lab\u0000').replace('"', '').split(' ')
      await attempt`${tool} -w -D ${words.slice(1).map(word => word.replace('\u0000', ' '))}`
    }
  }
}
