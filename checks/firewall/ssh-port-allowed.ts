import { z } from 'zod'
import { sshPorts } from '../../src/facts/ssh-ports.ts'
import { sshSession } from '../../src/facts/ssh-session.ts'
import { ufwRules } from '../../src/facts/ufw.ts'
import { ruleFor } from '../../src/facts/ufw-rules.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { raise } from './raise.ts'

export const sshPortAllowed = check({
  id: 'firewall/ssh-port-allowed',
  title: 'The firewall lets SSH in, on the port that sshd really uses',
  why: 'Switching a firewall on with port 22 open while sshd listens on 2222 is the classic way to lose a server. What counts is where sshd listens now, on IPv4 and on IPv6.',
  params: z.object({}),
  after: ['firewall/ufw-installed'],
  remedies: [raise],
  async probe({ read }) {
    const rules = await read(ufwRules)
    const client = (await read(sshSession)).client?.address ?? null
    const good: string[] = []
    for (const { port, families } of await read(sshPorts)) {
      const found = families.map(family => ({
        door: `port ${port} on IPv${family}`,
        ...ruleFor(rules, { family, port, protocol: 'tcp' }, client),
      }))
      // Whoever wrote a rule for certain addresses meant it: the other family may stay shut.
      const narrowed = found.some(({ restricted }) => restricted)
      for (const { door, action, restricted, elsewhere, rule } of found) {
        if (action === 'none' && narrowed) continue
        if (action === 'none' || action === 'deny' || action === 'reject') {
          return fail(`sshd listens on ${door}, and ${rule ? `a rule says ${action}` : missing(elsewhere)}`, {
            measured: rule ? action : 'no rule for you',
            expected: 'allow',
            ...(rule ? { telling: rule.line } : {}),
            remedies: [raise],
          })
        }
        const slowly = action === 'limit' ? ', at most six connections in 30 s' : ''
        good.push(`${door}${restricted ? ' for your address' : ''}${slowly}`)
      }
    }
    return pass(`let in: ${good.join('; ')}`, { measured: 'allow', expected: 'allow' })
  },
})

const missing = (elsewhere: number): string =>
  elsewhere === 0 ? 'no rule lets it in' : `${elsewhere} rule(s) let other addresses in, but not yours`
