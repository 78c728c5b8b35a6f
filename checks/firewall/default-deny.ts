import { z } from 'zod'
import { ufwSettings, ufwStatus } from '../../src/facts/ufw.ts'
import { check } from '../../src/model/check.ts'
import { fail, pass } from '../../src/model/verdict.ts'
import { raise } from './raise.ts'

export const defaultDeny = check({
  id: 'firewall/default-deny',
  title: 'What no rule lets in stays out, on IPv4 and IPv6',
  why: 'A firewall that lets in what nobody thought of protects nobody. And with IPV6=no every rule is for IPv4 alone, while the server is on both.',
  params: z.object({}),
  after: ['firewall/ufw-installed'],
  remedies: [raise],
  async probe({ read }) {
    const status = await read(ufwStatus)
    const settings = await read(ufwSettings)
    const incoming = status.incoming ?? settings.incoming
    const expected = 'deny, IPV6=yes'
    const measured = `${incoming}, IPV6=${settings.ipv6 ? 'yes' : 'no'}`
    if (incoming === 'allow') {
      return fail('by default everything is let in', {
        measured,
        expected,
        ...(status.active ? { telling: status.line } : {}),
        remedies: [raise],
      })
    }
    if (!settings.ipv6) {
      return fail('ufw leaves IPv6 alone (IPV6 in /etc/default/ufw)', {
        measured,
        expected,
        remedies: [raise],
      })
    }
    const when = status.active ? '' : ', once the firewall is on'
    return pass(`by default it says ${incoming}${when}`, {
      measured,
      expected,
      ...(status.active ? { telling: status.line } : {}),
    })
  },
})
