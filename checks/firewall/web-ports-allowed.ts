import { z } from 'zod'
import type { Family } from '../../src/facts/address.ts'
import { ufwRules, ufwSettings } from '../../src/facts/ufw.ts'
import { ruleFor } from '../../src/facts/ufw-rules.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { webPorts } from '../parameters.ts'
import { raise } from './raise.ts'

export const webPortsAllowed = check({
  id: 'firewall/web-ports-allowed',
  title: 'The firewall lets visitors in',
  why: 'Visitors come on 443, and so does the proof of ownership for certificates on 80. On IPv6 as well: whoever has it tries it first.',
  params: z.object({ webPorts }),
  after: ['firewall/ufw-installed'],
  remedies: [raise],
  async probe({ read, params }) {
    const rules = await read(ufwRules)
    const families: Family[] = (await read(ufwSettings)).ipv6 ? [4, 6] : [4]
    const some: number[] = []
    for (const port of params.webPorts) {
      for (const family of families) {
        const found = ruleFor(rules, { family, port, protocol: 'tcp' }, null)
        if (found.action === 'allow' || found.action === 'limit') continue
        if (found.elsewhere > 0) {
          some.push(port)
          continue
        }
        const denied = found.action === 'deny' || found.action === 'reject'
        return fail(
          `port ${port} on IPv${family}: ${denied ? `a rule says ${found.action}` : 'no rule lets it in'}`,
          {
            measured: denied ? found.action : 'no rule',
            expected: 'allow',
            ...(found.rule ? { telling: found.rule.line } : {}),
            ...(denied
              ? {
                  advice:
                    'Somebody wrote that rule on purpose: `sudo ufw status numbered` shows it, `sudo ufw delete NUMBER` takes it out.',
                }
              : { remedies: [raise] }),
          },
        )
      }
    }
    const limited = [...new Set(some)]
    const note = limited.length > 0 ? `, ${limited.join(' and ')} for some addresses only` : ''
    return pass(`let in: ${params.webPorts.join(', ')}${note}`, { measured: 'allow', expected: 'allow' })
  },
})
