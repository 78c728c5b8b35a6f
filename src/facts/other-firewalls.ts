/** Firewalls other than ufw that run as a service. */

import { outputOf } from '../model/command.ts'
import { fact } from '../model/fact.ts'
import { sh } from '../model/script.ts'

/** Services that load rules of their own over ufw's. */
export const otherFirewalls = fact('other-firewalls', async (context): Promise<string[]> => {
  const result = await context.run(sh`
    for unit in firewalld.service netfilter-persistent.service shorewall.service; do
      [ "$(systemctl is-active "$unit" 2>/dev/null)" != active ] || echo "$unit"
    done
  `)
  return outputOf(result, 'which firewalls run')
    .split('\n')
    .filter(line => line !== '')
})
