import { readFile } from 'node:fs/promises'
import { attempt, lines, run } from './shell.ts'

/**
 * Rules of this machine's firewall for one bridge of the lab. Each bears the bridge's name, by which `removeRules`
 * finds and takes it away again, also after an interrupted run.
 */
export type Tool = 'iptables' | 'ip6tables'
export type Rule = readonly [chain: string, ...matches: string[]]

const mark = (bridge: string) => `kneeboard.lab ${bridge}`

/** Put first, so that they hold whatever the machine's own rules say. */
export async function addRules(bridge: string, tool: Tool, rules: readonly Rule[]): Promise<void> {
  for (const rule of rules) await run`${tool} -w -I ${marked(bridge, rule)}`
}

export async function deleteRules(bridge: string, tool: Tool, rules: readonly Rule[]): Promise<void> {
  for (const rule of rules) await attempt`${tool} -w -D ${marked(bridge, rule)}`
}

/** Takes away every rule of a bridge that is about to go. */
export async function removeRules(bridge: string): Promise<void> {
  for (const tool of ['iptables', 'ip6tables']) {
    const listed = await attempt`${tool} -w -S`
    const ours = lines(listed.stdout).filter(line => line.includes(`--comment "${mark(bridge)}"`))
    for (const rule of ours) {
      const [before = '', after = ''] = rule.split(`"${mark(bridge)}"`)
      const words = [...before.trim().split(' ').slice(1), mark(bridge), ...after.trim().split(' ')]
      await attempt`${tool} -w -D ${words}`
    }
  }
}

/**
 * Lets the servers of a bridge reach each other. Where bridges are filtered (`br_netfilter`), a policy of DROP that
 * ufw or another Docker has set for what is forwarded would otherwise part them; and the lab's own daemon, which
 * leaves the machine's rules alone, adds none.
 */
export async function letServersTalk(bridge: string): Promise<void> {
  const rule: Rule = ['FORWARD', '-i', bridge, '-o', bridge, '-j', 'ACCEPT']
  if (await isFiltered('iptables')) await addRules(bridge, 'iptables', [rule])
  if (await isFiltered('ip6tables')) await addRules(bridge, 'ip6tables', [rule])
}

/** Whether what passes a bridge goes through that firewall. */
async function isFiltered(tool: Tool): Promise<boolean> {
  const setting = await readFile(`/proc/sys/net/bridge/bridge-nf-call-${tool}`, 'utf8').catch(() => '0')
  return setting.trim() === '1'
}

function marked(bridge: string, [chain, ...matches]: Rule): string[] {
  const target = matches.lastIndexOf('-j')
  return [
    chain,
    ...matches.slice(0, target),
    ...['-m', 'comment', '--comment', mark(bridge)],
    ...matches.slice(target),
  ]
}
