import { z } from 'zod'
import { familyOf } from '../../src/facts/address.ts'
import { type Outside, rehearsal } from '../../src/facts/challenge.ts'
import { joined } from '../../src/facts/dns.ts'
import { ownAddresses } from '../../src/facts/own-addresses.ts'
import { forwardFilter } from '../../src/facts/published-ports.ts'
import { siteKey } from '../../src/facts/site.ts'
import { ufwInstalled, ufwRules, ufwSettings, ufwStatus } from '../../src/facts/ufw.ts'
import { ruleFor } from '../../src/facts/ufw-rules.ts'
import { runAction } from '../../src/model/action.ts'
import { check, type ReadContext } from '../../src/model/check.ts'
import { Unreadable } from '../../src/model/command.ts'
import { remedy } from '../../src/model/remedy.ts'
import { sh } from '../../src/model/script.ts'
import { fail, notApplicable, pass, type Verdict, warn } from '../../src/model/verdict.ts'
import { ownerOf } from '../dns/owner.ts'
import { plainNames } from '../dns/parameters.ts'
import { domains, resolvers, siteParams, siteShape } from '../tls/parameters.ts'

export const openPort80 = remedy({
  id: 'firewall/open-port-80',
  title: 'Let port 80 in through ufw, over IPv4 and IPv6',
  why: 'The CA asks on port 80, and on no other. A port that Docker publishes needs a second rule where ufw has been given Docker’s traffic to filter.',
  risk: 'None known: adding a rule that lets in shuts nobody out.',
  grade: 'reversible',
  params: siteParams,
  async plan({ read, params }) {
    if (!(await read(ufwInstalled)) || !(await read(ufwStatus)).active)
      throw new Unreadable('ufw is not what closes port 80 here')
    const routed = params.nginxRunsIn === 'compose' && (await filtersDocker({ read }))
    const route = routed ? sh`ufw route allow proto tcp from any to any port 80` : sh`:`
    return {
      actions: [
        runAction(
          'Add the rules',
          sh`
            set -e
            PATH=$PATH:/usr/sbin:/sbin
            ufw allow 80/tcp
            ${route}
          `,
        ),
      ],
      touches: ['the rules of ufw'],
      undo: `sudo ufw delete allow 80/tcp${routed ? '; sudo ufw route delete allow proto tcp from any to any port 80' : ''}`,
      expectedSeconds: 3,
    }
  },
})

/** Whether what goes to containers passes ufw's own forwarding rules. */
async function filtersDocker({ read }: Pick<ReadContext, 'read'>): Promise<boolean> {
  const { ipv4 } = await read(forwardFilter)
  return ipv4.some(line => line.includes('ufw-user-forward'))
}

export const port80Open = check({
  id: 'firewall/port-80-open',
  title: 'Port 80 is open to the world, over every family that DNS names',
  why: 'A firewall that is silent makes the CA wait and give up, and the site on port 443 shows nothing of it.',
  params: z.object({ domains, resolvers, ...siteShape }),
  after: ['web/port-80-listens'],
  remedies: [openPort80],
  timeoutSeconds: 150,
  async probe(context) {
    const { params, read } = context
    const names = plainNames(params.domains)
    const own = await read(ownAddresses)
    const { outside } = await read(rehearsal, siteKey(params), names.join(','), joined(params.resolvers))
    const ours = outside.filter(({ address }) => ownerOf(address, own) !== 'a proxy')
    if (ours.length === 0)
      return notApplicable('the names lead to a proxy: its connections come from its own networks')
    return judge(ours, await closedFamilies(context))
  },
})

/** The families for which ufw lets port 80 in by no rule; empty where ufw is not in force. */
export async function closedFamilies({ read }: Pick<ReadContext, 'read'>): Promise<Set<4 | 6>> {
  const closed = new Set<4 | 6>()
  if (!(await read(ufwInstalled)) || !(await read(ufwStatus)).active) return closed
  const [rules, settings] = await Promise.all([read(ufwRules), read(ufwSettings)])
  for (const family of settings.ipv6 ? ([4, 6] as const) : ([4] as const)) {
    const { action } = ruleFor(rules, { family, port: 80, protocol: 'tcp' }, null)
    if (action !== 'allow' && action !== 'limit') closed.add(family)
  }
  return closed
}

/** Pure. An answer of whatever kind shows that the way is open; silence is the firewall's, and ufw may be it. */
export function judge(ours: readonly Outside[], closed: ReadonlySet<4 | 6>): Verdict {
  const measured = [
    ...new Set(ours.map(({ address, answer }) => `${address}: ${short(answer.outcome)}`)),
  ].join(', ')
  const details = { measured, expected: 'an answer over each family' }
  const shut = ours.find(({ answer }) => answer.outcome === 'timed-out' || answer.outcome === 'refused')
  if (shut !== undefined) {
    const family = familyOf(shut.address) ?? 4
    const families = [
      ...new Set(
        ours
          .filter(({ answer }) => answer.outcome === shut.answer.outcome)
          .map(({ address }) => `IPv${familyOf(address)}`),
      ),
    ].join(' and ')
    const silence = shut.answer.outcome === 'refused' ? 'refused' : 'not answered'
    if (closed.has(family))
      return fail(`ufw does not let port 80 in: over ${families} your machine is ${silence}`, {
        ...details,
        telling: shut.address,
        remedies: [openPort80],
      })
    return fail(
      `port 80 is ${silence} from outside over ${families}, although nginx listens and ufw is not in the way`,
      {
        ...details,
        advice:
          'Look at the provider’s firewall (a cloud console), and at iptables rules that ufw did not make',
      },
    )
  }
  const unseen = ours.find(({ answer }) => answer.outcome === 'no-route-from-here')
  if (unseen !== undefined) {
    const family = familyOf(unseen.address) ?? 6
    if (closed.has(family))
      return fail(`ufw does not let port 80 in over IPv${family}`, { ...details, remedies: [openPort80] })
    return warn(
      `whether port 80 is open over IPv${family} cannot be seen from your machine, which has no IPv${family}`,
      {
        ...details,
        advice:
          'Run this once from a machine that has it, or trust the order to the CA’s staging, which costs nothing',
      },
    )
  }
  return pass('port 80 answers from outside, over every family that DNS names', details)
}

const short = (outcome: string): string => outcome.replaceAll('-', ' ')
