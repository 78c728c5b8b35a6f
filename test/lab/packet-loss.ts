import { addRules, deleteRules, type Rule } from './bridge-rules.ts'
import type { LabServer } from './server.ts'
import type { Lab } from './session.ts'

/**
 * Packets between this machine and a server that get lost: some at random, or all. Without netem in the kernel, it
 * is this machine's firewall that drops them, on the lab's own bridge only.
 */
export async function losePackets(
  lab: Lab,
  server: LabServer,
  fraction: number,
): Promise<{ restore(): Promise<void> }> {
  const { bridge } = lab.network
  const chance =
    fraction >= 1 ? [] : ['-m', 'statistic', '--mode', 'random', '--probability', String(fraction)]
  const rules = (address: string): Rule[] => [
    ['OUTPUT', '-o', bridge, '-d', address, ...chance, '-j', 'DROP'],
    ['INPUT', '-i', bridge, '-s', address, ...chance, '-j', 'DROP'],
  ]
  await addRules(bridge, 'iptables', rules(server.ipv4))
  await addRules(bridge, 'ip6tables', rules(server.ipv6))
  return {
    restore: async () => {
      await deleteRules(bridge, 'iptables', rules(server.ipv4))
      await deleteRules(bridge, 'ip6tables', rules(server.ipv6))
    },
  }
}
